"""The model card of a trained network: what it is, how it was trained, what it scores, its limits.

A card is Markdown with the front matter of Hugging Face's hub. Every number in it is read from the
files of a finished run. B resamples, M measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from numpy.typing import NDArray

from maknet.data.arrays import load_arrays
from maknet.errors import InputError
from maknet.files import read_json, read_rows
from maknet.metrics.coverage import REASON
from maknet.metrics.multilabel import MIN_POSITIVES
from maknet.metrics.thresholds import NEVER
from maknet.provenance.lineage import recorded_name, result_roots
from maknet.provenance.records import Record, read_records
from maknet.provenance.ro_crate import lineage_records
from maknet.release.card_tables import (
    bullets,
    data_table,
    label_tables,
    metrics_table,
    network_table,
    settings_table,
    training_table,
)

_IMAGES = {"prepare_lesions": "image", "prepare_patches": "patch"}  # rules, and their settings
# Which rules of a lineage tell that a network learned from a data set, by the start of its use.
_LEARNED_FROM = {
    "unlabeled": {"prepare_series"},
    "archive": {"prepare_series"},
    "index": {"prepare_series"},
    "weights": {"draw_textures", "fetch_imagenet"},
}  # what is used otherwise, all networks learned from
_PAPER = (
    "A network of *Domain Specific, Semi-Supervised Transfer Learning for Medical Imaging* "
    "(J. S. Virk and D. R. Bathula, 2020, [arXiv 2005.11746](https://arxiv.org/abs/2005.11746)), "
    "trained anew by a workflow that reproduces the paper; these are not its authors' weights."
)
_LAYOUTS = {
    "maknet": " The paper names neither widths nor depths: this layout is a reconstruction.",
    "lesanet": " LesaNet is that of [arXiv 1904.04661](https://arxiv.org/abs/1904.04661).",
}
_WARNINGS = {
    "phantom": (
        "> **Warning: trained on synthetic CT.** No patient was in the training or in the test "
        "sets. These weights are for trying the software only; their scores, and all numbers "
        "below, mean nothing for CT of patients."
    ),
    "sample": "> **Note: a small sample.** Its scores do not reproduce the paper's.",
}
_USES = {
    "phantom": ["Trying the software, from loading weights to verifying them. Nothing else."],
    "slices": [
        "Research: to reproduce the paper, to compare networks, to start other trainings from.",
        "Sorting CT series by the body parts in their slices, where a person looks at the result.",
    ],
    "patches": [
        "Research: to reproduce the paper, to compare what a transfer starts from.",
        "Proposing labels for a lesion whose box is known, where a person looks at the result.",
    ],
}
_NO_USE = (
    "**Not for diagnosis**, nor for any other decision about a patient. This is not a medical "
    "device."
)
_LEARNED = "What this network, its pseudo-labels, or the weights that it started from learned from:"
_READ_LICENSES = (
    "What may be done with the weights follows from these licenses: read them before you use the "
    "weights or pass them on."
)
_LIMITS = {
    "phantom": ["Synthetic CT is far simpler than anatomy; nothing carries over to patients."],
    "sample": ["Nothing is known here of the patients and scanners behind the images."],
    "deeplesion": [
        "DeepLesion is from one hospital, the NIH Clinical Center; others differ in patients, "
        "scanners and protocols.",
        "All its labeled slices show a lesion that a radiologist marked. Slices without one were "
        "neither trained on nor tested on.",
        "The labels of training and of the text-mined test set come from the sentences of reports: "
        "what a report does not mention counts as absent.",
    ],
}
_ON_SCORES = [
    "It knows the labels of the tables below and no others.",
    "Scores are not calibrated: a score of 0.8 does not mean a chance of 80 %.",
    "The threshold of a label is the one with the best F1 on validation data, few of which are "
    "positive for most labels. Elsewhere other thresholds may be better.",
    "In the tables, a predicted label switches on its parents, as in LesaNet's evaluation; the "
    "thresholds alone give other decisions.",
]
_NOT_CHECKED = [
    "Other hospitals, scanners and protocols; contrast phases; children.",
    "Calibration.",
    "Differences by sex and by age: no number here is split by either.",
]


@dataclass(frozen=True)
class FinishedRun:
    """What the files of a finished run say of its network.

    Attributes:
        name: Name of the run.
        weights: Path of its weights, as records name it.
        record: Record of the training.
        root: Root of the weights, see `maknet.provenance.roots`.
        network: `network.json`.
        image: Settings of the images that it was trained on; of the patches, for LesaNet.
        licenses: Rows of `data_and_licenses.csv`, those of data that it learned from.
        metrics: `metrics/<run>.json`.
        bootstrap: `MEASURES` under each resample by test set, (B, M); empty where there are none.
        thresholds: Threshold of each label.
        per_label: Rows of `metrics/<run>.per_label.csv`.
        history: Rows of `history.csv`.
    """

    name: str
    weights: str
    record: Record
    root: str
    network: Mapping[str, Any]
    image: Mapping[str, Any]
    licenses: Sequence[Mapping[str, str]]
    metrics: Mapping[str, Any]
    bootstrap: Mapping[str, NDArray[Any]]
    thresholds: Mapping[str, float]
    per_label: Sequence[Mapping[str, str]]
    history: Sequence[Mapping[str, str]]


def read_run(results: Path, run: str) -> FinishedRun:
    """Read all that a card says of a run.

    Args:
        results: Results folder, relative to the folder that the workflow runs in.
        run: Name of the run, with its seed where it has one.

    Raises:
        InputError: A file or a record of the run is missing, or two files name other labels.
    """
    folder, scores = results / "runs" / run, results / "metrics" / run
    weights = recorded_name(str(folder / "model.safetensors"))
    records = read_records(results)
    root = result_roots([weights], records)[weights]
    per_label = read_rows(f"{scores}.per_label.csv")
    thresholds = read_json(results / "thresholds" / f"{run}.json")
    if {row["label"] for row in per_label} != thresholds.keys():
        raise InputError(f"{scores}.per_label.csv has other labels than the thresholds.")
    resamples = Path(f"{scores}.bootstrap.npz")
    return FinishedRun(
        run, weights, records[weights], root, read_json(folder / "network.json"),
        _image_settings(records[weights], records),
        _learned_from(read_rows(results / "data_and_licenses.csv"), weights, records),
        read_json(f"{scores}.json"), load_arrays(resamples) if resamples.is_file() else {},
        thresholds, per_label, read_rows(folder / "history.csv"),
    )  # fmt: skip


def _image_settings(record: Record, records: Mapping[str, Record]) -> Mapping[str, Any]:
    """Return how the images were prepared that a training read."""
    for path in record.inputs:
        made_by = records.get(path)
        if made_by and made_by.rule in _IMAGES:
            settings: Mapping[str, Any] = made_by.params[_IMAGES[made_by.rule]]
            return settings
    raise InputError("No record says how the training's images were prepared; prepare them anew.")


def _learned_from(
    licenses: Sequence[Mapping[str, str]], weights: str, records: Mapping[str, Record]
) -> list[Mapping[str, str]]:
    """Return the data sets behind the weights: a run uses some for its other networks only.

    Raises:
        InputError: A record behind them is gone, so that a license might be left out.
    """
    lineage = lineage_records([weights], records)
    for gone in (path for job in lineage for path in job.made_from if path not in records):
        raise InputError(f"the record of {gone} is gone; make it anew with `snakemake -f {gone}`.")
    rules = {record.rule for record in lineage}
    return [
        row for row in licenses
        if _LEARNED_FROM.get(row["used_as"].partition(" ")[0], rules) & rules
    ]  # fmt: skip


def model_card(run: FinishedRun, *, dataset: str, confidence: float, loading: str) -> str:
    """Return the model card of a run's network.

    Args:
        run: What its files say, see `read_run`.
        dataset: `deeplesion`, `phantom` or `sample`.
        confidence: Confidence of the intervals.
        loading: How to load the network, as Markdown.
    """
    takes = "patches" if run.network["name"] == "lesanet" else "slices"
    uses = _USES["phantom" if dataset == "phantom" else takes]
    training = training_table(run.record, run.network, run.history)
    settings = settings_table(run.record.params)
    parts = [
        _front_matter(run, dataset),
        f"# {run.network['title']} (`{run.name}`)",
        _WARNINGS.get(dataset, ""),
        _PAPER + _LAYOUTS.get(run.network["name"], ""),
        network_table(run.network, run.image),
        f"## Intended use\n\n{bullets(uses)}\n\n{_NO_USE}",
        f"## Scores\n\n{_scores(run, confidence)}",
        f"## Limits\n\n{bullets([*_LIMITS[dataset], *_ON_SCORES])}",
        f"## Not checked\n\n{bullets(_NOT_CHECKED)}",
        f"## Load it\n\n{loading.strip()}",
        f"## Data\n\n{_data(run)}",
        f"## Training\n\n{training}\n\nAll settings, from the record:\n\n{settings}",
        f"## Verify it\n\n{_verification(run)}",
        f"## Scores by label\n\n{_by_label(run)}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(run: FinishedRun, dataset: str) -> str:
    free = {row["license"] for row in run.licenses} == {"MIT"}
    names = dict.fromkeys(row["name"] for row in run.licenses)
    said = {
        "license": "mit" if free else "other",
        **({} if free else {"license_name": "follows-from-its-data"}),
        "library_name": "maknet",
        "pipeline_tag": "image-classification",
        "tags": ["medical-imaging", "computed-tomography", "multi-label", run.network["name"],
                 dataset, "arxiv:2005.11746"],
        "datasets": ["-".join(name.lower().split()) for name in names],
        "metrics": ["roc_auc", "f1", "precision", "recall"],
    }  # fmt: skip
    return f"---\n{yaml.safe_dump(said, sort_keys=False)}---"


def _scores(run: FinishedRun, confidence: float) -> str:
    table = metrics_table(run.metrics, run.bootstrap, confidence)
    intervals = (
        f"In brackets: the {100 * confidence:g} % interval for the scatter of patients. {REASON}"
        if run.bootstrap
        else "There are no intervals: the resamples of this run are not there."
    )
    seed = (
        f"**One training, with the seed {run.record.params['seed']}, proves nothing**: another "
        "seed may score higher or lower by more than networks differ, and no interval has that "
        "scatter in it."
    )
    means = (
        "Means over labels, by LesaNet's convention: the precision of a label that is never "
        f"predicted counts as 1. Frequent labels have at least {MIN_POSITIVES} positives in the "
        "test set."
    )
    return f"{table}\n\n{seed}\n\n{means} {intervals}"


def _data(run: FinishedRun) -> str:
    parts = [_LEARNED, data_table(run.licenses)]
    if {row["license"] for row in run.licenses} != {"MIT"}:
        parts.append(_READ_LICENSES)
    cited = dict.fromkeys(row["citation"] for row in run.licenses if row["citation"])
    return "\n\n".join([*parts, f"To cite:\n\n{bullets(list(cited))}"])


def _verification(run: FinishedRun) -> str:
    digest = run.record.outputs[run.weights]
    return (
        f"`{Path(run.weights).name}` has the SHA-256 `{digest}`. Its root, which commits to the "
        f"data, the settings, the code and the packages behind it, is\n\n```\n{run.root}\n```\n\n"
        "In a checkout of the workflow, beside the results with their records, this compares all "
        "of them with what is there now:\n\n"
        f"```\npython -m maknet.audit {run.weights} --root {run.root}\n```"
    )


def _by_label(run: FinishedRun) -> str:
    never = sum(value >= NEVER for value in run.thresholds.values())
    note = (
        "The labels have the order of the network's outputs. Images are those for which a label is "
        "known. A dash stands where a label has no positive or no negative image; the precision of "
        "a label that is never predicted counts as 1. No interval is given for a single label: "
        "most have few positives.\n\n"
        f"Threshold `never` ({never} of {len(run.thresholds)} labels): no threshold found a "
        "positive image in the validation data, and only a label below it switches the label on."
    )
    tables = label_tables(run.per_label, run.thresholds)
    return "\n\n".join([note, *(f"### {title}\n\n{table}" for title, table in tables.items())])
