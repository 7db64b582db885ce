import hashlib
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest
import torch

from maknet.errors import InputError
from maknet.models import imagenet

CONTENT = b"weights"
FILE = f"vgg16_bn-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A torch cache of our own, and weights whose hash is known."""
    known = {"vgg16": SimpleNamespace(url=f"https://example.org/{FILE}")}
    monkeypatch.setattr(imagenet, "IMAGENET_WEIGHTS", known)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


def test_what_torch_has_is_copied_and_checked(cache: Path, tmp_path: Path) -> None:
    (cache / FILE).write_bytes(CONTENT)
    imagenet.fetch_imagenet("vgg16", tmp_path / "out")
    assert (tmp_path / "out" / "checkpoints" / FILE).read_bytes() == CONTENT


def test_another_content_is_refused(cache: Path, tmp_path: Path) -> None:
    (cache / FILE).write_bytes(b"half")
    with pytest.raises(InputError, match="does not start with"):
        imagenet.fetch_imagenet("vgg16", tmp_path / "out")
    assert not (tmp_path / "out" / "checkpoints" / FILE).exists()


def test_without_network_it_says_which_file_to_put_where(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "download_url_to_file", unreachable)
    with pytest.raises(InputError) as caught:
        imagenet.fetch_imagenet("vgg16", tmp_path / "out")
    assert f"download https://example.org/{FILE}" in str(caught.value)
    assert f"put the file at {cache / FILE}" in str(caught.value)
