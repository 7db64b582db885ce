"""The training curves: TensorBoard events while a training runs, a CSV when it has ended."""

import math
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from torch.utils.tensorboard.summary import hparams

from maknet.files import write_frame, writing

Entry = tuple[int, float, dict[str, float]]  # epoch, seconds since 1970, values
Settings = Mapping[str, bool | int | float | str]
_COMPARED = ("auc", "f1", "loss")  # beside the settings of each run
_NOT_A_RESULT = "speed/"  # what differs from run to run stays out of the CSV


class History:
    """Writes one value per quantity and epoch to TensorBoard, and the run's settings.

    Args:
        folder: Folder of the events; what an earlier attempt left there is replaced.
        entries: Entries from before an interruption, which are written again.
        settings: Settings of the run by key, which TensorBoard compares under HParams.
    """

    def __init__(
        self, folder: Path, entries: Sequence[Entry] = (), settings: Settings | None = None
    ) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        with writing(folder):
            self._writer = SummaryWriter(str(folder))
            if settings:
                self._write_settings(settings)
        self.entries: list[Entry] = []
        for entry in entries:
            self._write(entry)

    def _write_settings(self, settings: Settings) -> None:
        # Not add_hparams, which would make a folder of its own.
        writer = self._writer._get_file_writer()  # type: ignore[no-untyped-call] # torch's stub
        for summary in hparams(dict(settings), dict.fromkeys(_COMPARED, 0)):  # type: ignore[no-untyped-call] # torch's stub
            writer.add_summary(summary)

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

    def add_images(self, images: Tensor | None) -> None:
        """Show images (N, 1, H, W) in gray, the least value black and the largest white."""
        if images is None:
            return
        low, high = images.min(), images.max()
        with writing(self._folder):
            self._writer.add_images(
                "as the network sees them", (images - low) / (high - low + 1e-9)
            )

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
