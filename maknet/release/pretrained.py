"""A released network as a module of torch, loaded in the way of the Hugging Face hub.

`ReleasedNetwork.from_pretrained(FOLDER)` loads a folder that rule `release_network` made, or the
name of a repository on the hub that holds one. B images, S the image side, L labels.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin, snapshot_download
from torch import Tensor, nn

from maknet.data.ct.geometry import GeometryRules
from maknet.data.ct.preprocess import ImageSettings
from maknet.data.ct.quality import ScreeningRules
from maknet.data.labels.ontology import exclusive_matrix
from maknet.errors import InputError
from maknet.files import parsing, read_json
from maknet.models.build import build_network, load_weights
from maknet.release.sums import require_intact

FORMAT = "maknet-release-1"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
LABELS, PREPROCESSING = "labels.json", "preprocessing.json"


class ReleasedNetwork(nn.Module, PyTorchModelHubMixin, library_name="maknet"):
    """A trained network with all that is needed to use it.

    Args:
        config: What `config.json` holds: `arch`, `num_labels`, `settings`, and what it was trained
            on.
        labels: What `labels.json` holds.
        preprocessing: What `preprocessing.json` holds.

    Attributes:
        names: Names of the labels, (L,).
        parents: Numbers of the listed parents of each label.
        exclusive: Whether two labels exclude each other, (L, L) bool.
        thresholds: Least probability at which a label holds, (L,); 1 where it never does.
        trained_on: A sentence that every output must carry.
        root: Root of the lineage of the weights.

    Shape:
        Images (B, 3, S, S) in [0, 1] to probabilities (B, L); a LesaNet takes patches and boxes.
    """

    def __init__(
        self, config: dict[str, Any], labels: Mapping[str, Any], preprocessing: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.network = build_network(config["arch"], config["num_labels"], **config["settings"])
        self.config, self.preprocessing = config, preprocessing
        self.names = tuple(map(str, labels["names"]))
        self.parents = [list(map(int, above)) for above in labels["parents"]]
        self.exclusive = exclusive_matrix(labels["exclusive_pairs"], len(self.names))
        self.thresholds = [float(labels["thresholds"][name]) for name in self.names]
        self.trained_on = str(config["trained_on"])
        self.root = str(config["root"])

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the probability of every label, (B, L)."""
        return torch.sigmoid(self.network(*inputs)[1])

    @property
    def image(self) -> ImageSettings:
        """How HU become an image."""
        known = dict(self.preprocessing["image"])
        return ImageSettings(**{**known, "window_hu": tuple(known["window_hu"])})

    @property
    def geometry(self) -> GeometryRules:
        """Which stacks of slices are read."""
        return GeometryRules(**self.preprocessing["geometry"])

    @property
    def screening(self) -> ScreeningRules:
        """Which volumes the network was trained on."""
        known = dict(self.preprocessing["screening"])
        ranges = {k: tuple(v) for k, v in known.items() if isinstance(v, list)}
        return ScreeningRules(**{**known, **ranges})

    @classmethod
    def from_pretrained(  # type: ignore[override] # of the mixin, for any path-like name
        cls,
        name: str | Path,
        **options: Any,  # noqa: ANN401 - the hub's
    ) -> "ReleasedNetwork":
        """Return the network of a folder, or of a repository of the Hugging Face hub.

        Args:
            name: The folder, or the repository's name.
            options: Of the hub, such as `revision`; a folder needs none.

        Raises:
            InputError: It is no release, or a byte of it was changed.
        """
        if Path(name).is_dir():  # the hub's own way would parse it before it is checked
            return load_release(Path(name)).to(options.get("map_location", "cpu"))
        with parsing(name, "a released network on the hub", "name a folder, or look at the hub"):
            found: ReleasedNetwork = super().from_pretrained(str(name), **options)
        return found

    def save_pretrained(self, *_: object, **__: object) -> None:
        """Refuse: a release is more than its weights, and only the workflow makes it.

        Raises:
            InputError: Always.
        """
        raise InputError("A release is made by `snakemake results/release`; copy its folder.")

    @classmethod
    def _from_pretrained(
        cls, *, model_id: str, revision: str | None = None, cache_dir: str | Path | None = None,
        force_download: bool = False, local_files_only: bool = False,
        token: str | bool | None = None, map_location: str = "cpu", **_: object,
    ) -> "ReleasedNetwork":  # fmt: skip
        folder = Path(snapshot_download(
            model_id, revision=revision, cache_dir=cache_dir, token=token,
            force_download=force_download, local_files_only=local_files_only,
        ))  # fmt: skip
        return load_release(folder).to(map_location)


def load_release(folder: Path) -> ReleasedNetwork:
    """Return the network of a released folder in evaluation mode.

    Raises:
        InputError: The folder is no release of a network, or a byte of it was changed.
    """
    if not (folder / CONFIG).is_file():
        raise InputError(
            f"{folder} is not a released network ({CONFIG} is missing); name a folder that "
            "`snakemake results/release` made, such as results/release/student5."
        )
    require_intact(folder)
    config, labels = read_json(folder / CONFIG), read_json(folder / LABELS)
    if config.get("format") != FORMAT:
        raise InputError(
            f"{folder} has the format {config.get('format')}, not {FORMAT}; use the version of "
            "maknet that made it, or make it anew."
        )
    with parsing(folder, "a released network", "make it anew"):
        released = ReleasedNetwork(config, labels, read_json(folder / PREPROCESSING))
    load_weights(folder / WEIGHTS, released.network)
    return released.eval()
