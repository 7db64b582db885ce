"""A table as Markdown."""

from collections.abc import Iterable, Sequence

import pandas as pd


def markdown_table(table: pd.DataFrame) -> str:
    """Return a table of text cells as a Markdown table.

    Args:
        table: Text cells, one row a line.
    """
    return markdown_rows(list(table.columns), table.itertuples(index=False))


def markdown_rows(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return rows of cells as a Markdown table.

    Args:
        head: Titles of the columns.
        rows: Cells, as many in a row as there are columns.
    """
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)
