"""The checkpoint of an unfinished training: one file, written atomically.

It is not an output of the workflow, since Snakemake deletes the outputs of a job that failed. Its
first line holds the SHA-256 of all that follows: torch reads most flipped bits as other weights.
"""

import hashlib
import io
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from maknet.errors import InputError
from maknet.files import atomic_path, parsing

State = dict[str, Any]
_MARK = "training state, sha256 "
_HEAD_BYTES = len(_MARK) + 64 + 1


class Checkpoint:
    """Saves and loads the state of one training.

    Args:
        path: Checkpoint file.
        identity: Digests by name (settings, inputs, code) that identify the training; a state with
            other digests is refused.
        interval_s: Seconds between periodic saves.
    """

    def __init__(self, path: str | Path, identity: Mapping[str, str], interval_s: float) -> None:
        self.path = Path(path)
        self._identity = dict(identity)
        self._interval_s = interval_s
        self._saved_at = time.monotonic()

    def load(self) -> State | None:
        """Return the saved state, None when there is none.

        Raises:
            InputError: The file is damaged, or belongs to another training.
        """
        if not self.path.exists():
            return None
        with parsing(self.path, "the state of a training", self._anew):
            content = _unpacked(self.path.read_bytes())
            saved = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)  # noqa: TID251 - no code
            identity, state = _parts(saved)
        for name, mine in self._identity.items():
            if identity.get(name) != mine:
                raise InputError(
                    f"{self.path} is the state of a training with other {name} (digest "
                    f"{identity.get(name)}, now {mine}); put them back to go on with it, or "
                    f"{self._anew}."
                )
        return state

    @property
    def _anew(self) -> str:
        return f"delete it with `rm {shlex.quote(str(self.path.absolute()))}` to start anew"

    def save(self, state: State) -> None:
        """Replace the saved state."""
        content = io.BytesIO()
        torch.save({"identity": self._identity, "state": state}, content)  # noqa: TID251
        with atomic_path(self.path) as temporary, temporary.open("wb") as handle:
            handle.write(_head(content.getbuffer()))
            handle.write(content.getbuffer())
        self._saved_at = time.monotonic()

    def due(self) -> bool:
        """Return whether the interval has passed since the last state was saved."""
        return time.monotonic() - self._saved_at >= self._interval_s


def _head(content: bytes | memoryview) -> bytes:
    """Return the first line of a file."""
    return f"{_MARK}{hashlib.sha256(content).hexdigest()}\n".encode()


def _unpacked(packed: bytes) -> memoryview:
    """Return the content of a file behind its first line.

    Raises:
        ValueError: A bit is another, or bytes are missing.
    """
    content = memoryview(packed)[_HEAD_BYTES:]
    if packed[:_HEAD_BYTES] != _head(content):
        raise ValueError("it is damaged: its SHA-256 does not match")
    return content


def _parts(saved: dict[str, Any]) -> tuple[dict[str, str], State]:
    """Return identity and state.

    Raises:
        TypeError: One of them is no dictionary.
    """
    identity, state = saved["identity"], saved["state"]
    if not isinstance(identity, dict) or not isinstance(state, dict):
        raise TypeError("its identity or its state is no dictionary")
    return identity, state
