"""Rule judge_claims: the paper's claims, each with a verdict."""

from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from maknet.files import read_json, read_rows, write_rows, write_text
from maknet.jobs.script import run_script
from maknet.reporting.tables.claims import COLUMNS, Measured, judge_claims
from maknet.reporting.tables.claims_page import claims_markdown, claims_table, page_note
from maknet.reporting.tables.html_page import write_page
from maknet.reporting.tables.runs import load_repeated


def main(
    claims: Path, dataset: str, runs: Sequence[str], networks: Sequence[Path],
    network_runs: Sequence[str], metrics: Sequence[Path], bootstrap: Sequence[Path],
    perturbations: Path, last: str, seeds: Sequence[int], confidence: float, csv: Path,
    markdown: Path, html: Path, root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    scores = load_repeated(metrics, bootstrap, len(seeds))
    measured = Measured(
        runs=dict(zip(runs, scores, strict=True)),
        networks=dict(zip(network_runs, map(read_json, networks), strict=True)),
        perturbations=read_rows(perturbations),
        last=last,
        confidence=confidence,
    )
    rows = judge_claims(dataset, yaml.safe_load(claims.read_text(encoding="utf-8")), measured)
    write_rows(csv, COLUMNS, rows)
    write_text(markdown, claims_markdown(rows, root_of(csv)))
    write_page(html, {"": claims_table(rows)}, "Claims", page_note(rows))


if __name__ == "__main__":
    run_script(snakemake, main)
