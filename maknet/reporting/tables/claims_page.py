"""The verdicts on the paper's claims as a page for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from maknet.reporting.tables.markdown import markdown_table

_PHANTOM = (
    "These data are not the paper's, so no verdict on the paper is possible. The last column is "
    "what would be said if they were."
)


def claims_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the columns that a person reads, one row a claim.

    Args:
        rows: What `maknet.reporting.tables.claims.judge_claims` returned.
    """
    return pd.DataFrame([
        {
            "Section": str(row["section"]), "The paper says": row["sentence"],
            "Tested on": row["tested_on"], "Measured": row["measured"],
            "Interval": f"{row['low']} to {row['high']}",
            "Verdict": row["verdict"] if not row["would_say"] else "none",
            **({"Would be said": row["would_say"]} if row["would_say"] else {}),
            "Why, and half the interval's width": _reason(row),
        }
        for row in rows
    ])  # fmt: skip


def page_note(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return what is said below the table: how many of each verdict, on which data."""
    said = [row["would_say"] or row["verdict"] for row in rows]
    counts = ", ".join(f"{number} {verdict}" for verdict, number in Counter(said).items())
    dataset = rows[0]["dataset"]
    return f"Data: {dataset}. {len(rows)} claims: {counts}." + (
        f" {_PHANTOM}" if rows[0]["would_say"] else ""
    )


def claims_markdown(rows: Sequence[Mapping[str, Any]], root: str) -> str:
    """Return the page as Markdown.

    Args:
        rows: What `judge_claims` returned.
        root: Root of the table, see `maknet.provenance.roots`.
    """
    table = markdown_table(claims_table(rows))
    parts = ["# Claims", page_note(rows), table, f"Root of claims.csv: `{root}`"]
    return "\n\n".join(parts) + "\n"


def _reason(row: Mapping[str, Any]) -> str:
    effect = f"half width {row['half_width']}" if row["half_width"] else ""
    return "; ".join(part for part in (row["why"], effect) if part)
