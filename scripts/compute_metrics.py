"""Rule compute_metrics: thresholds of one run, and its metrics with intervals over patients."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.data.arrays import save_arrays
from maknet.data.deeplesion.info import load_info
from maknet.data.labels.splits import EVALUATED
from maknet.files import read_json, write_frame, write_json
from maknet.jobs.script import run_script
from maknet.metrics.evaluation import evaluate_run, load_scored


def main(
    inputs: Mapping[str, Path], outputs: Mapping[str, Path], threshold_grid: Sequence[float],
    bootstrap_samples: int, seed: int,
) -> None:  # fmt: skip
    relations = read_json(inputs["relations"])
    patients = [lesion.patient for lesion in load_info(inputs["dl_info"])]
    scored = {
        split: load_scored(inputs[split], inputs[f"{split}_labels"], patients)
        for split in EVALUATED
    }
    result = evaluate_run(scored, relations["parents"], threshold_grid, bootstrap_samples, seed)
    thresholds = dict(zip(relations["names"], map(float, result.thresholds), strict=True))
    write_json(outputs["thresholds"], thresholds)
    write_json(outputs["metrics"], result.sets)
    table = result.per_label
    table["label"] = [relations["names"][i] for i in table["label"]]
    write_frame(outputs["per_label"], table)
    save_arrays(outputs["bootstrap"], **result.bootstrap)


if __name__ == "__main__":
    run_script(snakemake, main)
