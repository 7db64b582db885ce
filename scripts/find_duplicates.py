"""Rule find_duplicates: scans that two sets share, or that are twice among the unlabeled ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.config.manifest import series_facts
from maknet.data.arrays import save_arrays
from maknet.data.deeplesion.info import load_info
from maknet.duplicates.decide import Limits
from maknet.files import write_frame
from maknet.jobs.numerics import one_thread
from maknet.jobs.script import run_script
from maknet.leakage.image_sets import labeled_set, series_table, unlabeled_set
from maknet.leakage.pairs import COLUMNS, count_by_collection, find_duplicates
from maknet.leakage.pictures import pair_pictures


def main(
    dl_info: Path, labeled: Sequence[Path], labeled_indices: Sequence[Path],
    labeled_fingerprints: Sequence[Path], shards: Sequence[Path], indices: Sequence[Path],
    fingerprints: Sequence[Path], tables: Sequence[Path], manifest: Path | None, dataset: str,
    unlabeled: str, limits: Mapping[str, Any], workers: int,
    pairs: Path, collections: Path, pictures: Path,
) -> None:  # fmt: skip
    one_thread()  # the workers take the others
    facts, series, lesions = series_facts(manifest), series_table(tables), load_info(dl_info)
    splits = [
        labeled_set(shard.stem, shard, index, found, lesions)
        for shard, index, found in zip(labeled, labeled_indices, labeled_fingerprints, strict=True)
    ]
    patients = {uid: item.patient for uid, item in facts.items()}
    images = unlabeled_set(shards, indices, fingerprints, series, patients)
    found = find_duplicates(splits, images, Limits.from_config(limits), workers)
    save_arrays(pictures, pictures=pair_pictures(found, [*splits, images]))
    names = {
        uid: facts[uid].collection if uid in facts else unlabeled for uid in series["series_uid"]
    }
    for side in ("1", "2"):
        found[f"collection_{side}"] = found[f"series_{side}"].map(names).fillna("")
    write_frame(pairs, found.assign(dataset=dataset)[list(COLUMNS)])
    write_frame(collections, count_by_collection(found, series, names, dataset))


if __name__ == "__main__":
    run_script(snakemake, main)
