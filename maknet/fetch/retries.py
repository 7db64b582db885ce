"""The retries of a download, and the pauses before them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts with pauses that double.

    Attributes:
        retries: Number of attempts after the first.
        backoff_s: Pause before the first of them in seconds; it doubles with each.
    """

    retries: int
    backoff_s: float

    def pauses(self) -> Iterator[float]:
        """Yield the pause before each attempt in seconds; 0 before the first."""
        yield 0.0
        for attempt in range(self.retries):
            yield self.backoff_s * 2**attempt
