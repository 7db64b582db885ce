"""Files and folders of CT in, tables and a page out; one bad series takes no other along."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from maknet.data.ct.preprocess import is_caudal_first
from maknet.data.ct.quality import ScreeningRules
from maknet.data.ct.reasons import Reason, SeriesError
from maknet.data.ct.series import SortedSeries, sort_series
from maknet.errors import InputError
from maknet.files import atomic_path, write_text
from maknet.labeling.body_parts import check_header
from maknet.labeling.extents import Extent, decide_labels, find_extents
from maknet.labeling.inputs import (
    FoundSeries,
    Refused,
    body_part_examined,
    find_series,
    without_names,
)
from maknet.labeling.picture import Entry, draw_entry, write_page
from maknet.labeling.series_labels import SeriesScores, score_series, screen
from maknet.labeling.structured_report import (
    UnreportableError,
    require_highdicom,
    write_structured_report,
)
from maknet.labeling.tables import (
    SliceTables,
    series_rows,
    slice_tables,
    write_refused,
    write_series,
)
from maknet.progress import tracked
from maknet.release.pretrained import ReleasedNetwork

logger = logging.getLogger("maknet")
_FEWEST_SLICES = 3  # what the network looks at
_SMALLEST_MATRIX = 64


@dataclass(frozen=True)
class LabelOptions:
    """How series are labeled.

    Attributes:
        threshold: Least probability of all labels; None takes those of the release.
        step: Every so many slices are looked at.
        batch_size: Images per batch.
        embeddings: Whether `embeddings.npy` is written.
        reports: Whether a DICOM SR of each series is written.
    """

    threshold: float | None = None
    step: int = 1
    batch_size: int = 16
    embeddings: bool = False
    reports: bool = False


@dataclass
class _Outcome:
    """What has been labeled so far."""

    tables: SliceTables
    rows: list[dict[str, object]]
    entries: list[Entry]
    refused: list[Refused]
    embeddings: list[NDArray[np.float32]]


def label_paths(
    paths: Sequence[Path],
    target: Path,
    released: ReleasedNetwork,
    device: torch.device,
    options: LabelOptions | None = None,
) -> tuple[int, int]:
    """Label every CT series below `paths` and write what was found into `target`.

    Args:
        paths: Files and folders.
        target: Folder to write; files of the same names are replaced.
        released: A network of slices, on the device.
        device: Device of the network.
        options: How series are labeled.

    Returns:
        Number of series that were labeled and of those that were refused.

    Raises:
        InputError: There are no files, or the network does not label slices.
    """
    options = options or LabelOptions()
    if "image" not in released.preprocessing:
        raise InputError(
            f"{released.config['run']} labels lesions and not slices; give --weights the release "
            "of a student or of the teacher."
        )
    if options.reports:
        require_highdicom()
    found, refused = find_series(paths)
    target.mkdir(parents=True, exist_ok=True)
    with slice_tables(target, released) as tables:
        outcome = _Outcome(tables, [], [], refused, [])
        for series in tracked(found, "labels", "series"):
            _label_one(series, target, released, device, options, outcome)
    write_series(target, outcome.rows)
    write_refused(target, outcome.refused, released.trained_on)
    write_page(target / "page.html", outcome.entries, refused, released.trained_on, released.root)
    if options.embeddings:
        _save_embeddings(target / "embeddings.npy", outcome.embeddings)
    write_text(target / "README.md", _readme(released, options))
    return len(outcome.entries), len(refused)


def _label_one(
    found: FoundSeries, target: Path, released: ReleasedNetwork, device: torch.device,
    options: LabelOptions, outcome: _Outcome,
) -> None:  # fmt: skip
    """Label a series, or note why it is not labeled."""
    try:
        series = sort_series(found.headers, released.geometry, found.left_out, found.uid)
        screen(series, _loosened(released.screening))
        scores = score_series(
            series, released, step=options.step, batch_size=options.batch_size, device=device,
            embed=options.embeddings,
        )  # fmt: skip
        scores = replace(scores, uid=found.uid)
        _add(series, scores, target, released, options, outcome)
    except SeriesError as error:
        detail = without_names(error, found.headers)
        outcome.refused.append(Refused(found.uid, len(found.headers), error.reason, detail))
        logger.warning("series %s is not labeled: %s", found.uid, error)
    except (InputError, OSError):
        raise  # of the outputs
    except Exception as error:  # one series takes no other along
        detail = f"an error that nobody foresaw: {type(error).__name__}"
        outcome.refused.append(
            Refused(found.uid, len(found.headers), Reason.INTERNAL_ERROR, detail)
        )
        logger.error("series %s: %s", found.uid, detail, exc_info=error)


def _loosened(rules: ScreeningRules) -> ScreeningRules:
    """Return the rules of training without its own needs: many slices, a large matrix."""
    return replace(
        rules,
        min_slices=min(rules.min_slices, _FEWEST_SLICES),
        min_matrix=min(rules.min_matrix, _SMALLEST_MATRIX),
    )


def _add(
    series: SortedSeries, scores: SeriesScores, target: Path, released: ReleasedNetwork,
    options: LabelOptions, outcome: _Outcome,
) -> None:  # fmt: skip
    """Write the slices of a series, and note what is written when all are done."""
    limits = np.array(released.thresholds) if options.threshold is None else options.threshold
    held = decide_labels(scores.probabilities, limits, released.exclusive, released.parents)
    extents = find_extents(
        held, scores.probabilities, scores.positions_mm, scores.spacing_mm[0], released.names
    )
    seen = {extent.label for extent in extents}
    check = check_header(body_part_examined(series.slices[0]), seen, released.names)
    entry = draw_entry(scores, extents, check, released.trained_on)
    if options.reports:
        _report(series, scores, extents, target, released)
    outcome.tables.add(scores, held, released)
    outcome.rows += series_rows(
        scores, extents, check, sum(series.left_out.values()), released.trained_on
    )
    outcome.entries.append(entry)
    if scores.embeddings is not None:
        outcome.embeddings.append(scores.embeddings)


def _report(
    series: SortedSeries, scores: SeriesScores, extents: Sequence[Extent], target: Path,
    released: ReleasedNetwork,
) -> None:  # fmt: skip
    order = slice(None, None, -1) if is_caudal_first(series.direction) else slice(None)
    paths = [header.path for header in series.slices[order]]
    try:
        write_structured_report(
            target / "reports" / f"{scores.uid}.dcm", paths, extents,
            algorithm=f"MAKNet workflow, {released.config['run']}", version=released.root[:16],
            trained_on=released.trained_on,
        )  # fmt: skip
    except UnreportableError as error:  # its tables and its picture are there
        logger.warning("series %s has no report: %s", scores.uid, error)


def _save_embeddings(path: Path, parts: Sequence[NDArray[np.float32]]) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, np.concatenate(parts) if parts else np.empty((0, 0), np.float32))


def _readme(released: ReleasedNetwork, options: LabelOptions) -> str:
    chosen = "the release's, by label" if options.threshold is None else f"{options.threshold:g}"
    lines = [
        "# Body parts of CT series", "",
        f"The network, run `{released.config['run']}` with the root `{released.root}`, was "
        f"**{released.trained_on}**.", "",
        "* `page.html`: every series from the front and the side, its body parts beside it.",
        "* `slices.parquet`, `slices.csv`: a row a slice; `p:LABEL` is a probability, `labels` are "
        f"those from the threshold on ({chosen}) after exclusives and hierarchy; slice 0 is the "
        "most cranial one, `position_mm` rises towards the head.",
        "* `series.csv`: from where to where each label holds; `cut_at` names the ends of the scan "
        "that it reaches, `disagreement` what the header names and no slice shows.",
        "* `rejected.csv`: what was not labeled, and why.",
    ]  # fmt: skip
    if options.embeddings:
        lines.append("* `embeddings.npy`: what the classifier sees, a row a row of `slices.csv`.")
    if options.reports:
        lines.append(
            "* `reports/`: a DICOM SR of each series that has labels and UIDs, without the "
            "patient's identity."
        )
    lines += ["", "Of patients these files hold DICOM UIDs and nothing else.", ""]
    return "\n".join(lines)
