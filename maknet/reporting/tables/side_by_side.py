"""One table of several runs, side by side: what each configuration scores."""

from collections.abc import Sequence
from pathlib import Path

from maknet.errors import InputError
from maknet.files import read_rows
from maknet.metrics.multilabel import METRICS
from maknet.reporting.tables.markdown import markdown_rows
from maknet.reporting.tables.paper_tables import KEYS
from maknet.reporting.tables.runs import TEST_SETS


def side_by_side(table: str, folders: Sequence[str]) -> str:
    """Return the metrics of a table as Markdown: one row per line and metric, one column per run.

    A mean has its interval behind it where the table has one. A line that a run lacks is a dash.

    Args:
        table: Name of the table, such as `table2.csv`.
        folders: Results folders.

    Raises:
        InputError: It is none of the three tables, or a folder has no such table.
    """
    number = Path(table).stem.removeprefix("table")
    if table != f"table{number}.csv" or number not in map(str, KEYS):
        raise InputError(f"{table} is none of table1.csv, table2.csv and table3.csv.")
    key = KEYS[int(number)]
    runs = [{row[key]: row for row in read_rows(Path(folder) / table)} for folder in folders]
    lines = list(dict.fromkeys(line for run in runs for line in run))
    columns = [f"{name}_{metric}" for name in TEST_SETS.values() for metric in METRICS]
    rows = [
        [line, column.replace("_", " "), *(_cell(run.get(line), column) for run in runs)]
        for line in lines for column in columns
    ]  # fmt: skip
    data = [next(iter(run.values()), {}).get("dataset", "?") for run in runs]
    heads = [f"{folder} ({name})" for folder, name in zip(folders, data, strict=True)]
    return markdown_rows([key, "metric", *heads], rows)


def _cell(row: dict[str, str] | None, column: str) -> str:
    if row is None or not row.get(column):
        return "-"
    low, high = row.get(f"{column}_low"), row.get(f"{column}_high")
    value = f"{float(row[column]):.4f}"
    return f"{value} ({float(low):.3f} to {float(high):.3f})" if low and high else value
