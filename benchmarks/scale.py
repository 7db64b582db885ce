"""What the full run takes, on paper: docs/scale.md from the manifest, the plan and measured rates.

`python -m benchmarks.scale` writes it anew from the rates that are kept in `benchmarks/rates`;
`--gpu` takes the output of `python -m benchmarks.gpu` in place of the kept ones (one H200).
"""

import argparse
import heapq
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.plan import plan
from benchmarks.rehearsed import section
from maknet.config.manifest import ManifestSeries, read_manifest
from maknet.files import ROOT

RATES = ROOT / "benchmarks/rates"
CONFIG = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
# What is not ours to measure, each with its source.
LABELED = 17_697  # training slices, section 2
EVALUATED = 3_000  # validation and both test sets, about
ZIPS_GB = 225  # DeepLesion's 56 zips, as NIH says
KEPT_PNG_GB = 14  # about 21,000 key slices with their neighbors
STREAM_MB_S = 20  # of one download, assumed; four run at once
STREAMS = 4
STARTS = ("", ", ImageNet")  # of the baselines of table 1
START_S = 60  # of a Slurm job: waiting for the scheduler, two Snakemakes, importing torch


@dataclass(frozen=True)
class Work:
    """One GPU job: seconds, and what has to be there before."""

    name: str
    table: str
    seconds: float
    after: tuple[str, ...] = field(default=())


def gpu_work(rates: dict[str, Any], images: int) -> list[Work]:
    """Return every GPU job of the paper's tables and figures with its time."""
    vgg16 = rates["maknet_images_per_s"] / rates["maknet_to_vgg16"]
    resnet18 = rates["maknet_images_per_s"] / rates["maknet_to_resnet18"]
    label, loop, lesanet = (
        rates[f"{name}_images_per_s"] for name in ("label", "loop", "lesanet")
    )  # fmt: skip
    teacher, student = CONFIG["training"]["epochs"], CONFIG["student"]["epochs"]
    rounds = CONFIG["student"]["rounds"]
    works = [
        Work("maknet", "1", teacher * LABELED / rates["maknet_images_per_s"]),
        *(Work(f"resnet18{start}", "1", teacher * LABELED / resnet18) for start in STARTS),
        *(Work(f"vgg16{start}", "1", teacher * LABELED / vgg16) for start in STARTS),
        Work("control", "2", student * LABELED / loop),
    ]
    labeler = "maknet"
    for number in range(1, rounds + 1):
        works.append(Work(f"pseudo-labels {number}", "2", images / label, (labeler,)))
        labeler = f"student {number}"
        both = student * 2 * LABELED
        works.append(Work(labeler, "2", both / loop, (f"pseudo-labels {number}",)))
    last = f"pseudo-labels {rounds + 1}"
    works += [
        Work(last, "3", images / label, (labeler,)),
        Work("VGG16 on TCIA", "3", CONFIG["pretraining"]["epochs"] * images / vgg16, (last,)),
    ]
    for arm, after in (("ImageNet", ()), ("scratch", ()), ("scratch, slow", ()),
                       ("TCIA", ("VGG16 on TCIA",))):  # fmt: skip
        seconds = CONFIG["lesanet"]["epochs"] * LABELED / lesanet
        works.append(Work(f"LesaNet {arm}", "3", seconds, after))
    trained = [w.name for w in works if not w.name.startswith(("pseudo", "VGG16 on"))]
    works += [
        Work(f"scores {name}", "3" if "LesaNet" in name else "2" if name.startswith(("student", "control")) else "1",
             EVALUATED / label, (name,))
        for name in trained
    ]  # fmt: skip
    steps = CONFIG["explain"]["steps"] + 100  # deletion with its control, perturbations
    for name, rate in (("maknet", rates["maknet_images_per_s"]), ("vgg16", vgg16)):
        works.append(Work(f"explain {name}", "figures", 500 * steps / rate, (name,)))
    return [Work(w.name, w.table, w.seconds + START_S, w.after) for w in works]


def wall_time(works: list[Work], gpus: int) -> float:
    """Return the seconds that list scheduling takes, the job with the longest tail first."""
    tails: dict[str, float] = {}
    for work in reversed(works):
        later = [tails[w.name] for w in works if work.name in w.after]
        tails[work.name] = work.seconds + max(later, default=0)
    done: set[str] = set()
    waiting, running, now = list(works), list[tuple[float, str]](), 0.0
    while waiting or running:
        ready = sorted((w for w in waiting if done.issuperset(w.after)),
                       key=lambda w: -tails[w.name])  # fmt: skip
        for work in ready[: gpus - len(running)]:
            waiting.remove(work)
            heapq.heappush(running, (now + work.seconds, work.name))
        now, name = heapq.heappop(running)
        done.add(name)
    return now


def beyond(works: list[Work], planned: dict[str, int]) -> list[str]:
    """Return what `snakemake beyond` adds on top of the tables, all seeds of the configuration."""
    named = {
        "train_network": ("maknet", "vgg16"), "train_control": ("control",),
        "train_student": ("student",), "train_factor": ("student",), "pseudo_label": ("pseudo",),
        "pretrain_vgg16": ("VGG16 on",), "train_lesanet": ("LesaNet",),
        "predict_scores": ("scores",), "explain_run": ("explain",),
    }  # fmt: skip
    total = 0.0
    for rule, names in named.items():
        each = [work.seconds for work in works if work.name.startswith(names)]
        total += planned[rule] * sum(each) / len(each)
    students = planned["train_student"] + planned["train_factor"]
    return [
        "## Beyond the paper", "",
        f"`snakemake beyond` plans {sum(planned.values()):,} jobs for {len(CONFIG['seeds'])} seeds, "
        "the tables' own among them, and takes "
        f"about {total / 3600:,.0f} GPU-hours (GPU rates as above), most of it for {students} students.",
        f"The scenarios of `config/choices.yaml` prepare the unlabeled images anew "
        f"{planned['prepare_series'] // planned['fetch_series'] - 1} times, so the disk holds as many more "
        "copies of them: `varied: [...]` takes some scenarios at a time.", "",
    ]  # fmt: skip


def hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f}"


def write_scale(series: list[ManifestSeries], gpu: dict[str, Any], cpu: dict[str, Any]) -> str:
    """Return docs/scale.md."""
    slices = sum(item.images or 0 for item in series)
    images, gigabytes = slices // 3, sum(item.size_bytes for item in series) / 1e9
    batches = len({item.batch for item in series})
    works = gpu_work(gpu, images)
    side = CONFIG["image"]["size"]
    shards = images * 3 * side * side / 1e9
    waiting = 2 * STREAMS * gigabytes / batches
    patches = (LABELED + EVALUATED) * 3 * CONFIG["lesanet"]["input"]["size"] ** 2 * 2 / 1e9
    labeled = (LABELED + EVALUATED) * 3 * side * side / 1e9
    disk = {"unlabeled images": shards, "DICOM of batches on their way": waiting,
            "DeepLesion, kept slices": KEPT_PNG_GB, "zips on their way": STREAMS * ZIPS_GB / 56,
            "labeled images and patches": labeled + patches, "weights, scores, records": 3}  # fmt: skip
    download = download_s(gigabytes)
    prepare = slices / cpu["slices_per_second"]
    by_table = {
        t: sum(w.seconds for w in works if w.table == t) for t in ("1", "2", "3", "figures")
    }
    seeds = len(CONFIG["seeds"])
    jobs = sum(int(rule["jobs"]) for rule in plan().values())
    lines = [
        "# What the full run takes",
        "",
        "Computed by `python -m benchmarks.scale`; do not edit. From the manifest, the plan, and rates:",
        f"preparing is measured ({cpu['basis']}); the GPU's rates are {gpu['basis']}.",
        f"A download is assumed to run at {STREAM_MB_S} MB/s, {STREAMS} at once; a Slurm job takes "
        f"{START_S} s to start.",
        "",
        "## Jobs, network, disk",
        "",
        f"* {jobs:,} jobs for {len(CONFIG['seeds'])} seeds: {batches} batches of TCIA are fetched and "
        f"prepared, 56 zips of DeepLesion fetched; {len(works)} jobs of each seed use a GPU.",
        f"* Network: {gigabytes:,.0f} GB from TCIA, {ZIPS_GB} GB from DeepLesion: "
        f"{hours(download)} h.",
        f"* Preparing {slices:,} slices: {prepare / 3600:.2f} CPU-hours and the time to read them, "
        "while the next batches are downloaded.",
        f"* Disk high-water mark: {sum(disk.values()):,.0f} GB. "
        + "; ".join(f"{name} {value:,.0f} GB" for name, value in disk.items()) + ".",
        "",
        "## GPU-hours",
        "",
        "| part | GPU-hours of one seed |",
        "| --- | --- |",
        *(f"| {'table ' + t if t.isdigit() else t} | {hours(s)} |" for t, s in by_table.items()),
        f"| all | {hours(sum(by_table.values()))} |",
        "",
        "Table 2 needs table 1's teacher; table 3 needs the last student of table 2.",
        "",
        "## Wall time",
        "",
        f"| GPUs | GPU work, one seed | GPU work, {seeds} seeds | with the download before it, one seed |",
        "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for gpus in (1, 4, 16):
        every = [Work(f"{w.name}.{s}", w.table, w.seconds, tuple(f"{a}.{s}" for a in w.after))
                for s in range(seeds) for w in works]  # fmt: skip
        one = wall_time(works, gpus)
        lines.append(f"| {gpus} | {hours(one)} h | {hours(wall_time(every, gpus))} h "
                     f"| {hours(one + download)} h |")  # fmt: skip
    lines += [
        "",
        "One seed hardly gains from more than one GPU: the rounds follow one another. Seeds run side",
        "by side.",
        "",
        *section(),
        *beyond(works, json.loads((RATES / "beyond.planned.json").read_text())),
        "## What would break first",
        "",
        "| | today | 10 times the series | 100 times |",
        "| --- | --- | --- | --- |",
        *growth(gigabytes, shards, images, batches, gpu),
        "",
        "* **10 times**: the download, a day on four streams, and a terabyte of images. Mirror the",
        "  archive or raise `--resources downloads=`; raise `unlabeled.batch_size` to 200, so that the",
        "  number of jobs stays the same.",
        "* **100 times**: the pass that labels all images and VGG16's pretraining become days on one",
        "  GPU, and a pool of shards reaches the rate of one file system. Pseudo-labeling would have to",
        "  be split by shard, and the pool spread over file systems. The students' time does not grow:",
        "  an epoch is one of the labeled images.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def download_s(gigabytes: float) -> float:
    """Return the seconds to download the series of TCIA, of that size, and DeepLesion."""
    return (gigabytes + ZIPS_GB) * 1e3 / (STREAMS * STREAM_MB_S)


def growth(
    gigabytes: float, shards: float, images: int, batches: int, gpu: dict[str, Any]
) -> list[str]:
    """Return the rows of what grows with the number of series."""
    label = images / gpu["label_images_per_s"]
    vgg16 = gpu["maknet_images_per_s"] / gpu["maknet_to_vgg16"]
    pretraining = CONFIG["pretraining"]["epochs"] * images / vgg16
    rows = {
        "TCIA, TB": lambda n: f"{n * gigabytes / 1e3:,.1f}",
        "all downloads, h": lambda n: hours(download_s(n * gigabytes)),
        "unlabeled images on disk, TB": lambda n: f"{n * shards / 1e3:,.1f}",
        f"batches of {CONFIG['unlabeled']['batch_size']} series": lambda n: f"{n * batches:,}",
        "one pass of pseudo-labels, GPU-h": lambda n: hours(n * label),
        "VGG16 on TCIA, GPU-h": lambda n: hours(n * pretraining),
        "pseudo-labels of a round in memory, GB": lambda n: f"{n * images * 105 / 1e9:,.2f}",
    }
    return [f"| {name} | " + " | ".join(value(n) for n in (1, 10, 100)) + " |"
            for name, value in rows.items()]  # fmt: skip


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gpu", type=Path, default=RATES / "h200.measured.json")
    parser.add_argument("--prepare", type=Path, default=RATES / "prepare.measured.json")
    parser.add_argument("--target", type=Path, default=ROOT / "docs/scale.md")
    chosen = parser.parse_args()
    unlabeled, tcia = CONFIG["unlabeled"], CONFIG["tcia"]
    manifest = ROOT / tcia["manifest"]
    series = read_manifest(manifest, unlabeled["batch_size"], True, tcia["leave_out"])
    gpu, cpu = (json.loads(path.read_text()) for path in (chosen.gpu, chosen.prepare))
    gpu = {"basis": f"measured ({chosen.gpu.name})", **gpu}
    chosen.target.write_text(write_scale(series, gpu, cpu))


if __name__ == "__main__":
    main()
