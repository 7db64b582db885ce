"""From one number of a table to its sources: scores, thresholds, weights, pseudo-labels, series."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.files import read_rows
from maknet.provenance.lineage import Lineage, compare_root, result_roots, results_folder
from maknet.provenance.links import Finding
from maknet.provenance.paths import resolve
from maknet.provenance.records import Record, read_records

SPLITS = {"text_mined": "test", "hand_labeled": "hand"}
_OF_NETWORK = ("parameters", "paper_size_parameters", "width")
# Parts of the answer, and what their files' paths hold.
_PARTS = {
    "metrics": "/metrics/", "thresholds": "/thresholds/", "scores": "/scores/",
    "weights": "/model.safetensors", "pseudo-labels": "/pseudo/", "label tables": "labels/",
    "images of lesions": "/labeled/", "patches of lesions": "/patches/",
    "unlabeled images": "/unlabeled/", "receipts": "/receipts/", "network": "/network.json",
    "lesions' positions": "DL_info.csv", "texture images": "/textures/",
}  # fmt: skip


@dataclass(frozen=True)
class CellTrace:
    """The sources of one number.

    Attributes:
        value: Number as the table prints it.
        runs: Runs over whose seeds the number is the mean.
        parts: Files of the lineage by their role, such as `weights`.
        series: Accepted series of the unlabeled images, by batch.
        findings: Audited lineage of this number alone.
    """

    value: str
    runs: list[str]
    parts: dict[str, list[str]]
    series: dict[str, list[str]]
    findings: list[Finding]


def trace_cell(table: str, cell: str, *, deep: bool = False, root: str | None = None) -> CellTrace:
    """Trace one number of a table.

    Args:
        table: Path of the table, as the workflow names it.
        cell: `ROW:COLUMN`; rows are named by their second column, or else count from 1.
        deep: Whether to read every byte, see `audit`.
        root: The root that was printed with the table, see `audit`.

    Raises:
        InputError: There is no such table, row or column.
    """
    rows = read_rows(resolve(table))
    name, _, column = cell.rpartition(":")
    row = _row(rows, name, table)
    if column not in row:
        raise InputError(f"{table} has no column {column!r}; it has {', '.join(row)}.")
    folder = results_folder(Path(table))
    records = read_records(folder)
    findings = compare_root(result_roots([table], records), root)
    runs = _runs(records[table], Path(table).name, row)
    wanted = _wanted(set(runs), column)
    lineage = Lineage(folder, records, deep=deep or root is not None, wanted=wanted)
    findings += lineage.walk(table)
    if needs_thresholds(column):
        for run in runs:
            findings += lineage.beside(f"{folder}/thresholds/{run}.json")
    mark = _PARTS["unlabeled images"]
    shards = sorted(f.path for f in findings if mark in f.path and f.path.endswith(".npy"))
    for shard in shards:
        findings += lineage.beside(_series_table(shard))
    files = [f.path for f in findings if f.kind == "file"]
    parts = {part: sorted(p for p in files if mark in p) for part, mark in _PARTS.items()}
    return CellTrace(
        value=row[column],
        runs=runs,
        parts={part: paths for part, paths in parts.items() if paths},
        series={Path(shard).stem: _accepted(shard) for shard in shards},
        findings=findings,
    )


def _row(rows: list[dict[str, str]], name: str, table: str) -> dict[str, str]:
    """Return the row of a number, which counts from 1, or of a name in the second column."""
    for row in rows:  # names first: the rows of table 2 are called 0, control, 1, ...
        if len(row) > 1 and list(row.values())[1].lower() == name.lower():
            return row
    if name.isdigit() and 1 <= int(name) <= len(rows):
        return rows[int(name) - 1]
    names = ", ".join(list(row.values())[min(1, len(row) - 1)] for row in rows)
    raise InputError(f"{table} has no row {name!r}; it has 1 to {len(rows)}: {names}.")


def _runs(record: Record, table: str, row: dict[str, str]) -> list[str]:
    """Return the runs of a line, one for each seed; the column `run` names it without seed."""
    if "run" not in row:
        raise InputError(f"Cells are traced in table1.csv, table2.csv and table3.csv, not {table}.")
    return [Path(path).stem for path in metrics_of(record, row["run"])]


def metrics_of(record: Record, run: str) -> list[str]:
    """Return the metrics of a run that a table's job read, one file for each seed."""
    return [
        path for path in record.inputs if "/metrics/" in path and path.endswith(".json")
        and (Path(path).stem == run or Path(path).stem.startswith(f"{run}-seed"))
    ]  # fmt: skip


def _wanted(runs: set[str], column: str) -> Callable[[Record, str], bool]:
    """Return which inputs of which rule have a part in a column of these runs."""
    splits = {split for prefix, split in SPLITS.items() if column.startswith(prefix)}
    if needs_thresholds(column):
        splits.add("val")  # they are chosen there
    unused = {"val", *SPLITS.values()} - splits
    resampled = column.endswith(("_low", "_high", "_sd"))

    def wanted(record: Record, source: str) -> bool:
        path = Path(source)
        name = path.name.split(".")[0]
        if record.rule.startswith("make_table"):
            if column in _OF_NETWORK or not splits:
                return column in _OF_NETWORK and path.name == "network.json"
            return name in runs and (resampled or not path.name.endswith(".bootstrap.npz"))
        if record.rule.startswith(("compute_metrics", "predict_")):
            return name not in unused
        return True

    return wanted


def needs_thresholds(column: str) -> bool:
    """Return whether a column depends on the thresholds: all but AUC and average precision do."""
    measure = next((column.removeprefix(p) for p in SPLITS if column.startswith(p)), "")
    return measure.lstrip("_").startswith(("f1", "precision", "recall", "never_predicted"))


def _accepted(shard: str) -> list[str]:
    table = resolve(_series_table(shard))
    rows = read_rows(table) if table.is_file() else []
    return [row["series_uid"] for row in rows if row["status"] == "accepted"]


def _series_table(shard: str) -> str:
    return f"{shard.removesuffix('.npy')}.series.csv"
