"""A table as Markdown."""

import pandas as pd


def markdown_table(table: pd.DataFrame) -> str:
    """Return a table of text cells as a Markdown table.

    Args:
        table: Text cells, one row a line.
    """
    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
