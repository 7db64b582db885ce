"""A trained network as a folder that others' tools load: weights, code, ONNX, labels, a check."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from maknet.data.ct.preprocess import ImageSettings
from maknet.data.ct.series_batch import SeriesRules
from maknet.files import atomic_path, write_json, write_text
from maknet.models.build import load_network, read_description
from maknet.release.onnx_file import export_onnx
from maknet.release.pretrained import CONFIG, FORMAT, LABELS, PREPROCESSING, WEIGHTS
from maknet.release.reference import reference_hu, reference_images, reference_patches
from maknet.release.standalone import standalone_source
from maknet.release.sums import write_sums


@dataclass(frozen=True)
class Trained:
    """A trained network and what must be known of it.

    Attributes:
        run: Name of the run, with its seed where it is not the first.
        dataset: Where the labels came from: `phantom` or `deeplesion`.
        weights: The weights file.
        network: Its `network.json`.
        root: Root of the lineage of the weights.
        unlabeled: Where unlabeled CT came from: `phantom`, `tcia` or `folder`.
    """

    run: str
    dataset: str
    weights: Path
    network: Path
    root: str
    unlabeled: str

    @property
    def trained_on(self) -> str:
        """A sentence that every output of the network carries."""
        return trained_on(self.dataset, self.run, self.unlabeled)


def trained_on(dataset: str, run: str, unlabeled: str) -> str:
    """Return what a run was trained on, in words that every output of its network carries.

    Args:
        dataset: Where the labels came from: `phantom`, `sample` or `deeplesion`.
        run: Name of the run.
        unlabeled: Where unlabeled CT came from: `phantom`, `tcia` or `folder`.
    """
    if dataset == "phantom":
        return "trained on synthetic CT (a phantom): for trying the software, meaningless for CT"
    if dataset != "deeplesion":
        return "trained on a small set of its user's own: for trying the software"
    whose = "of public archives" if unlabeled == "tcia" else "of its user's own"
    more = f" and unlabeled CT {whose}" if run.startswith(("student", "lesanet_tcia")) else ""
    return f"trained on DeepLesion (one hospital){more}: for research, not for diagnosis"


@dataclass(frozen=True)
class InputSettings:
    """How HU become the network's input.

    Attributes:
        image: Config section `image`.
        series: Config section `series`.
        lesanet: Config section `lesanet.input` with the key `window_hu`.
    """

    image: Mapping[str, Any]
    series: Mapping[str, Any]
    lesanet: Mapping[str, Any]

    def as_data(self, arch: str) -> dict[str, Any]:
        """Return what `preprocessing.json` says."""
        if arch == "lesanet":
            return {
                "input": "patches around a lesion, and its box", "slices": 3,
                "order": "cranial slice first", **self.lesanet,
                "scale": "(HU - window_hu[0]) * 255 / (window_hu[1] - window_hu[0]), "
                         "minus 50, divided by 255",
                "boxes": "x1, y1, x2, y2 in pixels of the patch",
            }  # fmt: skip
        image = ImageSettings(**self.image)
        rules = SeriesRules.from_config(self.series, image)
        return {
            "input": "three neighboring slices of an axial CT series", "slices": 3,
            "order": "cranial slice first; seen from the feet, anterior up",
            "scale": "window_hu[0] is 0 and window_hu[1] is 1; rounded to 1/255",
            "resize": "bilinear with antialiasing; the aspect is not kept",
            "image": asdict(image),
            "geometry": asdict(rules.geometry),
            "screening": asdict(rules.screening),
        }  # fmt: skip


def write_network(
    folder: Path,
    trained: Trained,
    inputs: InputSettings,
    relations: Mapping[str, Any],
    thresholds: Mapping[str, float],
) -> None:
    """Write all of a release but its card and its sums.

    Args:
        folder: Folder to make.
        trained: The network.
        inputs: How HU become its input.
        relations: Names, parents and exclusive pairs of the labels.
        thresholds: Threshold of each label, chosen on validation.
    """
    description = read_description(trained.network)
    arch = description["name"]
    network = load_network(trained.weights, description).eval()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(trained.weights, folder / WEIGHTS)
    said = {"trained_on": trained.trained_on, "dataset": trained.dataset, "root": trained.root}
    write_json(folder / CONFIG, {
        "format": FORMAT, "library": "maknet", "run": trained.run, **said, "arch": arch,
        "num_labels": description["num_labels"], "settings": description["settings"],
    })  # fmt: skip
    write_json(folder / LABELS, {
        "names": relations["names"], "parents": relations["parents"],
        "exclusive_pairs": relations["exclusive_pairs"], "thresholds": dict(thresholds),
        "threshold_rule": "a label holds from its threshold on; 1 means never; chosen for the best "
                          "F1 on validation images",
    })  # fmt: skip
    write_json(folder / PREPROCESSING, inputs.as_data(arch))
    write_text(folder / "modeling.py", standalone_source(arch))
    reference = reference_inputs(arch, inputs)
    export_onnx(network, reference, folder / "model.onnx", {"run": trained.run, **said})
    _write_reference(folder / "reference.safetensors", network, reference, said)


def finish(folder: Path, card: str, license_file: Path) -> None:
    """Write a release's card and license, and the sums of all its files."""
    write_text(folder / "README.md", card)
    shutil.copyfile(license_file, folder / "LICENSE")
    write_sums(folder)


def reference_inputs(arch: str, inputs: InputSettings) -> dict[str, Tensor]:
    """Return the reference input of a network, by name."""
    if arch == "lesanet":
        window: Sequence[float] = inputs.lesanet["window_hu"]
        patches, boxes = reference_patches(inputs.lesanet["size"], (window[0], window[1]))
        return {"patches": patches, "boxes": boxes}
    return {"images": reference_images(ImageSettings(**inputs.image))}


def _write_reference(
    path: Path, network: nn.Module, inputs: Mapping[str, Tensor], said: Mapping[str, str]
) -> None:
    from safetensors.torch import save

    with torch.inference_mode():
        probabilities = torch.sigmoid(network(*inputs.values())[1])
    tensors = {**inputs, "probabilities": probabilities, "hu": torch.from_numpy(reference_hu())}
    with atomic_path(path) as temporary:
        # In one entry: safetensors writes several in any order.
        temporary.write_bytes(save(tensors, {"about": json.dumps(dict(said), sort_keys=True)}))
