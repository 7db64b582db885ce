"""The nearest of all vectors, by comparing every pair: exact, and faster here than an index.

One core compares 1.5 million vectors of 48 numbers with 21,000 others in half a minute
(`python -m benchmarks.duplicates`), so that nothing is gained by an approximate index. Q queries,
N vectors of the database, D numbers a vector, K neighbors.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ROWS, _COLUMNS = 1024, 256  # of the block of similarities that stays in the processor's cache
_PENDING = 4_000_000  # pairs that are kept before the nearest among them are chosen


@dataclass(frozen=True)
class Neighbors:
    """Pairs of a query and a vector of the database, by query, the nearest first.

    Attributes:
        query: (P,).
        row: (P,).
        similarity: Cosine of their angle, (P,) float32.
    """

    query: NDArray[np.int64]
    row: NDArray[np.int64]
    similarity: NDArray[np.float32]


def nearest(
    queries: NDArray[np.float32],
    database: NDArray[np.float32],
    count: int,
    query_group: NDArray[np.int64] | None = None,
    group: NDArray[np.int64] | None = None,
    workers: int = 1,
) -> Neighbors:
    """Return the most similar vectors of each query.

    Args:
        queries: (Q, D), of length 1.
        database: (N, D), of length 1.
        count: K, how many to return of each query.
        query_group: Number of each query's group, (Q,): pairs within a group are left out.
        group: Number of each vector's group, (N,).
        workers: Threads that share the queries; no value depends on their number.
    """
    blocks = -(-len(queries) // _COLUMNS)  # whole ones, so that the same products are computed
    share = _COLUMNS * max(1, -(-blocks // workers))

    def of_share(start: int) -> Neighbors:
        chosen = slice(start, start + share)
        groups = None if query_group is None else query_group[chosen]
        found = _nearest(queries[chosen], database, count, groups, group)
        return Neighbors(found.query + start, found.row, found.similarity)

    with ThreadPoolExecutor(workers) as pool:
        shares = list(pool.map(of_share, range(0, max(len(queries), 1), share)))
    return Neighbors(
        *(np.concatenate([getattr(part, name) for part in shares])
          for name in ("query", "row", "similarity"))
    )  # fmt: skip


def _nearest(
    queries: NDArray[np.float32],
    database: NDArray[np.float32],
    count: int,
    query_group: NDArray[np.int64] | None,
    group: NDArray[np.int64] | None,
) -> Neighbors:
    found = _Best(len(queries), count)
    for first in range(0, len(database), _ROWS):
        block = database[first : first + _ROWS]
        for start in range(0, len(queries), _COLUMNS):
            part = queries[start : start + _COLUMNS]
            similarity = part @ block.T
            least = found.least[start : start + _COLUMNS]
            better = similarity > least[:, None]
            if not better.any():
                continue
            query, row = np.nonzero(better)
            chosen = similarity[query, row]
            query, row = query + start, row + first
            if query_group is not None and group is not None:
                other = query_group[query] != group[row]
                query, row, chosen = query[other], row[other], chosen[other]
            found.add(query, row, chosen)
    return found.chosen()


class _Best:
    """The `count` best pairs of each query among those that were added."""

    def __init__(self, queries: int, count: int) -> None:
        self.least = np.full(queries, -np.inf, np.float32)
        self._count = count
        self._parts: list[Neighbors] = []
        self._pending = 0

    def add(
        self, query: NDArray[np.int64], row: NDArray[np.int64], similarity: NDArray[np.float32]
    ) -> None:
        """Add pairs; now and then forget those that are no longer among the best."""
        self._parts.append(Neighbors(query, row, similarity))
        self._pending += len(query)
        if self._pending > max(_PENDING, 4 * self._count * len(self.least)):
            self.chosen()

    def chosen(self) -> Neighbors:
        """Return the best pairs, and keep only them."""
        query, row, similarity = (
            np.concatenate([np.empty(0, kind), *(getattr(part, name) for part in self._parts)])
            for name, kind in (("query", np.int64), ("row", np.int64), ("similarity", np.float32))
        )
        order = np.lexsort((row, -similarity, query))
        query, row, similarity = query[order], row[order], similarity[order]
        place = np.arange(len(query)) - np.searchsorted(query, query)
        kept = place < self._count
        full = place == self._count - 1
        self.least[query[full]] = similarity[full]
        best = Neighbors(query[kept], row[kept], similarity[kept])
        self._parts, self._pending = [best], len(best.query)
        return best
