"""Rule draw_rule_graph: what was done, from data to results, with counts of jobs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.jobs.script import run_script
from maknet.provenance.job_graph import JobGraph, steps_of
from maknet.provenance.records import read_records
from maknet.reporting.figures.rule_graph import Step, draw_rule_graph
from maknet.reporting.figures.style import save_figure


def main(
    dataset: str, results: Sequence[Path], config: Mapping[str, Any], png: Path, pdf: Path
) -> None:
    graph = JobGraph(read_records(Path(config["paths"]["results"])))
    steps = [Step(*step) for step in steps_of(graph, [str(path) for path in results])]
    save_figure(draw_rule_graph(steps, dataset), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
