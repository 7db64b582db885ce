"""Rule predict_lesions: probabilities of one LesaNet on validation and both test sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from maknet.data.arrays import save_arrays
from maknet.data.lesions import load_boxes
from maknet.data.shards import ShardReader
from maknet.files import read_json
from maknet.inference.lesions import score_lesions
from maknet.jobs import job
from maknet.models.build import load_run
from maknet.models.device import find_device


def main(
    weights: Path, network: Path, shards: Sequence[str], indices: Sequence[str],
    outputs: Mapping[str, str], window_hu: tuple[float, float], batch_size: int, device_name: str,
    threads: int,
) -> None:  # fmt: skip
    device = find_device(device_name)
    torch.set_num_threads(threads)
    model = load_run(weights, read_json(network)).to(device)
    for shard, index in zip(shards, indices, strict=True):
        lesions, boxes = load_boxes(index)
        with ShardReader(shard) as patches:
            scores = score_lesions(model, patches, boxes, window_hu, batch_size, device)
        save_arrays(outputs[Path(shard).stem], scores=scores, lesion_index=lesions)


if __name__ == "__main__":
    with job(snakemake, "predict_lesions.py"):
        main(
            Path(snakemake.input.weights),
            Path(snakemake.input.network),
            snakemake.input.shards,
            snakemake.input.indices,
            dict(snakemake.output.items()),
            tuple(snakemake.params.window_hu),
            snakemake.params.batch_size,
            snakemake.params.device,
            snakemake.threads,
        )
