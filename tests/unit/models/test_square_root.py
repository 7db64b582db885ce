"""Square roots are IEEE 754's, whatever the CPU's libraries make of them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from maknet.models.square_root import use_exact_square_root

use_exact_square_root()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_root_is_the_exact_one(dtype: type) -> None:
    values = np.abs(np.random.default_rng(0).standard_normal(100_000)).astype(dtype)
    tensor = torch.from_numpy(values)
    expected = np.sqrt(values)
    np.testing.assert_array_equal(torch.sqrt(tensor).numpy(), expected)
    np.testing.assert_array_equal(tensor.sqrt().numpy(), expected)
    np.testing.assert_array_equal(tensor[::3].sqrt().numpy(), expected[::3])
    np.testing.assert_array_equal(torch._foreach_sqrt([tensor])[0].numpy(), expected)
    into = torch.sqrt(tensor, out=torch.empty_like(tensor))
    np.testing.assert_array_equal(into.numpy(), expected)
    np.testing.assert_array_equal(tensor.clone().sqrt_().numpy(), expected)


@given(
    arrays(np.float32, array_shapes(min_dims=0, min_side=0), elements=st.floats(0, 1e6, width=32))
)
def test_any_shape_keeps_its_shape(values: np.ndarray) -> None:
    root = torch.from_numpy(values.copy()).sqrt()
    assert root.shape == values.shape
    np.testing.assert_array_equal(root.numpy(), np.sqrt(values))


def test_what_is_no_float32_behaves_as_before() -> None:
    assert torch.tensor(4).sqrt().dtype == torch.float32
    assert torch.tensor([2.0], dtype=torch.bfloat16).sqrt().dtype == torch.bfloat16
    assert torch.tensor([-1.0]).sqrt().isnan().all()
    channels_last = torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)
    assert channels_last.sqrt().stride() == channels_last.stride()


def test_other_types_and_outputs_are_torchs() -> None:
    negative = torch.tensor([-1 + 0j, 3 + 4j]).sqrt()
    assert torch.allclose(negative, torch.tensor([1j, 2 + 1j]), atol=1e-6)
    small = torch.tensor([1e-60], dtype=torch.float64)
    assert torch.sqrt(small, out=torch.empty(5, 5)).item() == pytest.approx(1e-30)
    with pytest.raises(RuntimeError):
        torch.tensor([4, 9]).sqrt_()
    with pytest.raises(RuntimeError):
        torch.sqrt(torch.rand(2), out=torch.empty(2, dtype=torch.int64))
    part = torch.full((4, 4), 16.0)
    part[1:, ::2].sqrt_()
    assert part.sum() == 16 * 16 - 6 * 12


def test_gradients_pass_through() -> None:
    values = torch.tensor([4.0, 9.0], requires_grad=True)
    values.sqrt().sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == pytest.approx([1 / 4, 1 / 6])
