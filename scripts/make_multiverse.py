"""Rule make_multiverse: each choice made otherwise, and what it does to the conclusions."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.files import read_rows, write_frame, write_text
from maknet.jobs.script import run_script
from maknet.reporting.figures.multiverse import draw_multiverse
from maknet.reporting.figures.style import save_figure
from maknet.reporting.tables.claims import Measured
from maknet.reporting.tables.html_page import write_page
from maknet.reporting.tables.markdown import markdown_table
from maknet.reporting.tables.multiverse import BASE, NOTE, Universe, multiverse_table, summary
from maknet.reporting.tables.runs import load_repeated
from maknet.reporting.tables.writer import DATASET_NOTES


def main(
    dataset: str, scenarios: Mapping[str, Mapping[str, Any]],
    conclusions: Sequence[Mapping[str, Any]], runs: Sequence[str], last: str,
    metrics: Sequence[Path], bootstrap: Sequence[Path], perturbations: Sequence[Path],
    seeds: Sequence[int], confidence: float, csv: Path, markdown: Path, html: Path, png: Path,
    pdf: Path, root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    repeated = load_repeated(metrics, bootstrap, len(seeds))
    universes = []
    for place, (name, entry) in enumerate({BASE: {"set": {}}, **scenarios}.items()):
        scores = repeated[place * len(runs) : (place + 1) * len(runs)]
        by_run = dict(zip(runs, scores, strict=True))
        rows = read_rows(perturbations[place])
        universes.append(Universe(
            name, _kind(name, entry), entry.get("question", ""), entry.get("why", ""),
            json.dumps(entry["set"]), Measured(by_run, {}, rows, last, confidence),
        ))  # fmt: skip
    table = multiverse_table(dataset, conclusions, universes)
    write_frame(csv, table)
    title = f"What the open choices do to the conclusions ({dataset})"
    note = f"Data: {DATASET_NOTES[dataset]} {len(scenarios)} scenarios. {NOTE}"
    shown, root = summary(table), root_of(csv)
    parts = [f"# {title}", markdown_table(shown), note, f"Root of {csv.name}: `{root}`"]
    write_text(markdown, "\n\n".join(parts) + "\n")
    write_page(html, {"": shown}, title, f"{note} Root of {csv.name}: {root}")
    save_figure(draw_multiverse(table, dataset), [png, pdf])


def _kind(name: str, entry: Mapping[str, Any]) -> str:
    if name == BASE:
        return BASE
    return "scatter" if entry.get("scatter") else "choice"


if __name__ == "__main__":
    run_script(snakemake, main)
