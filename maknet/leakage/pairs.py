"""Duplicate scans: one row for each two series or labeled patients, and a verdict."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from maknet.data.labels.label_table import SPLITS
from maknet.data.labels.splits import EVALUATED
from maknet.duplicates.decide import CONFIRMED, LIKELY, Limits, alike, consistent
from maknet.leakage.candidates import (
    Database,
    Query,
    candidate_pairs,
    compare_pairs,
    labeled_query,
    learn_metric,
    probe_query,
)
from maknet.leakage.image_sets import ImageSet

COLUMNS = (
    "dataset", "verdict", "set_1", "collection_1", "patient_1", "series_1", "slice_1", "set_2",
    "collection_2", "patient_2", "series_2", "slice_2", "pairs", "in_order", "distance",
    "correlation", "detail", "size_rows", "size_columns", "same_study", "same_frame",
    "same_acquisition", "image_1", "image_2",
)  # fmt: skip
_ADDED = ("dataset", "collection_1", "collection_2")  # once all is found
_SCAN = {True: "series", False: "patient"}  # what a row is of: unlabeled, and labeled
_SAME = {"study": "study_uid", "frame": "frame_uid", "acquisition": "acquisition"}
_APART_MM = 15.0  # of two slices that look unlike
_LEAST_STEP_MM = 2.0
_SLACK = 1.5  # steps between slices that a shift may differ by


def find_duplicates(
    labeled: Sequence[ImageSet],
    unlabeled: ImageSet,
    limits: Limits,
    workers: int = 1,
) -> pd.DataFrame:
    """Find the scans that two sets share, and those that are twice among the unlabeled ones.

    Every labeled key slice is looked for among all unlabeled slices and, where a network must not
    have seen it, among the key slices of other splits' patients; some slices of every unlabeled
    series are looked for in all others.

    Args:
        labeled: The labeled splits.
        unlabeled: The unlabeled images.
        limits: What is compared, and what is called a copy.
        workers: Threads that compare; the result does not depend on their number.

    Returns:
        `COLUMNS` but the dataset and collections; confirmed pairs first, of them those of evaluated
        splits, of them the most alike.
    """
    metric = learn_metric([*labeled, unlabeled])
    queries = [labeled_query(images, metric) for images in labeled if len(images)]
    everything = Database.of(unlabeled, metric)
    parts = [_found(query, everything, limits, workers) for query in queries]
    for place, query in enumerate(queries[:-1]):
        split = Database.of(query.images, metric)
        parts += [_found(other, split, limits, workers) for other in queries[place + 1 :]]
    probes = probe_query(unlabeled, metric, limits.probes)
    parts.append(_once(_found(probes, everything, limits, workers)))
    return _sorted([part for part in parts if len(part)])


def _sorted(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return all pairs, what matters most first."""
    if not parts:
        return pd.DataFrame(columns=[name for name in COLUMNS if name not in _ADDED])
    pairs = pd.concat(parts, ignore_index=True)
    first = pairs["verdict"] != CONFIRMED, ~pairs["set_1"].isin(EVALUATED)
    order = ["unconfirmed", "unevaluated", "correlation", "series_1", "series_2"]
    ranked = pairs.assign(unconfirmed=first[0], unevaluated=first[1])
    ranked = ranked.sort_values(order, ascending=[True, True, False, True, True])
    return ranked.drop(columns=order[:2]).reset_index(drop=True)


def _found(query: Query, database: Database, limits: Limits, workers: int) -> pd.DataFrame:
    """Return the series of a query and a database that show one scan."""
    pairs = candidate_pairs(query, database, limits, workers)
    pairs = compare_pairs(pairs, query.images, database.images, workers)
    sizes = pairs[["size_rows", "size_columns"]].to_numpy()
    pairs = pairs[alike(pairs["correlation"].to_numpy(), sizes, limits)]
    return _by_series(pairs, query.images, database.images, limits)


def _by_series(
    pairs: pd.DataFrame, first: ImageSet, second: ImageSet, limits: Limits
) -> pd.DataFrame:
    """Return one row for each two scans: series, or labeled patients."""
    mine = first.rows.iloc[pairs["query"]].reset_index(drop=True).add_suffix("_1")
    theirs = second.rows.iloc[pairs["row"]].reset_index(drop=True).add_suffix("_2")
    joined = pd.concat([pairs.reset_index(drop=True), mine, theirs], axis=1)
    joined["z_mm_2"] += joined["offset"] * joined["step_mm_2"]
    joined["slice_2"] = (joined["slice_2"] + joined["offset"]).astype(int)
    joined["slice_1"] = joined["slice_1"].astype(int)
    scans = [f"{_SCAN[images.name == 'unlabeled']}_{side}"
             for images, side in ((first, 1), (second, 2))]  # fmt: skip
    rows = pd.DataFrame([_row(group, limits) for _, group in joined.groupby(scans, sort=False)])
    if rows.empty:
        return rows
    return rows.assign(set_1=first.name, set_2=second.name)


def _row(group: pd.DataFrame, limits: Limits) -> Mapping[str, object]:
    """Return what is said of two scans: their best pair, and how many pairs lie in order."""
    apart = _apart(group)
    best = apart.iloc[0]
    in_order = sum(map(_in_order, (part for _, part in apart.groupby(["series_1", "series_2"]))))
    certain = best["correlation"] >= (limits.several if in_order > 1 else limits.certain)
    row = {name: best[name] for name in best.index if name in COLUMNS}
    same = {f"same_{what}": _same(best, key) for what, key in _SAME.items()}
    return {
        **row, **same, "verdict": CONFIRMED if certain else LIKELY, "pairs": len(group),
        "in_order": in_order, "distance": round(1 - float(best["similarity"]), 3),
        "correlation": round(float(best["correlation"]), 3),
        "detail": round(float(best["detail"]), 3),
        "size_rows": round(float(best["size_rows"]), 3),
        "size_columns": round(float(best["size_columns"]), 3),
        "image_1": int(best["query"]), "image_2": int(best["row"]),
    }  # fmt: skip


def _apart(group: pd.DataFrame) -> pd.DataFrame:
    """Return the best pair, and those whose slices are no neighbors of a better one's."""
    ordered = group.sort_values(["correlation", "query", "row"], ascending=[False, True, True])
    kept: list[int] = []
    z_mm = ordered["z_mm_2"].to_numpy()
    key = list(zip(ordered["series_1"], ordered["slice_1"], strict=True))
    for place in range(len(ordered)):
        near = any(abs(z_mm[place] - z_mm[other]) < _APART_MM for other in kept)
        if not near and all(key[place] != key[other] for other in kept):
            kept.append(place)
    return ordered.iloc[kept]


def _in_order(group: pd.DataFrame) -> int:
    """Return how many slices of one series lie in another as far apart as in their own."""
    step = np.nanmax([_LEAST_STEP_MM, group["step_mm_1"].iloc[0], group["step_mm_2"].iloc[0]])
    return consistent((group["z_mm_2"] - group["z_mm_1"]).to_numpy(), _SLACK * float(step))


def _same(best: pd.Series, key: str) -> str:
    """Return whether two series have one study, frame or time; empty where a header is silent."""
    one, other = best[f"{key}_1"], best[f"{key}_2"]
    return str(one == other).lower() if one and other else ""


def _once(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each two unlabeled series once: as they were found with more pairs."""
    if rows.empty:
        return rows
    names = np.sort(rows[["series_1", "series_2"]].to_numpy().astype(str), axis=1)
    keyed = rows.assign(a=names[:, 0], b=names[:, 1])
    order = ["in_order", "correlation", "series_1"]
    best = keyed.sort_values(order, ascending=[False, False, True]).drop_duplicates(["a", "b"])
    return best.drop(columns=["a", "b"])


def count_by_collection(
    pairs: pd.DataFrame, series: pd.DataFrame, collections: Mapping[str, str], dataset: str
) -> pd.DataFrame:
    """Count, for each collection of unlabeled series, those that are in another set or twice.

    Args:
        pairs: What `find_duplicates` found.
        series: Accepted series, see `series_table`.
        collections: Collection by SeriesInstanceUID.
        dataset: Name of the data.
    """
    rows = []
    by_name = series.assign(collection=series["series_uid"].map(collections).fillna(""))
    for name, part in by_name.groupby("collection", sort=True):
        here = set(part["series_uid"])
        rows.append(
            {"dataset": dataset, "collection": name, "series": len(part),
             "images": int(part["triplets"].sum()), **_counts(pairs, here)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _counts(pairs: pd.DataFrame, series: set[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for verdict in (CONFIRMED, LIKELY):
        part = pairs[pairs["verdict"] == verdict]
        for name in SPLITS:
            with_split = part[(part["set_1"] == name) & (part["set_2"] == "unlabeled")]
            counts[f"in_{name}_{verdict}"] = len(series & set(with_split["series_2"]))
        twice = part[part["set_1"] == "unlabeled"]
        counts[f"twice_{verdict}"] = len(series & _names(twice))
    return counts


def _names(pairs: pd.DataFrame) -> set[str]:
    columns: Iterable[str] = ("series_1", "series_2")
    return {str(name) for column in columns for name in pairs[column]}
