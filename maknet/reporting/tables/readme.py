"""The results as one Markdown page, for people who look on a terminal or a forge."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.files import write_text


def write_readme(
    path: str | Path, dataset_note: str, tables: Sequence[str | Path],
    figures: Mapping[str, str],
) -> None:  # fmt: skip
    """Write the tables and figures of a run below each other.

    Args:
        path: To write, beside the figures.
        dataset_note: What the data are.
        tables: Markdown files, each with its heading.
        figures: Captions by file name.
    """
    parts = ["# Results", dataset_note, "Made by the workflow; do not edit."]
    for table in tables:
        text = Path(table).read_text(encoding="utf-8").strip()
        parts.append(text.replace("# ", "## ", 1))
    for name, caption in figures.items():
        parts.append(f"![{caption}]({name})\n\n*{caption}*")
    write_text(path, "\n\n".join(parts) + "\n")
