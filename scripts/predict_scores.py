"""Rule predict_scores: probabilities of one run on validation and both test sets."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.data.arrays import save_arrays
from maknet.inference.lesanet_scores import score_patch_shard
from maknet.inference.scores import score_shard
from maknet.jobs.script import run_script
from maknet.models.build import load_network, read_description
from maknet.models.device import open_device


def main(
    weights: Path, network: Path, shards: Sequence[Path], indices: Sequence[Path],
    outputs: Mapping[str, Path], window_hu: Sequence[float] | None, batch_size: int, device: str,
    threads: int,
) -> None:  # fmt: skip
    on = open_device(device, threads)
    model = load_network(weights, read_description(network)).to(on)
    for shard, index in zip(shards, indices, strict=True):
        if window_hu is None:
            scores, lesions = score_shard(model, shard, index, batch_size, on)
        else:
            scores, lesions = score_patch_shard(model, shard, index, window_hu, batch_size, on)
        save_arrays(outputs[shard.stem], scores=scores, lesion_index=lesions)


if __name__ == "__main__":
    run_script(snakemake, main)
