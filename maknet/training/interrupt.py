"""When a training has to stop before its end: a signal, or its own deadline."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from maknet.errors import InputError

StopReason = Callable[[], str | None]


class InterruptedTrainingError(InputError):
    """A training was told to stop; what it had learned is saved."""


@contextmanager
def stop_requests(deadline: float | None = None) -> Iterator[StopReason]:
    """Yield a function that says why to stop, or None to go on.

    SIGTERM (a cancelled, preempted or requeued job) and SIGINT (Ctrl-C) are held back while the
    block runs, so that the training can save itself at the end of its step.

    Args:
        deadline: When the block must end, in seconds since 1970; None for no limit.
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
