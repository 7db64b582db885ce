"""The counts that the paper's text states, beside what a run counts.

`config/paper_counts.csv` holds each with its section, its words, and the range of numbers that they
are read as: a rounded number covers what rounds to it, "a little over 1.5 million" 1.50 to 1.55
million. The paper's column stays empty where the data are not DeepLesion.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from maknet.config.manifest import ManifestSeries
from maknet.data.labels.ontology import CLASSES
from maknet.files import read_json, read_rows
from maknet.metrics.multilabel import METRICS
from maknet.reporting.tables.runs import TEST_SETS

COLUMNS = ("dataset", "section", "what", "ours", "paper", "read_as", "agrees")
Counts = dict[str, float]
_NETWORKS = ("VGG16", "ResNet18", "MAKNet")


def compare_counts(
    dataset: str, ours: Mapping[str, float], paper: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return one row per count of the paper.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        ours: Our counts by key; a count that could not be taken is absent. What was counted in more
            than one way has the way in brackets behind its key.
        paper: Rows of `config/paper_counts.csv`.

    Returns:
        Rows of `COLUMNS`: `paper` holds the paper's words, `read_as` the numbers that they are read
        as, and `agrees` whether ours is one; all three are empty unless the data are DeepLesion.
    """
    rows = []
    for line in paper:
        ways: list[tuple[str, float | None]] = [
            (key, number) for key, number in ours.items() if key.split(" (")[0] == line["key"]
        ]
        for key, number in ways or [(line["key"], None)]:
            row = {"dataset": dataset, "section": line["section"],
                   "what": line["what"] + key.removeprefix(line["key"]),
                   "ours": "" if number is None else _shown(number),
                   "paper": "", "read_as": "", "agrees": ""}  # fmt: skip
            if dataset == "deeplesion":
                low, high = float(line["low"]), float(line["high"] or "inf")
                row |= {"paper": line["paper"], "read_as": _range(line)}
                row["agrees"] = "" if number is None else str(low <= number <= high)
            rows.append(row)
    return rows


def count_labels(label_counts: str | Path, lesion_label_counts: str | Path) -> Counts:
    """Count labels by class.

    Args:
        label_counts: CSV of the labels that the networks learn, as rule build_labels writes it.
        lesion_label_counts: The same of the labels that LesaNet learns.
    """
    learned, everything = (read_rows(path) for path in (label_counts, lesion_label_counts))
    classes = {row["label"]: row["class"] for row in [*learned, *everything]}
    by_class = {f"{name}_labels": list(classes.values()).count(name) for name in CLASSES}
    return {"labels": len(classes), **by_class}


def count_labeled(dl_info: str | Path, hand: str | Path, indices: Mapping[str, Path]) -> Counts:
    """Count what is labeled.

    Args:
        dl_info: `DL_info.csv`.
        hand: The hand-labeled test set as published.
        indices: Index of the prepared images of each split, one row per image.
    """
    info = read_rows(dl_info)
    images = {f"{split}_images": len(read_rows(path)) for split, path in indices.items()}
    types = {row.get("Coarse_lesion_type", "").strip() for row in info} - {"", "-1"}
    found = {"deeplesion_slices": len({row["File_name"] for row in info})}
    if types:
        found["lesion_types"] = len(types)
    return {**found, "hand_file_lesions": len(read_json(hand)), **images,
            "labeled_images": sum(images.values())}  # fmt: skip


def count_unlabeled(tables: Iterable[str | Path], listed: Sequence[ManifestSeries]) -> Counts:
    """Count the unlabeled volumes that were accepted, and what came of them.

    Args:
        tables: The table of every batch's series.
        listed: Series of the manifest, for their subjects and sites; empty where there is none, as
            the patients of a folder's series are not written down.
    """
    rows = [row for table in tables for row in read_rows(table) if row["status"] == "accepted"]
    used = {row["series_uid"] for row in rows}
    series = [item for item in listed if item.uid in used]
    subjects = {(item.collection, item.patient) for item in series if item.patient}
    sites = {label for item in series for label in item.labels}
    found = {
        "volumes": len(rows),
        "unlabeled_slices": sum(int(row["slices"]) for row in rows),
        "unlabeled_images": sum(int(row["triplets"]) for row in rows),
    }
    if rows:
        found["fewest_slices"] = min(int(row["slices"]) for row in rows)
    if subjects:
        found["subjects"] = len(subjects)
    if sites:
        found["site_labels"] = len(sites)
    return dict(found)


def count_training(
    counts: Mapping[str, float], training: Mapping[str, Any], student: Mapping[str, Any],
    pseudo_labels: Mapping[str, Any], rounds: Sequence[Mapping[str, str]],
) -> Counts:  # fmt: skip
    """Count what a training sees: no excluded image, and no unlabeled one that it drops.

    Args:
        counts: Counts of images, from `count_labeled`.
        training: Config section `training`.
        student: Config section `student`.
        pseudo_labels: Config section `pseudo_labels`.
        rounds: Rows of `pseudo_labels.csv`, of which each student learned from one.
    """
    labeled = counts["train_images"]
    dropped = "without_label" if student["images_without_label"] == "drop" else None
    seen = [
        int(row["images"]) - (int(row[dropped]) if dropped else 0)
        for row in rounds[: student["rounds"]]
    ]
    steps = student["epochs"] * -(-labeled // student["labeled_batch"])
    passes = (
        {"unlabeled_epochs": steps * student["unlabeled_batch"] * len(seen) / sum(seen)}
        if sum(seen) else {}
    )  # fmt: skip
    return {
        **passes,
        "training_images": labeled + (int(rounds[0]["images"]) if rounds else 0),
        "top_labels": pseudo_labels["top"],
        "teacher_epochs": training["epochs"],
        "labeled_batch": student["labeled_batch"],
        "images_per_step": student["labeled_batch"] + student["unlabeled_batch"],
        "student_epochs": student["epochs"],
    }


def count_networks(table1: pd.DataFrame) -> Counts:
    """Count parameters, and the metrics in which MAKNet is the best.

    Where the baselines have several lines, one for each start of their weights, MAKNet is held
    against each start by itself.

    Args:
        table1: Table 1 as its CSV holds it.
    """
    titles = [str(title).partition(" (") for title in table1["arch"]]
    arch, start = (pd.Series([title[part] for title in titles]) for part in (0, 2))
    parameters = table1.groupby(arch)["parameters"].first().to_dict()
    vgg16, resnet18, maknet = (int(parameters[name]) for name in _NETWORKS)
    best = {}
    for test_set, way in product(TEST_SETS.values(), dict.fromkeys(start[arch != "MAKNet"])):
        metrics = table1[[f"{test_set}_{metric}" for metric in METRICS]]
        ours = metrics[arch == "MAKNet"].iloc[0]
        others = metrics[(arch != "MAKNet") & (start == way)]
        key = f"best_{test_set} ({way}" if way else f"best_{test_set}"
        best[key] = int((others < ours).all().sum())
    return {
        "vgg16_parameters": vgg16, "resnet18_parameters": resnet18, "maknet_parameters": maknet,
        "below_vgg16": 100 * (1 - maknet / vgg16), "below_resnet18": 100 * (1 - maknet / resnet18),
        **best,
    }  # fmt: skip


def _shown(number: float) -> str:
    return f"{number:.0f}" if float(number).is_integer() else f"{number:.2f}"


def _range(line: Mapping[str, str]) -> str:
    if line["low"] == line["high"]:
        return line["low"]
    return f"{line['low']} to {line['high']}" if line["high"] else f"{line['low']} or more"
