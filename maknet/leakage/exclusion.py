"""Which unlabeled images are left out: of patients that a network is tested on, or there twice."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.labels.splits import EVALUATED
from maknet.data.shards.pool import ConcatShards
from maknet.duplicates.decide import CONFIRMED
from maknet.errors import InputError
from maknet.files import parsing, read_rows

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

    A series that shows a patient of an evaluated split takes with it all series of the same study,
    the same scan, or the same patient where the list of series names one. Of series that are
    confirmed to be one scan, the one with most images stays.

    Args:
        pairs: Rows of `duplicates.csv`.
        series: Accepted series, see `series_table`.
        patients: PatientID by SeriesInstanceUID, where they are known.
        leakage: What becomes of series of evaluated patients.
        duplicates: Whether all series of one scan are kept, or one.
        act_on: Which pairs count: confirmed ones, or `likely` ones as well.

    Raises:
        InputError: There is such a pair, and the setting says to stop.
    """
    certain = pairs[(pairs["set_1"] == "unlabeled") & (pairs["verdict"] == CONFIRMED)]
    counted = pairs[pairs["verdict"].isin({CONFIRMED, act_on})]
    shared = counted[counted["set_1"].isin(EVALUATED) & (counted["set_2"] == "unlabeled")]
    if leakage == "stop" and len(shared):
        first = shared.iloc[0]
        raise InputError(
            f"{shared['series_2'].nunique()} unlabeled series show patients of the validation or "
            f"test sets, such as {first['series_2']} of patient {first['patient_1']}; look at "
            "duplicates.csv, then set duplicates.leakage to drop, or to report to keep them."
        )
    found: dict[str, str] = {}
    if leakage == "drop":
        reasons = dict(zip(shared["series_2"], shared["set_1"], strict=True))
        found |= _with_their_patients(reasons, series, patients, certain)
    if duplicates == "one":
        left = series[~series["series_uid"].isin(found)]
        found |= _all_but_one(certain, left)
    return found


def _with_their_patients(
    reasons: Mapping[str, str],
    series: pd.DataFrame,
    patients: Mapping[str, str],
    certain: pd.DataFrame,
) -> dict[str, str]:
    """Return the series with reasons, and all of their studies, scans and patients."""
    names = series["series_uid"].tolist()
    links = _links(certain, names)
    for kind in (series["study_uid"].tolist(), [patients.get(uid, "") for uid in names]):
        first: dict[str, int] = {}
        links += [(first.setdefault(of, place), place) for place, of in enumerate(kind) if of]
    found = {uid: f"shows a patient of {split}" for uid, split in reasons.items()}
    for group in _connected(links, len(names)):
        seen = [names[place] for place in group if names[place] in reasons]
        if seen:
            for place in group:
                found.setdefault(names[place], f"study, scan or patient of {seen[0]}")
    return found


def _links(certain: pd.DataFrame, names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of series as places among names."""
    places = {uid: place for place, uid in enumerate(names)}
    pairs = zip(certain["series_1"], certain["series_2"], strict=True)
    return [(places[one], places[two]) for one, two in pairs if one in places and two in places]


def _all_but_one(certain: pd.DataFrame, series: pd.DataFrame) -> dict[str, str]:
    """Return the series of one scan but the one with most images, each naming that one."""
    names, images = series["series_uid"].to_numpy(), series["triplets"].to_numpy()
    found: dict[str, str] = {}
    for scan in _connected(_links(certain, names.tolist()), len(names)):
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
    names = [shard.stem for shard in pool.paths]
    parts = dict(
        zip(names, np.split(np.arange(len(pool)), np.cumsum(pool.counts)[:-1]), strict=True)
    )
    left_out = np.zeros(len(pool), bool)
    with parsing(path, "a list of left out images of these batches", "make it anew"):
        for row in read_rows(path):
            place = range(len(parts[row["batch"]])).index(int(row["image"]))
            left_out[parts[row["batch"]][place]] = True
    return left_out
