"""The checkpoint of an unfinished training: one file, written atomically.

It is not an output of the workflow, since Snakemake deletes the outputs of a job that failed.
"""

import pickle
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from maknet.errors import InputError
from maknet.files import atomic_path

State = dict[str, Any]


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
        try:
            saved = torch.load(self.path, map_location="cpu", weights_only=True)  # noqa: TID251 - no code
            identity, state = saved["identity"], saved["state"]
        except (RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.path} is not the state of a training ({str(error)[:100]}); delete it to "
                "start the training anew."
            ) from error
        for name, mine in self._identity.items():
            if identity.get(name) != mine:
                raise InputError(
                    f"{self.path} is the state of a training with other {name} (digest "
                    f"{identity.get(name)}, now {mine}); put them back to go on with it, or delete "
                    "it to start anew."
                )
        found: State = state
        return found

    def save(self, state: State) -> None:
        """Replace the saved state."""
        with atomic_path(self.path) as temporary, temporary.open("wb") as handle:
            torch.save({"identity": self._identity, "state": state}, handle)  # noqa: TID251
        self._saved_at = time.monotonic()

    def due(self) -> bool:
        """Return whether the interval has passed since the last state was saved."""
        return time.monotonic() - self._saved_at >= self._interval_s
