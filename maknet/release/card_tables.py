"""Tables of a model card as Markdown: network, data, training, metrics with intervals, labels.

Every number comes from a file of the run; an undefined one is a dash. B resamples, M measures.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

from numpy.typing import NDArray

from maknet.config.settings import leaves
from maknet.metrics.bootstrap import seed_interval
from maknet.metrics.coverage import levels
from maknet.metrics.multilabel import MEASURES, METRICS
from maknet.metrics.thresholds import NEVER
from maknet.provenance.records import Record
from maknet.reporting.tables.markdown import markdown_rows

TEST_SETS = {"test": "Text-mined test set", "hand": "Hand-labeled test set"}
_TITLES = {
    "auc": "AUC", "f1": "F1 score", "precision": "Precision", "recall": "Recall",
    "precision_standard": "Precision with 0 for labels never predicted",
    "average_precision": "Average precision",
}  # fmt: skip
_COUNTS = {
    "evaluable": "Labels with positives and negatives",
    "never_predicted": "Labels never predicted, of these",
    "frequent": "Frequent labels, of these",
}
_FREQUENT = "_frequent"
_NONE = "-"
_SECTIONS = ("training", "student", "pretraining", "lesanet")  # of a training's parameters


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; what would end a cell is escaped.

    Args:
        head: Titles of the columns.
        rows: Cells, as many in a row as there are columns.
    """
    return markdown_rows(_escaped(head), map(_escaped, rows))


def _escaped(cells: Sequence[object]) -> list[str]:
    return [" ".join(str(cell).split()).replace("|", "\\|") for cell in cells]


def bullets(sentences: Sequence[str]) -> str:
    """Return a list of sentences."""
    return "\n".join(f"* {sentence}" for sentence in sentences)


def network_table(network: Mapping[str, Any], image: Mapping[str, Any]) -> str:
    """Return what a network takes and gives.

    Args:
        network: `network.json`.
        image: Settings of the images that it was trained on; of the patches, for LesaNet.
    """
    width = f"width {network['width']:g}, the paper's is 1"
    takes = _patches(image) if network["name"] == "lesanet" else _slices(image)
    rows = [
        ("Network", f"{network['title']}; {width}"),
        ("Parameters", f"{network['parameters']:,}"),
        ("Parameters at the paper's width, for its body parts",
         f"{network['paper_size_parameters']:,}"),
        ("Input", takes),
        ("Output", f"logits of {network['num_labels']} labels before and after score propagation, "
                   "which are the same without a layer for it. The sigmoid of the second is the "
                   "score"),
    ]  # fmt: skip
    return markdown_table(("", ""), rows)


def _slices(image: Mapping[str, Any]) -> str:
    low, high = image["window_hu"]
    size = image["size"]
    return (
        "three consecutive axial slices, cranial first, the patient in the standard view: "
        f"(B, 3, {size}, {size}), {low} to {high} HU as 0 to 1, the background clipped by the rule "
        f"`{image['crop']}`"
    )


def _patches(patch: Mapping[str, Any]) -> str:
    low, high = patch["window_hu"]
    size, offset = patch["size"], patch["offset_mm"]
    return (
        "not a slice but a patch around a lesion, and the lesion's box. Patch: HU at "
        f"{patch['pixel_mm']:g} mm a pixel, {offset:g} mm above the lesion's slice, in it, and "
        f"{offset:g} mm below: (B, 3, {size}, {size}), clipped to {low} to {high} HU. Box: x1, y1, "
        "x2, y2 in pixels of the patch, (B, 4)"
    )


def training_table(
    record: Record, network: Mapping[str, Any], history: Sequence[Mapping[str, str]]
) -> str:
    """Return how, from what and with which code a network was trained.

    Args:
        record: Record of the training.
        network: `network.json`.
        history: Rows of `history.csv`.
    """
    params = record.params
    section: Mapping[str, Any] = next((params[name] for name in _SECTIONS if name in params), {})
    pseudo = [path for path in record.inputs if "/pseudo/" in path]
    starts = [p for p in record.inputs if p.endswith("/model.safetensors") or "/imagenet/" in p]
    rows = [
        ("Optimizer", "SGD" if record.rule == "train_lesanet" else "Ranger"),
        (
            "Learning rate at the start",
            params.get("learning_rate", section.get("learning_rate", _NONE)),
        ),
        ("Images a step", _batch(section, pseudo)),
        ("Epochs", len(history)),
        ("Epoch that is kept", _kept(section.get("monitor", "last"), history)),
        ("Noise", _noise(params, network)),
        ("Started from", _paths(starts) or "random weights"),
        ("Pseudo-labels", _paths(pseudo) or _NONE),
        ("Seed", params["seed"]),
        ("Device", _device(record.device)),
        ("Numerics on a CPU", params.get("numerics", _NONE)),
        ("Precision of training", params.get("precision", _NONE)),
        ("Compiled", params.get("compile", _NONE)),
        *_software(record),
        ("Trained", f"{record.started} to {record.ended}, by the rule `{record.rule}`"),
    ]
    return markdown_table(("", ""), rows)


def _batch(section: Mapping[str, Any], pseudo: Sequence[str]) -> str:
    if "labeled_batch" not in section:
        return str(section.get("batch_size", _NONE))
    labeled = f"{section['labeled_batch']} labeled"
    return f"{labeled} and {section['unlabeled_batch']} pseudo-labeled" if pseudo else labeled


def _kept(monitor: str, history: Sequence[Mapping[str, str]]) -> str:
    values = [float(row[monitor]) for row in history if row.get(monitor)]
    if not values:
        return "the last"
    return f"the one with the best validation {_TITLES[monitor]}, {max(values):.4f}"


def _noise(params: Mapping[str, Any], network: Mapping[str, Any]) -> str:
    noise = ["augmentation (see the settings)"] if params.get("augmentation") else []
    if "dropout" in network["settings"]:
        noise.append(f"dropout {network['settings']['dropout']:g}")
    return ", ".join(noise) or _NONE


def _paths(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _device(device: Mapping[str, Any]) -> str:
    cuda = f", CUDA {device['cuda']}" if device.get("cuda") else ""
    exact = ", deterministic operations" if device.get("deterministic") else ""
    return f"{device['name']}{cuda}{exact}"


def _software(record: Record) -> list[tuple[str, str]]:
    environment = record.environment
    commit, clean = environment["commit"], environment.get("clean")
    state = f"`{commit}`" + ("" if clean else ", with changes that were not committed")
    versions = {"python": environment["python"], **environment["packages"]}
    return [
        ("Commit", state if commit else "not known: the code was no checkout"),
        ("Digest of the code", f"`{record.code}`"),
        ("Digest of the configuration", f"`{record.config}`"),
        ("Packages", ", ".join(f"{name} {number}" for name, number in versions.items() if number)),
    ]


def data_table(licenses: Sequence[Mapping[str, str]]) -> str:
    """Return the data sets with license and DOI.

    Args:
        licenses: Rows of `data_and_licenses.csv`.
    """
    head = ("Data", "Used as", "Series", "License", "DOI")
    rows = [
        (row["name"], row["used_as"], row["series"] or _NONE,
         _link(row["license"], row["license_url"]),
         _link(row["doi"], f"https://doi.org/{row['doi']}"))
        for row in licenses
    ]  # fmt: skip
    return markdown_table(head, rows)


def _link(text: str, address: str) -> str:
    return f"[{text}]({address})" if text and address else text or _NONE


def settings_table(params: Mapping[str, Any]) -> str:
    """Return the parameters of a job, one row for each value; code digests are left out."""
    rows = [(f"`{key}`", f"`{_told(value)}`") for key, value in leaves(params) if key != "code"]
    return markdown_table(("Setting", "Value"), rows)


def _told(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = value if isinstance(value, str) else json.dumps(value)
    return _NONE if value in (None, "") else text


def metrics_table(
    metrics: Mapping[str, Any], bootstrap: Mapping[str, NDArray[Any]], confidence: float
) -> str:
    """Return means over labels on both test sets, each with its interval where one holds.

    Args:
        metrics: `metrics/<run>.json`.
        bootstrap: `MEASURES` under each resample by test set, (B, M); a set without is left without
            intervals.
        confidence: Confidence of the intervals.
    """
    splits = [split for split in TEST_SETS if split in metrics]
    rows: list[list[str]] = [
        [title, *(f"{metrics[split][key]:,}" for split in splits)]
        for key, title in (("lesions", "Images, one for each lesion"), ("patients", "Patients"))
    ]
    summaries = {split: metrics[split]["summary"] for split in splits}
    rows += [
        [title, *(f"{summaries[split][key]:g}" for split in splits)]
        for key, title in _COUNTS.items()
    ]
    for measure in MEASURES:
        labels = "frequent" if measure.endswith(_FREQUENT) else "all"
        cells = [
            _measure(summaries[split][measure], measure, bootstrap.get(split), confidence)
            for split in splits
        ]
        rows.append([f"{_TITLES[measure.removesuffix(_FREQUENT)]}, {labels} labels", *cells])
    return markdown_table(("", *(TEST_SETS[split] for split in splits)), rows)


def _measure(
    value: float | None, measure: str, resampled: NDArray[Any] | None, confidence: float
) -> str:
    """Return a mean with its interval, which stands only where simulated ones hold."""
    if value is None:
        return _NONE
    if measure not in levels(1) or resampled is None:
        return f"{value:.4f}"
    found = seed_interval([value], resampled[:, MEASURES.index(measure)], confidence)
    if isnan(found.low) or isnan(found.high):
        return f"{value:.4f}"
    return f"{value:.4f} ({found.low:.3f} to {found.high:.3f})"


def label_tables(
    per_label: Sequence[Mapping[str, str]], thresholds: Mapping[str, float]
) -> dict[str, str]:
    """Return one table for each test set by its title: a row for every label.

    Args:
        per_label: Rows of `metrics/<run>.per_label.csv`.
        thresholds: `thresholds/<run>.json`.
    """
    titles = (_TITLES[name] for name in METRICS)
    head = ("Label", "Images", "Positive", "Predicted", *titles, "Threshold")
    tables = {}
    for split, title in TEST_SETS.items():
        rows = [
            (row["label"], int(row["positives"]) + int(row["negatives"]), int(row["positives"]),
             row["predicted"], *(_number(row[name]) for name in METRICS),
             _threshold(thresholds[row["label"]]))
            for row in per_label if row["set"] == split
        ]  # fmt: skip
        if rows:
            tables[title] = markdown_table(head, rows)
    return tables


def _number(text: str) -> str:
    return f"{float(text):.4f}" if text else _NONE


def _threshold(value: float) -> str:
    return "never" if value >= NEVER else f"{value:g}"
