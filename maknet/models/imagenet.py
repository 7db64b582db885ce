"""ImageNet weights through torchvision's own records, fetched once and checked by their hash."""

import shutil
from pathlib import Path
from urllib.error import URLError

import torch

from maknet.errors import InputError
from maknet.files import full_disk, sha256, writing
from maknet.models.baselines import IMAGENET_WEIGHTS


def fetch_imagenet(name: str, folder: Path) -> None:
    """Fetch the weights of `vgg16` or `resnet18` into `folder`, or copy them from torch's cache.

    Raises:
        InputError: The download failed, or the hash is not the one that torchvision published.
        OSError: The disk is full.
    """
    url = IMAGENET_WEIGHTS[name].url
    file = Path(url).name
    target = folder / "checkpoints" / file
    target.parent.mkdir(parents=True, exist_ok=True)
    cached = Path(torch.hub.get_dir()) / "checkpoints" / file
    try:
        with writing(target):
            if cached.is_file():
                shutil.copyfile(cached, target)
            else:
                torch.hub.download_url_to_file(url, str(target), progress=False)
    except (URLError, OSError) as error:
        if (full := full_disk(error)) is not None:
            raise full from None
        raise InputError(
            f"The ImageNet weights of {name} could not be fetched ({error}); download {url} "
            f"elsewhere and put the file at {cached}."
        ) from error
    prefix = target.stem.rsplit("-", 1)[1]  # torch names a file by the start of its SHA-256
    found = sha256(target)
    if not found.startswith(prefix):
        target.unlink()
        raise InputError(
            f"The ImageNet weights of {name} have the SHA-256 {found[:16]}, which does not start "
            f"with {prefix}; remove {cached} if it is there, and fetch {url} again."
        )
