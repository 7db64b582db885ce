"""Rule predict_scores: probabilities of one run on validation and both test sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from maknet.data.arrays import save_arrays
from maknet.data.shards import ShardReader
from maknet.files import read_json, read_rows
from maknet.inference.predict import predict_scores
from maknet.jobs import job
from maknet.models.build import load_run
from maknet.models.device import find_device


def main(
    weights: Path, network: Path, shards: Sequence[str], indices: Sequence[str],
    outputs: Mapping[str, str], batch_size: int, device_name: str, threads: int,
) -> None:  # fmt: skip
    device = find_device(device_name)
    torch.set_num_threads(threads)
    model = load_run(weights, read_json(network)).to(device)
    for shard, index in zip(shards, indices, strict=True):
        lesions = np.array([int(row["lesion_index"]) for row in read_rows(index)], np.int64)
        with ShardReader(shard) as reader:
            rows = np.arange(len(reader))
            scores = predict_scores(model, reader, rows, batch_size, device)
        save_arrays(outputs[Path(shard).stem], scores=scores, lesion_index=lesions)


if __name__ == "__main__":
    with job(snakemake, "predict_scores.py"):
        main(
            Path(snakemake.input.weights),
            Path(snakemake.input.network),
            snakemake.input.shards,
            snakemake.input.indices,
            dict(snakemake.output.items()),
            snakemake.params.batch_size,
            snakemake.params.device,
            snakemake.threads,
        )
