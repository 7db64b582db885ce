"""Rule make_table1: the networks side by side."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from maknet.files import read_json, write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.differences import paired_differences
from maknet.reporting.tables.paper_tables import Line, network_title, paper_table
from maknet.reporting.tables.runs import by_seed, load_repeated
from maknet.reporting.tables.writer import TablePage, arithmetic_notes, write_table


def main(
    dataset: str, runs: Sequence[str], pretrained: Sequence[str], generic: str,
    networks: Sequence[Path], metrics: Sequence[Path], bootstrap: Sequence[Path],
    seeds: Sequence[int], confidence: float, outputs: Mapping[str, Path],
    root_of: Callable[[str | Path], str],
) -> None:  # fmt: skip
    scores = load_repeated(metrics, bootstrap, len(seeds))
    lines = []
    for run, path, scored in zip(runs, networks, scores, strict=True):
        network = read_json(path)
        title = network_title(network, generic if run in pretrained else None)
        lines.append(Line(title, run, scored, network))
    table = paper_table(1, dataset, lines, confidence)
    titles = [line.title for line in lines]
    pairs = [("MAKNet", title) for title in titles if title != "MAKNet"]
    by_title = dict(zip(titles, scores, strict=True))
    differences = paired_differences(dataset, by_title, pairs, confidence)
    title = f"Table 1: multi-label classification ({dataset})"
    notes = arithmetic_notes(line.network for line in lines)
    write_table(TablePage(title, table, differences, notes), outputs, root_of)
    write_frame(outputs["by_seed"], by_seed(table, "arch", scores, seeds, confidence))


if __name__ == "__main__":
    run_script(snakemake, main)
