"""LesaNet's pooling in the operations of other formats, against torchvision's."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from maknet.models.lesanet import _pool_by_masks, _pool_regions


@given(st.integers(0, 2**31), st.sampled_from([1.0, 0.5, 0.25, 0.125, 0.0625]), st.integers(4, 40))
def test_masks_pool_as_torchvision(seed: int, scale: float, rows: int) -> None:
    """Boxes that reach over the edge, are turned around or lie between pixels included."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(3, 2, rows, rows + 3, generator=generator)
    corners = (torch.rand(3, 2, generator=generator) * 1.4 - 0.4) * rows / scale
    sides = torch.rand(3, 2, generator=generator) * rows / scale - 2
    regions = torch.cat([corners, corners + sides], 1)
    if seed % 3 == 0:
        regions = regions.round() + 0.5 * (seed % 2)
    assert torch.equal(
        _pool_regions(features, regions, scale), _pool_by_masks(features, regions, scale)
    )
