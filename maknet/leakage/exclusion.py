"""Which unlabeled images are left out: of patients that a network is tested on, or there twice."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.shards.pool import ConcatShards
from maknet.duplicates.decide import CONFIRMED
from maknet.errors import InputError
from maknet.files import parsing, read_rows
from maknet.leakage.image_sets import EVALUATED

Leakage = Literal["report", "drop", "stop"]
Duplicates = Literal["keep", "one"]
Verdict = Literal["confirmed", "likely"]
COLUMNS = ("batch", "image", "series_uid", "reason")


def excluded_series(
    pairs: pd.DataFrame,
    series: pd.DataFrame,
    patients: Mapping[str, str],
    leakage: Leakage,
    duplicates: Duplicates,
    act_on: Verdict = CONFIRMED,
) -> dict[str, str]:
    """Return the series that are left out, each with the reason.

    With a series that shows a patient of an evaluated split go all of its study, and of its patient
    where the list of series names one. Of series that are one scan, the one with most images stays.

    Args:
        pairs: Rows of `duplicates.csv`.
        series: Accepted series, see `series_table`.
        patients: PatientID by SeriesInstanceUID, where they are known.
        leakage: What becomes of series of evaluated patients.
        duplicates: Whether all series of one scan are kept, or one.
        act_on: Whether pairs count that are confirmed, or `likely` ones as well.

    Raises:
        InputError: There is such a pair, and the setting says to stop.
    """
    pairs = pairs[pairs["verdict"].isin({CONFIRMED, act_on})]
    shared = pairs[pairs["set_1"].isin(EVALUATED) & (pairs["set_2"] == "unlabeled")]
    if leakage == "stop" and len(shared):
        first = shared.iloc[0]
        raise InputError(
            f"{shared['series_2'].nunique()} unlabeled series show patients of the validation or "
            f"test sets, first {first['series_2']} patient {first['patient_1']}; look at "
            "duplicates.csv, then set duplicates.leakage to drop, or to report to keep them."
        )
    found: dict[str, str] = {}
    if leakage == "drop":
        reasons = dict(zip(shared["series_2"], shared["set_1"], strict=True))
        found |= _with_their_patients(reasons, series, patients)
    if duplicates == "one":
        left = series[~series["series_uid"].isin(found)]
        found |= _all_but_one(pairs[pairs["set_1"] == "unlabeled"], left)
    return found


def _with_their_patients(
    reasons: Mapping[str, str], series: pd.DataFrame, patients: Mapping[str, str]
) -> dict[str, str]:
    studies = dict(zip(series["series_uid"], series["study_uid"], strict=True))
    seen = {studies.get(uid, ""): f"study of {uid}" for uid in reasons}
    people = {patients.get(uid, ""): f"patient of {uid}" for uid in reasons}
    found = {uid: f"shows a patient of {split}" for uid, split in reasons.items()}
    for uid, study in studies.items():
        why = (study and seen.get(study)) or (patients.get(uid) and people.get(patients[uid]))
        if why:
            found.setdefault(uid, why)
    return found


def _all_but_one(pairs: pd.DataFrame, series: pd.DataFrame) -> dict[str, str]:
    """Return the series of one scan but the one with most images, each naming that one."""
    names, images = series["series_uid"].to_numpy(), series["triplets"].to_numpy()
    places = {uid: place for place, uid in enumerate(names)}
    linked = [
        (places[one], places[other])
        for one, other in zip(pairs["series_1"], pairs["series_2"], strict=True)
        if one in places and other in places
    ]
    found: dict[str, str] = {}
    for scan in _connected(linked, len(names)):
        kept = min(scan, key=lambda place: (-images[place], names[place]))
        found |= {names[place]: f"same scan as {names[kept]}" for place in scan if place != kept}
    return found


def _connected(links: Sequence[tuple[int, int]], count: int) -> list[list[int]]:
    """Return the groups of more than one that links make of `count` things."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array(links, np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (count, count))
    _, group = connected_components(graph, directed=False)
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    return [part.tolist() for part in parts if len(part) > 1]


def excluded_images(
    series: Mapping[str, str], indices: Sequence[Path]
) -> list[dict[str, object]]:  # fmt: skip
    """Return a row of `COLUMNS` for every image of series that are left out.

    Args:
        series: Reasons by SeriesInstanceUID.
        indices: Indices of all batches.
    """
    return [
        {"batch": path.stem, "image": number, "series_uid": uid, "reason": series[uid]}
        for path in (indices if series else ())
        for number, uid in enumerate(row["series_uid"] for row in read_rows(path))
        if uid in series
    ]


def read_excluded(path: str | Path, pool: ConcatShards) -> NDArray[np.bool_]:
    """Return which images of all batches are left out, (N,).

    Raises:
        InputError: The file is none of these images.
    """
    starts = dict(zip((p.stem for p in pool.paths), np.cumsum([0, *pool.counts]), strict=False))
    left_out = np.zeros(len(pool), bool)
    rows = read_rows(path)
    with parsing(path, "a list of left out images of these batches", "make it anew"):
        numbers = [starts[row["batch"]] + int(row["image"]) for row in rows]
        left_out[np.array(numbers, np.int64)] = True
    return left_out
