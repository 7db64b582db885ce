"""A state that is not exactly what was saved is refused in one sentence."""

import io
import os
import random
from pathlib import Path
from typing import Any

import pytest
import torch

from maknet.errors import InputError
from maknet.training import checkpoint as checkpoint_module
from maknet.training.checkpoint import Checkpoint

IDENTITY = {"settings": "aa", "inputs": "bb", "code": "cc"}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "s.pt", IDENTITY, 1)


def realistic() -> dict[str, Any]:
    """A state of the kind of `fit`: tensors, numbers, texts and generators, nested."""
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4))
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.zeros(1, 1, 8, 8)).sum().backward()
    optimizer.step()
    return {
        "network": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3,
        "best": None, "generator": torch.get_rng_state(), "names": ["a", "b"],
    }  # fmt: skip


def container(content: object) -> bytes:
    """What a checkpoint writes, with any content and a right digest."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return checkpoint_module._head(buffer.getvalue()) + buffer.getvalue()


def test_an_undamaged_state_is_read(checkpoint: Checkpoint) -> None:
    assert checkpoint.load() is None
    saved = realistic()
    checkpoint.save(saved)
    found = checkpoint.load()
    assert found is not None
    assert found.keys() == saved.keys()
    assert torch.equal(found["generator"], saved["generator"])
    assert all(torch.equal(found["network"][n], saved["network"][n]) for n in saved["network"])


def test_every_flipped_bit_and_every_cut_is_refused(checkpoint: Checkpoint) -> None:
    """Without the digest, 194 of 200 flips loaded as other weights."""
    checkpoint.save(realistic())
    whole = checkpoint.path.read_bytes()
    draw = random.Random(0)
    bits = [*range(0, 24, 5), *draw.sample(range(24, 8 * len(whole)), 195)]
    flipped = [bytearray(whole) for _ in bits]
    for content, bit in zip(flipped, bits, strict=True):
        content[bit // 8] ^= 1 << bit % 8
    cuts = [whole[: len(whole) * part // 60] for part in range(60)]
    longer = [whole + b"x", whole + whole]
    for content in [*map(bytes, flipped), *cuts, *longer]:
        checkpoint.path.write_bytes(content)
        with pytest.raises(InputError, match="is not the state of a training") as caught:
            checkpoint.load()
        assert "\n" not in str(caught.value)
    checkpoint.path.write_bytes(whole)
    assert checkpoint.load() is not None


def test_the_sentence_holds_the_command_that_deletes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = Path("results of mine/state/maknet.pt")
    state.parent.mkdir(parents=True)
    state.write_bytes(b"half")
    with pytest.raises(InputError) as caught:
        Checkpoint(state, IDENTITY, 1).load()
    assert os.system(str(caught.value).split("`")[1]) == 0  # noqa: S605
    assert not state.exists()


@pytest.mark.parametrize(
    "content",
    [{"identity": list(IDENTITY), "state": {}}, {"identity": 3, "state": {}}, {"state": {}},
     {"identity": IDENTITY, "state": [1]}, {"identity": IDENTITY}, [1, 2], torch.zeros(3), None],
)  # fmt: skip
def test_content_of_another_layout_is_refused(checkpoint: Checkpoint, content: object) -> None:
    checkpoint.path.write_bytes(container(content))
    with pytest.raises(InputError, match="is not the state of a training"):
        checkpoint.load()


def test_a_folder_in_its_place_is_named(checkpoint: Checkpoint) -> None:
    checkpoint.path.mkdir()
    with pytest.raises(InputError, match=r"s\.pt cannot be read \(Is a directory\)"):
        checkpoint.load()


class Trap:
    """Would write a file if it were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, ("touch ran",))


def test_a_pickle_is_never_run(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkpoint.path.parent)
    checkpoint.path.write_bytes(container({"identity": IDENTITY, "state": Trap()}))
    with pytest.raises(InputError, match="is not the state of a training"):
        checkpoint.load()
    assert not Path("ran").exists()


@pytest.mark.parametrize("name", list(IDENTITY))
def test_a_state_of_another_training_is_refused_with_both_digests(
    tmp_path: Path, name: str
) -> None:
    Checkpoint(tmp_path / "s.pt", IDENTITY, 1).save({"epoch": 0})
    other = Checkpoint(tmp_path / "s.pt", {**IDENTITY, name: "zz"}, 1)
    words = rf"s\.pt is the state of a training with other {name} \(digest {IDENTITY[name]}, now zz"
    with pytest.raises(InputError, match=words):
        other.load()
    assert (tmp_path / "s.pt").exists()
