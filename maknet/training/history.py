"""The course of a training: TensorBoard events while it runs, a CSV when it has ended."""

import math
import shutil
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter

from maknet.files import atomic_path


class History:
    """Writes one value per quantity and epoch to TensorBoard; an older history is replaced."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = SummaryWriter(str(folder))

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
        self._writer.close()

    def add(self, epoch: int, **values: float) -> None:
        """Add the values of an epoch, 0-based; undefined ones are left out."""
        for name, value in values.items():
            if not math.isnan(value):
                self._writer.add_scalar(name, value, epoch + 1)
        self._writer.flush()


def history_to_csv(folder: Path, target: Path) -> None:
    """Read the events back with tbparse and write one row an epoch, one column a quantity."""
    from tbparse import SummaryReader

    scalars = SummaryReader(str(folder)).scalars
    table = scalars.pivot(index="step", columns="tag", values="value").reset_index()
    table = table.rename(columns={"step": "epoch"}).rename_axis(columns=None)
    with atomic_path(target) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
