"""Files and folders of CT in, tables and a page out; one bad series does not affect the others."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from maknet.data.ct.quality import ScreeningRules
from maknet.data.ct.reasons import Reason, SeriesError
from maknet.data.ct.series import SortedSeries, sort_series
from maknet.errors import InputError
from maknet.files import atomic_path, write_text
from maknet.labeling.body_parts import HeaderCheck, check_header
from maknet.labeling.extents import MAX_GAP_MM, Extent, decide_labels, find_extents
from maknet.labeling.inputs import (
    FoundSeries,
    Refused,
    Tell,
    body_part_examined,
    find_series,
    without_words,
)
from maknet.labeling.outputs import Mark, replaced_folder
from maknet.labeling.picture import Entry, draw_entry, write_page
from maknet.labeling.series_labels import SeriesScores, score_series, screen
from maknet.labeling.structured_report import (
    UnreportableError,
    require_highdicom,
    write_structured_report,
)
from maknet.labeling.tables import (
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
MARK = Mark("README.md", "# Body parts of CT series")


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


@dataclass(frozen=True)
class _Labeled:
    """What is known of one series, before any of it is written."""

    series: SortedSeries
    scores: SeriesScores
    held: NDArray[np.bool_]
    extents: list[Extent]
    check: HeaderCheck
    entry: Entry


def label_paths(
    paths: Sequence[Path],
    target: Path,
    released: ReleasedNetwork,
    device: torch.device,
    options: LabelOptions | None = None,
    tell: Tell = lambda _: None,
) -> tuple[int, int]:
    """Label every CT series below `paths` and write what was found into `target`.

    Args:
        paths: Files and folders.
        target: Folder to write. Earlier labels are replaced once all new ones are there.
        released: A network of slices, on the device.
        device: Device of the network.
        options: How series are labeled.
        tell: Is told which file a number in the tables stands for.

    Returns:
        Number of series that were labeled, and of what was refused.

    Raises:
        InputError: There are no files, the network does not label slices, or `target` holds
            something else.
    """
    options = options or LabelOptions()
    if "image" not in released.preprocessing:
        raise InputError(
            f"{released.config['run']} labels lesions and not slices; give --weights the release "
            "of a student or of the teacher."
        )
    if options.reports:
        require_highdicom()
    with replaced_folder(target, MARK) as folder:
        found, refused = find_series(paths, target, tell)
        entries, rows, embeddings = [], list[dict[str, Any]](), list[NDArray[np.float32]]()
        with slice_tables(folder, released) as tables:
            for series in tracked(found, "labels", "series"):
                labeled = _label_one(series, released, device, options)
                if isinstance(labeled, Refused):
                    refused.append(labeled)
                    continue
                tables.add(labeled.scores, labeled.held, released)
                rows += _rows(labeled, folder, released, options)
                entries.append(labeled.entry)
                if labeled.scores.embeddings is not None:
                    embeddings.append(labeled.scores.embeddings)
        write_series(folder, rows)
        write_refused(folder, refused, released.trained_on)
        write_page(folder / "page.html", entries, refused, released.trained_on, released.root)
        if options.embeddings:
            _save_embeddings(folder / "embeddings.npy", embeddings)
        write_text(folder / MARK.file, _readme(released, options))
    return len(entries), len(refused)


def _label_one(
    found: FoundSeries, released: ReleasedNetwork, device: torch.device, options: LabelOptions
) -> _Labeled | Refused:
    """Label a series, or say why it is not labeled; nothing is written here."""
    try:
        series = sort_series(found.headers, released.geometry, found.left_out, found.uid)
        screen(series, _loosened(released.screening))
        scores = score_series(
            series, released, step=options.step, batch_size=options.batch_size, device=device,
            embed=options.embeddings,
        )  # fmt: skip
        return _with_labels(series, replace(scores, uid=found.uid), released, options)
    except SeriesError as error:
        reason, detail = error.reason, without_words(error)
    except OSError as error:
        reason, detail = Reason.UNREADABLE, f"{error.strerror}, of one of its files"
    except Exception as error:  # one series takes no other along
        reason = Reason.INTERNAL_ERROR
        detail = f"unexpected error: {type(error).__name__}"
        logger.error("series %s: %s", found.uid, detail, exc_info=error)
    logger.warning("series %s is not labeled: %s: %s", found.uid, reason, detail)
    return Refused(found.uid, len(found.headers), reason, detail)


def _with_labels(
    series: SortedSeries, scores: SeriesScores, released: ReleasedNetwork, options: LabelOptions
) -> _Labeled:
    """Decide the labels of a series, find their extents, and draw them."""
    limits = np.array(released.thresholds) if options.threshold is None else options.threshold
    held = decide_labels(scores.probabilities, limits, released.exclusive, released.parents)
    extents = find_extents(
        held, scores.probabilities, scores.positions_mm, scores.spacing_mm[0], released.names
    )
    seen = {extent.label for extent in extents}
    much = {extent.label for extent in extents if extent.extent_mm > MAX_GAP_MM}
    tag = body_part_examined(series.slices[0])
    check = check_header(tag, seen, much, released.names)
    entry = draw_entry(scores, extents, check, released.trained_on)
    return _Labeled(series, scores, held, extents, check, entry)


def _rows(
    labeled: _Labeled, folder: Path, released: ReleasedNetwork, options: LabelOptions
) -> Iterator[dict[str, Any]]:
    report = _report(labeled, folder, released) if options.reports else ""
    return series_rows(
        labeled.scores, labeled.extents, labeled.check, labeled.series.left_out, report,
        released.trained_on,
    )  # fmt: skip


def _loosened(rules: ScreeningRules) -> ScreeningRules:
    """Return the rules of training without its own needs: many slices, a large matrix."""
    return replace(
        rules,
        min_slices=min(rules.min_slices, _FEWEST_SLICES),
        min_matrix=min(rules.min_matrix, _SMALLEST_MATRIX),
    )


def _report(labeled: _Labeled, folder: Path, released: ReleasedNetwork) -> str:
    """Write the DICOM report of a series and return `yes`, or why there is none."""
    scores = labeled.scores
    if not labeled.extents:
        return "no: no label to report"
    if "" in scores.sop_uids:
        return "no: its images have no SOPInstanceUID"
    if len(set(scores.sop_uids)) < len(scores.sop_uids):
        return "no: slices share a SOPInstanceUID"
    paths = [header.path for header in scores.slices]
    try:
        write_structured_report(
            folder / "reports" / f"{scores.uid}.dcm", paths, labeled.extents,
            algorithm=f"MAKNet workflow, {released.config['run']}", version=released.root[:16],
            trained_on=released.trained_on,
        )  # fmt: skip
    except UnreportableError:
        return "no: its UIDs are missing, or are not those of CT images"
    except Exception as error:  # its tables and its picture are there, and so are other series
        logger.error("series %s has no report", scores.uid, exc_info=error)
        return f"no: unexpected error: {type(error).__name__}"
    return "yes"


def _save_embeddings(path: Path, parts: Sequence[NDArray[np.float32]]) -> None:
    with atomic_path(path) as temporary, temporary.open("wb") as handle:
        np.save(handle, np.concatenate(parts) if parts else np.empty((0, 0), np.float32))


def _readme(released: ReleasedNetwork, options: LabelOptions) -> str:
    chosen = "the release's, by label" if options.threshold is None else f"{options.threshold:g}"
    lines = [
        MARK.first_line, "",
        f"The network, run `{released.config['run']}` with the root `{released.root}`, was "
        f"**{released.trained_on}**.", "",
        "* `page.html`: every series from the front and the side, its body parts beside it.",
        "* `slices.parquet`, `slices.csv`: one row per slice; `p:LABEL` is a probability, `labels` "
        f"are those at or above the threshold ({chosen}) after exclusions and hierarchy; slice 0 "
        "is the most cranial, `position_mm` is along the slices' normal and rises to the head.",
        "* `series.csv`: from where to where each label holds; `cut_at` names the ends of the scan "
        "that it reaches, `disagreement` what the header names and no slice shows.",
        "* `rejected.csv`: what was not labeled, and why.",
    ]  # fmt: skip
    if options.embeddings:
        lines.append("* `embeddings.npy`: what the classifier sees, rows as in `slices.csv`.")
    if options.reports:
        lines.append(
            "* `reports/`: a DICOM SR of each series that has labels and UIDs, without the "
            "patient's identity."
        )
    lines += [
        "", "No name and no date is in these files, but DICOM UIDs, and pictures in the page: "
        "treat them as patient data.", "",
    ]  # fmt: skip
    return "\n".join(lines)
