"""One CT series slice by slice through a released network, in memory that does not grow.

Z slices, cranial first; Y rows, X columns, L labels, E width of the embedding.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from maknet.data.ct.preprocess import ImageSettings, is_caudal_first, prepare_slices, reorient
from maknet.data.ct.quality import ScreeningRules, check_body, check_shape, sampled_slices
from maknet.data.ct.series import SortedSeries, Volume
from maknet.dicom.header import Header
from maknet.models.device import as_input
from maknet.release.pretrained import ReleasedNetwork

_SHOWN_HU = (-500.0, 1000.0)  # of a projection: bones and tissue, and no air


@dataclass(frozen=True)
class SeriesScores:
    """What a network says of the slices of a series.

    Attributes:
        uid: SeriesInstanceUID.
        slices: Header of each slice, (Z,).
        positions_mm: Positions, rising towards the head, (Z,).
        spacing_mm: (z, y, x).
        probabilities: (Z, L); NaN where there is no body.
        embeddings: What the classifier sees, (Z, E); NaN as above. None where not asked for.
        coronal: Mean along the rows of the patient, (Z, X), from 0 to 1.
        sagittal: Mean along the columns, (Z, Y), from 0 to 1.
    """

    uid: str
    slices: tuple[Header, ...]
    positions_mm: NDArray[np.float64]
    spacing_mm: tuple[float, float, float]
    probabilities: NDArray[np.float32]
    embeddings: NDArray[np.float32] | None
    coronal: NDArray[np.float32]
    sagittal: NDArray[np.float32]

    @property
    def sop_uids(self) -> list[str]:
        """SOPInstanceUID of each slice, (Z,)."""
        return [header.sop_uid for header in self.slices]


def screen(series: SortedSeries, rules: ScreeningRules) -> None:
    """Refuse a series that breaks a rule, by a few of its slices.

    Raises:
        SeriesError: With the first rule that is broken, or a damaged slice.
    """
    first = series.slices[0]
    check_shape((len(series), first.rows, first.columns), series.spacing_mm, rules)
    check_body([series.read(z, z + 1).hu[0] for z in sampled_slices(len(series))], rules)


def score_series(
    series: SortedSeries,
    released: ReleasedNetwork,
    *,
    step: int = 1,
    batch_size: int = 16,
    device: torch.device,
    embed: bool = False,
) -> SeriesScores:
    """Label a series.

    A slice has the answer to the three slices around it; the first and the last have that of their
    neighbor.

    Args:
        series: At least three slices.
        released: A network of slices, on the device.
        step: Every so many slices are looked at; others have the answer of the nearest.
        batch_size: Images per batch.
        device: Device of the network.
        embed: Whether embeddings are kept.

    Raises:
        SeriesError: A slice is damaged.
    """
    count = len(series)
    views = _Views(series)
    centers = np.unique(np.clip(np.r_[np.arange(1, count - 1, step), count - 2], 1, count - 2))
    answers = [*_answers(views, released, [int(c) for c in centers], batch_size, device, embed)]
    for row in range(count):
        views.look(row)  # what no image has shown
    nearest = np.abs(np.arange(count)[:, None] - centers).argmin(1)
    probabilities = np.concatenate([found for found, _ in answers])[nearest]
    embeddings = np.concatenate([found for _, found in answers])[nearest] if embed else None
    order = slice(None, None, -1) if views.caudal_first else slice(None)
    sign = 1.0 if views.caudal_first else -1.0
    return SeriesScores(
        series.series_uid, series.slices[order],
        sign * series.positions_mm[order], views.spacing_mm, probabilities, embeddings,
        np.stack([views.coronal[row] for row in range(count)]),
        np.stack([views.sagittal[row] for row in range(count)]),
    )  # fmt: skip


class _Views:
    """The slices of a series in the standard view, cranial first; three at a time in memory."""

    def __init__(self, series: SortedSeries) -> None:
        self._series = series
        self._kept: dict[int, NDArray[np.int16]] = {}
        self.caudal_first = is_caudal_first(series.direction)
        self.spacing_mm = series.spacing_mm
        self.coronal: dict[int, NDArray[np.float32]] = {}
        self.sagittal: dict[int, NDArray[np.float32]] = {}

    def triplet(self, center: int) -> NDArray[np.int16]:
        """Return the slices around one, (3, Y, X) in HU."""
        rows = (center - 1, center, center + 1)
        self._kept = {row: hu for row, hu in self._kept.items() if row in rows}
        for row in rows:
            if row not in self._kept:
                self._kept[row] = self._read_and_project(row)
        return np.stack([self._kept[row] for row in rows])

    def look(self, row: int) -> None:
        """Add a slice to the projections, if it is not there."""
        if row not in self.coronal:
            self._read_and_project(row)

    def _read_and_project(self, row: int) -> NDArray[np.int16]:
        place = len(self._series) - 1 - row if self.caudal_first else row
        volume: Volume = self._series.read(place, place + 1)
        hu, _, self.spacing_mm = reorient(volume)
        low, high = _SHOWN_HU
        shown = (np.clip(hu[0], low, high) - np.float32(low)) / np.float32(high - low)
        self.coronal[row], self.sagittal[row] = shown.mean(0), shown.mean(1)
        plane: NDArray[np.int16] = np.ascontiguousarray(hu[0])
        return plane


def _answers(
    views: _Views, released: ReleasedNetwork, centers: list[int], batch_size: int,
    device: torch.device, embed: bool,
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:  # fmt: skip
    """Yield probabilities and embeddings batch by batch."""
    settings = released.image
    for start in range(0, len(centers), batch_size):
        images = [_image(views, center, settings) for center in centers[start : start + batch_size]]
        there = np.array([image is not None for image in images])
        probabilities = np.full((len(images), len(released.names)), np.nan, np.float32)
        embeddings = np.full((len(images), _width(released) if embed else 0), np.nan, np.float32)
        if there.any():
            stacked = torch.from_numpy(np.stack([image for image in images if image is not None]))
            scores, features = _forward(released, as_input(stacked, device))
            probabilities[there] = scores.cpu().numpy()
            if embed:
                embeddings[there] = features.cpu().numpy()
        yield probabilities, embeddings


def _image(views: _Views, center: int, settings: ImageSettings) -> NDArray[np.uint8] | None:
    prepared = prepare_slices(views.triplet(center), settings)
    return None if prepared is None else prepared[0]


def _forward(released: ReleasedNetwork, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the probabilities and what the head of the network was given."""
    given: list[Tensor] = []
    hook = _head(released).register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    try:
        with torch.inference_mode():
            return released(images), given[0]
    finally:
        hook.remove()


def _head(released: ReleasedNetwork) -> nn.Module:
    return released.network.get_submodule("head")


def _width(released: ReleasedNetwork) -> int:
    return int(released.network.get_parameter("head.classifier.weight").shape[1])
