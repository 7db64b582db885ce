"""The results as one Markdown page, for people who look in a terminal or on GitHub."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from maknet.files import write_text
from maknet.reporting.tables.markdown import markdown_table

_ROOTS = (
    "A root commits to the whole lineage of a result: files, settings, code, versions, records. "
    "`python -m maknet.audit RESULT --root ROOT` proves that nothing of it has changed since this "
    "page was written."
)


def write_readme(
    path: str | Path, dataset_note: str, tables: Sequence[str | Path],
    figures: Mapping[str, str], roots: Mapping[str, str], joined: str,
) -> None:  # fmt: skip
    """Write the tables and figures of a run below each other.

    Args:
        path: To write, beside the figures.
        dataset_note: What the data are.
        tables: Markdown files, each with its heading.
        figures: Captions by file name.
        roots: Roots of the results by path, see `maknet.provenance.roots`.
        joined: The root of all of them.
    """
    parts = ["# Results", dataset_note, "Made by the workflow; do not edit."]
    for table in tables:
        text = Path(table).read_text(encoding="utf-8").strip()
        parts.append(text.replace("# ", "## ", 1))
    for name, caption in figures.items():
        parts.append(f"![{caption}]({name})\n\n*{caption}*")
    named = {**{f"`{name}`": root for name, root in roots.items()}, "all of them": joined}
    listed = pd.DataFrame({"result": list(named), "root": [f"`{root}`" for root in named.values()]})
    parts += ["## Roots", _ROOTS, markdown_table(listed)]
    write_text(path, "\n\n".join(parts) + "\n")
