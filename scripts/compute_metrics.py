"""Rule compute_metrics: thresholds of one run, and its metrics with intervals over patients."""

from collections.abc import Mapping, Sequence
from typing import Any

from maknet.data.arrays import save_arrays
from maknet.data.deeplesion import load_info
from maknet.files import read_json, write_frame, write_json
from maknet.jobs import job
from maknet.metrics.runs import evaluate_run, load_scored


def main(
    inputs: Mapping[str, str], outputs: Mapping[str, str], threshold_grid: Sequence[float],
    bootstrap_samples: int, confidence: float, seed: int,
) -> None:  # fmt: skip
    relations = read_json(inputs["relations"])
    patients = [lesion.patient for lesion in load_info(inputs["dl_info"])]
    scored: dict[str, Any] = {
        split: load_scored(inputs[split], inputs[f"{split}_labels"], patients)
        for split in ("val", "test", "hand")
    }
    result = evaluate_run(
        scored, relations["parents"], threshold_grid, bootstrap_samples, confidence, seed
    )
    thresholds = dict(zip(relations["names"], map(float, result.thresholds), strict=True))
    write_json(outputs["thresholds"], thresholds)
    write_json(outputs["metrics"], result.sets)
    table = result.per_label
    table["label"] = [relations["names"][i] for i in table["label"]]
    write_frame(outputs["per_label"], table)
    save_arrays(outputs["bootstrap"], **result.bootstrap)


if __name__ == "__main__":
    with job(snakemake, "compute_metrics.py"):
        main(
            dict(snakemake.input.items()),
            dict(snakemake.output.items()),
            snakemake.params.threshold_grid,
            snakemake.params.bootstrap_samples,
            snakemake.params.confidence,
            snakemake.params.seed,
        )
