"""The paths and batches of the configured data, known before any job runs.

Imported while the workflow is parsed, so nothing heavy is imported here.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.config.manifest import ManifestSeries, batch_digest, by_batch, read_manifest
from maknet.config.series_folders import series_folders
from maknet.errors import InputError
from maknet.files import read_rows

# By source: the folder below `paths.data`, and the names that its rules give the labeled files.
_LABELED = {
    "deeplesion": {
        "dl_info": "deeplesion/DL_info.csv",
        "images": "deeplesion/Images_png",
        "text_mined": "deeplesion/text_mined_labels_171_and_split.json",
        "hand": "deeplesion/hand_labeled_test_set.json",
        "ontology": "deeplesion/lesion_ontology_181022.xlsx",
    },
    "phantom": {
        "dl_info": "phantom/deeplesion/DL_info.csv",
        "images": "phantom/deeplesion/Images_png",
        "text_mined": "phantom/deeplesion/text_mined_labels.json",
        "hand": "phantom/deeplesion/hand_labeled_test_set.json",
        "ontology": "phantom/deeplesion/lesion_ontology.xlsx",
    },
}

_SLICES_PER_SERIES = 200


def labeled_files(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths of the labeled data: dl_info, images, text_mined, hand, ontology."""
    source = config["labeled"]["source"]
    if source == "folder":
        return dict(config["labeled"]["folder"])
    data = config["paths"]["data"]
    return {key: f"{data}/{name}" for key, name in _LABELED[source].items()}


def zip_parts(config: Mapping[str, Any]) -> list[str]:
    """Return the numbers of DeepLesion's zips, `01` to `56` in the published list."""
    names = [row["file"] for row in read_rows(config["deeplesion"]["sources"])]
    return [n[len("Images_png_") : -len(".zip")] for n in names if n.endswith(".zip")]


def shared_patients(config: Mapping[str, Any]) -> list[int] | None:
    """Return the patients who may be in two splits; None for any.

    `published` is LesaNet's split, whose files are accepted by their digests. Labels from elsewhere
    may then share none.
    """
    labeled = config["labeled"]
    if labeled["shared_patients"] == "published":
        return None if labeled["source"] == "deeplesion" else []
    return list(labeled["shared_patients"])


def listed_series(config: Mapping[str, Any]) -> list[ManifestSeries]:
    """Return the series of TCIA that are used: the manifest without what is left out."""
    tcia = config["tcia"]
    return read_manifest(
        tcia["manifest"], config["unlabeled"]["batch_size"], tcia["allow_noncommercial"],
        tcia["leave_out"],
    )  # fmt: skip


def series_batches(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the unlabeled series of each batch, known before any job runs.

    Series of a phantom are numbers of its archive; of a folder, the paths below it of all folders
    that hold files; of TCIA, a digest of the batch's rows in the manifest.

    Raises:
        InputError: The manifest is unusable or lacks the addresses that `tcia.route` needs, or the
            folder holds no series.
    """
    unlabeled = config["unlabeled"]
    if unlabeled["source"] == "tcia":
        tcia, listed = config["tcia"], listed_series(config)
        unaddressed = sum(not item.address for item in listed)
        if tcia["route"] == "idc" and unaddressed:
            raise InputError(
                f"tcia.manifest: {tcia['manifest']} gives no IDC address (series_aws_url) for "
                f"{unaddressed} series; add the column, or set tcia.route: nbia."
            )
        return {batch: [batch_digest(rows)] for batch, rows in by_batch(listed).items()}
    if unlabeled["source"] == "phantom":
        phantom = config["phantom"]
        count = phantom["clean_series"] + sum(phantom["nuisances"].values())
        series = [str(number) for number in range(count)]
    else:
        series = series_folders(Path(unlabeled["folder"]))
    size = unlabeled["batch_size"]
    return {
        f"batch{start // size:04d}": series[start : start + size]
        for start in range(0, len(series), size)
    }


def unlabeled_slices(config: Mapping[str, Any]) -> int:
    """Return an estimate of the number of unlabeled slices, from which time and memory follow.

    A series of unknown length counts as 200 slices, as many as in the paper's data.
    """
    if config["unlabeled"]["source"] == "tcia":
        return sum(item.images or _SLICES_PER_SERIES for item in listed_series(config))
    return _SLICES_PER_SERIES * sum(map(len, series_batches(config).values()))
