"""Which images may show one scan: the nearest fingerprints of each, compared on pixels.

Q queries, P pairs.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.duplicates.confirm import compare
from maknet.duplicates.decide import Limits
from maknet.duplicates.fingerprint import fingerprints
from maknet.duplicates.metric import Metric, fit_metric
from maknet.duplicates.search import nearest
from maknet.duplicates.variations import CUTS, cut, variations
from maknet.leakage.image_sets import ImageSet
from maknet.progress import progress
from maknet.seeding import generator

_LEAST_SIMILAR = 0.4  # what is less alike is no copy, and not worth the time
_LEARNED_FROM = 400  # images whose variations teach the metric, of each set
_POPULATION = 100_000
_AT_A_TIME = 512
_SEED = 123  # of the choice of images; the seeds of training play no part in who is a copy


@dataclass(frozen=True)
class Query:
    """Images of a set that are looked for.

    Attributes:
        images: The set.
        rows: Their numbers, (Q,).
        vectors: Their vectors, once for each way to cut them, (cuts, Q, D).
    """

    images: ImageSet
    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Database:
    """A set in which images are looked for.

    Attributes:
        images: The set, N images of C slices.
        vectors: The vectors of all slices, image by image, (N * C, D).
    """

    images: ImageSet
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, images: ImageSet, metric: Metric) -> "Database":
        """Return a set with its vectors."""
        flat = images.fingerprints.reshape(-1, images.fingerprints.shape[-1])
        return cls(images, metric(flat))


def learn_metric(sets: list[ImageSet]) -> Metric:
    """Learn what copies may differ in, from images of all sets."""
    originals, changed, population = [], [], []
    for images in filter(len, sets):
        draw = generator(_SEED, "metric", images.name)
        rows = np.sort(draw.permutation(len(images))[:_LEARNED_FROM])
        pixels = images.images(rows)
        for variation in variations(pixels, images.window_hu, draw):
            changed.append(fingerprints(variation, images.window_hu))
            originals.append(images.middle()[rows])
        population.append(images.middle()[np.sort(draw.permutation(len(images))[:_POPULATION])])
    return fit_metric(*map(np.concatenate, (population, originals, changed)))


def labeled_query(images: ImageSet, metric: Metric) -> Query:
    """Return all key slices of a split, also cut on each side: a copy may show less."""
    rows = np.arange(len(images))
    vectors = [np.empty((len(CUTS), 0, metric.projection.shape[1]), np.float32)]
    for start in range(0, len(rows), _AT_A_TIME):
        pixels = images.images(rows[start : start + _AT_A_TIME])
        middle = pixels[:, pixels.shape[1] // 2]
        cuts = [metric(fingerprints(cut(middle, parts), images.window_hu)) for parts in CUTS]
        vectors.append(np.stack(cuts))
    return Query(images, rows, np.concatenate(vectors, 1))


def probe_query(images: ImageSet, metric: Metric, probes: int) -> Query:
    """Return some images of each series, evenly spread over it."""
    by_series = images.rows.groupby("series", sort=False).indices.values()
    places = [rows[_spread(len(rows), probes)] for rows in by_series]
    rows = np.sort(np.concatenate([np.empty(0, np.int64), *places]))
    return Query(images, rows, metric(images.middle()[rows])[None])


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Return up to `most` places of `count`, none twice."""
    number = min(count, most)
    return (2 * np.arange(number) + 1) * count // (2 * number)


def candidate_pairs(
    query: Query, database: Database, limits: Limits, workers: int = 1
) -> pd.DataFrame:
    """Return the pairs worth a look: `query`, `row` (images of the sets), `similarity`.

    Of each query and each series that is near to it, the nearest image. Pairs within a series, and
    labeled pairs of one patient, are left out.
    """
    known, slices = database.images, database.images.fingerprints.shape[1]
    asked = query.vectors.reshape(-1, database.vectors.shape[1])
    groups: tuple[NDArray[np.int64] | None, NDArray[np.int64] | None] = None, None
    if (query.images.name == "unlabeled") == (known.name == "unlabeled"):
        key = "series" if known.name == "unlabeled" else "patient"
        own, others = _groups(query.images.rows[key].to_numpy()[query.rows], known.rows[key])
        groups = np.tile(own, len(query.vectors)), np.repeat(others, slices)
    found = nearest(asked, database.vectors, limits.nearest, *groups, workers=workers)
    pairs = pd.DataFrame(
        {
            "query": query.rows[found.query % max(len(query.rows), 1)],
            "row": found.row // slices, "offset": found.row % slices - slices // 2,
            "similarity": found.similarity,
        }
    )  # fmt: skip
    pairs = pairs[pairs["similarity"] >= _LEAST_SIMILAR].reset_index(drop=True)
    pairs["series"] = known.rows["series"].to_numpy()[pairs["row"]]
    best = pairs.sort_values(["query", "similarity", "row"], ascending=[True, False, True])
    return best.drop_duplicates(["query", "series"]).drop(columns="series").reset_index(drop=True)


def _groups(
    query: NDArray[np.object_], database: pd.Series
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return numbers that are equal where names are."""
    codes, _ = pd.factorize(np.concatenate([query, database.to_numpy()]))
    return codes[: len(query)].astype(np.int64), codes[len(query) :].astype(np.int64)


def compare_pairs(
    pairs: pd.DataFrame, first: ImageSet, second: ImageSet, workers: int = 1
) -> pd.DataFrame:
    """Return the pairs with `correlation`, `detail`, `size_rows` and `size_columns`.

    A size is that of what the second shows over that of the first, in mm; where a pixel size is
    unknown it is not a number.

    Args:
        pairs: See `candidate_pairs`.
        first: The set of the queries.
        second: The set that they were found in.
        workers: Threads that share the parts; no value depends on their number.
    """
    sizes = ["row_mm", "column_mm"]

    def compared(start: int) -> NDArray[np.float64]:
        part = pairs.iloc[start : start + _AT_A_TIME]
        one, other = part["query"].to_numpy(), part["row"].to_numpy()
        found = compare(
            first.images(one), second.images(other), (first.window_hu, second.window_hu)
        )
        mine, theirs = first.rows[sizes].to_numpy()[one], second.rows[sizes].to_numpy()[other]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = found.scale * theirs / mine
        return np.column_stack([found.correlation, found.detail, ratio])

    starts = range(0, len(pairs), _AT_A_TIME)
    parts = [np.empty((0, 4))]
    with (
        ThreadPoolExecutor(workers) as pool,
        progress(f"pairs with {second.name}", len(starts), "part") as bar,
    ):
        for part in pool.map(compared, starts):
            parts.append(part)
            bar.update()
    names = ["correlation", "detail", "size_rows", "size_columns"]
    return pairs.join(pd.DataFrame(np.concatenate(parts), columns=names))
