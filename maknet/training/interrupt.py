"""Requests to stop a training before its end: signals, and its own deadline."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from maknet.errors import InputError

StopReason = Callable[[], str | None]


class InterruptedTrainingError(InputError):
    """A signal or the deadline stopped a training, which saved its state if it has a checkpoint."""


@contextmanager
def stop_requests(deadline: float | None = None) -> Iterator[StopReason]:
    """Turn signals and a deadline into stop requests while the block runs.

    SIGTERM (a cancelled, preempted or requeued job) and SIGINT (Ctrl-C) are held back while the
    block runs, so that the training can save itself at the end of its step.

    Args:
        deadline: Time from which on to stop, in seconds since 1970; None for no limit.

    Yields:
        A function that returns the reason to stop, or None.
    """
    received: list[str] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(signal.Signals(number).name)

    def reason() -> str | None:
        if received:
            return f"told to stop by {received[0]}"
        if deadline is not None and time.time() >= deadline:
            return "out of time"
        return None

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield reason
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
