"""The training curves: TensorBoard events while a training runs, a CSV when it has ended."""

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from maknet.files import write_frame, writing

Entry = tuple[int, float, dict[str, float]]  # epoch, seconds since 1970, values
_NOT_A_RESULT = "speed/"  # what differs from run to run stays out of the CSV


class History:
    """Writes one value per quantity and epoch to TensorBoard.

    Args:
        folder: Folder of the events; what an earlier attempt left there is replaced.
        entries: Entries from before an interruption, which are written again.
    """

    def __init__(self, folder: Path, entries: Sequence[Entry] = ()) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        with writing(folder):
            self._writer = SummaryWriter(str(folder))
        self.entries: list[Entry] = []
        for entry in entries:
            self._write(entry)

    def __enter__(self) -> "History":
        """Return the history."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Flush the events."""
        with writing(self._folder):
            self._writer.close()

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        """Write the values of one epoch, counted from 0; NaN values are left out."""
        self._write((epoch, time.time(), dict(values)))

    def _write(self, entry: Entry) -> None:
        epoch, walltime, values = entry
        self.entries.append(entry)
        with writing(self._folder):
            for name, value in values.items():
                if not math.isnan(value):
                    self._writer.add_scalar(name, value, epoch + 1, walltime)
            self._writer.flush()


def history_to_csv(folder: Path, target: Path) -> None:
    """Read the events back with tbparse and write one row per epoch, one column per quantity."""
    from tbparse import SummaryReader

    scalars = SummaryReader(str(folder)).scalars
    scalars = scalars[~scalars["tag"].str.startswith(_NOT_A_RESULT)]
    table = scalars.pivot(index="step", columns="tag", values="value").reset_index()
    table = table.rename(columns={"step": "epoch"}).rename_axis(columns=None)
    write_frame(target, table)
