"""What a GPU does in its own way: LesaNet's regions, and copies while other buffers fill."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from maknet.data.shards import prefetch as buffers
from maknet.data.shards.prefetch import prefetch, split_batches
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.models.lesanet import _pool_regions

pytestmark = pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS")  # of torch, harmless
BATCH, BATCHES = 8, 24


def regions(count: int, side: float) -> Tensor:
    """Return boxes of all sizes, a point and one over the edge among them."""
    corner, size = torch.rand(count, 2) * side * 0.7, torch.rand(count, 2) * side * 0.6
    boxes = torch.cat([corner, corner + size], 1)
    boxes[0, 2:] = boxes[0, :2]
    boxes[1, 2:] = side * 1.2
    return boxes


def pooled(features: Tensor, boxes: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return regions and the gradient of their weighted sum, on the CPU."""
    features = features.detach().requires_grad_()
    out = _pool_regions(features, boxes, 0.5)
    (out * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert features.grad is not None
    return out.detach().cpu(), features.grad.cpu()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_regions_are_the_cpus_and_repeat_themselves(
    device: torch.device, kind: torch.dtype
) -> None:
    """Bins of a small box share pixels, whose gradients are sums: in the same order each time."""
    cpu = torch.rand(32, 16, 40, 40).to(kind), regions(32, 80.0), torch.randn(32, 16, 5, 5)
    here = [tensor.to(device) for tensor in cpu]
    with torch.autocast(device.type, torch.bfloat16, enabled=kind == torch.bfloat16):
        expected = pooled(*cpu)
        first, second = pooled(*here), pooled(*here)
    assert torch.equal(first[0], expected[0])
    torch.testing.assert_close(first[1], expected[1])
    for again, once in zip(second, first, strict=True):
        assert torch.equal(again, once)


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[ShardReader]:
    """Images whose pixels are the image's number."""
    numbers = np.arange(BATCH * BATCHES, dtype=np.int16)
    write_shard(tmp_path / "s.npy", np.tile(numbers[:, None, None, None], (1, 3, 64, 64)))
    with ShardReader(tmp_path / "s.npy") as reader:
        yield reader


def busy(device: torch.device) -> None:
    """Keep the GPU busy, so that what is queued behind comes late: a tenth of a second or so."""
    if device.type == "cuda":
        torch.cuda._sleep(100_000_000)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_buffer_is_not_filled_before_it_is_copied(
    shard: ShardReader, device: torch.device, threads: int
) -> None:
    order = np.random.default_rng(1).permutation(len(shard))
    batches = prefetch(split_batches(shard, order, BATCH), BATCH, device, threads)
    kept = []
    busy(device)
    for images in batches:
        assert images.device.type == device.type
        kept.append(images if device.type == "cuda" else images.clone())
        busy(device)
    found = torch.cat(kept).cpu()
    assert torch.equal(found[:, 0, 0, 0], torch.from_numpy(order).short())
    assert (found == found[:, :1, :1, :1]).all()


def test_buffers_are_pinned_where_a_gpu_copies_from_them(device: torch.device) -> None:
    buffer = buffers.Buffer((BATCH, 3, 64, 64), np.dtype("int16"), device)
    assert buffer.images.is_pinned() == (device.type == "cuda")


def test_a_copy_does_not_wait_for_the_gpu(shard: ShardReader, gpu: torch.device) -> None:
    """From memory that is not pinned it would, and reading ahead would gain nothing."""
    batches = prefetch(split_batches(shard, np.arange(len(shard)), BATCH), BATCH, gpu)
    next(batches)
    torch.cuda.synchronize()
    busy(gpu)
    behind = torch.cuda.Event()  # type: ignore[no-untyped-call]
    behind.record()
    next(batches)
    assert not behind.query()  # the batch was handed over while the GPU was still busy
    batches.close()  # type: ignore[attr-defined] # a generator
    torch.cuda.synchronize()
