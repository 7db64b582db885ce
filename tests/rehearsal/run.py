"""Rehearse the paper's run: `make rehearsal`, or `make rehearsal SERIES=500` for a part of it.

Draws DeepLesion once, serves it and the series of the manifest on loopback, and runs Snakemake as a
user would: the plan, everything, the release, the report, the audit, and the plan again. It may be
killed at any time; the same command goes on. What it took is in `measures/` of its results.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from filelock import FileLock, Timeout

from maknet.config.manifest import ManifestSeries, series_facts
from maknet.files import ROOT, csv_rows, read_rows
from tests.rehearsal.lesions import SOURCES, write_archive
from tests.rehearsal.monitor import Monitor
from tests.rehearsal.server import DrawnBuckets, DrawnNbia, Mirror

MANIFEST = ROOT / "config/tcia_series.csv.xz"
ALL = 7_667
STEPS = {
    "plan": ("--dry-run", "all"),
    "all": ("all",),
    "release": ("release",),
    "report": ("--report", "{results}/report.html"),
    "audit": ("audit",),
    "plan again": ("--dry-run", "all"),
}


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal in a folder.

    Attributes:
        folder: Working directory of Snakemake.
        series: Number of series, of 7,667.
    """

    folder: Path
    series: int = ALL

    @property
    def name(self) -> str:
        """Name below results and data."""
        return "rehearsal" if self.series == ALL else f"rehearsal-{self.series}"

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return self.folder / "results" / self.name

    @property
    def data(self) -> Path:
        """Folder of the data."""
        return self.folder / "data" / self.name

    @property
    def archive(self) -> Path:
        """Folder of what the servers serve."""
        return self.folder / ".rehearsal" / self.name

    def draw(self, labels: Path | None, workers: int) -> None:
        """Draw DeepLesion and choose the series, unless both are there."""
        if self.archive.is_dir():
            return
        unfinished = self.archive.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        write_archive(unfinished, labels, self.series / ALL, workers)
        _write_manifest(unfinished / "manifest.csv", self.series)
        unfinished.rename(self.archive)

    def listed(self) -> list[ManifestSeries]:
        """Return the series that are served."""
        return list(series_facts(self.archive / "manifest.csv").values())

    def prepared(self) -> list[dict[str, str]]:
        """Return what became of each series."""
        tables = sorted((self.data / "unlabeled").glob("*.series.csv"))
        return [row for table in tables for row in read_rows(table)]

    def overlay(self, route: str, series_url: str, mirror_url: str) -> Path:
        """Write the settings that name the servers; return their file."""
        address = {"idc_endpoint" if route == "idc" else "nbia_url": series_url}
        sources = os.path.relpath(self.archive, self.folder)
        settings = {
            "paths": {"results": f"results/{self.name}", "data": f"data/{self.name}"},
            "tcia": {"manifest": f"{sources}/manifest.csv", "route": route, **address},
            "deeplesion": {"sources": f"{sources}/{SOURCES}", "files": mirror_url,
                           "zips": mirror_url},
        }  # fmt: skip
        if self.series < ALL:
            settings["labeled"] = {"expect_counts": None, "shared_patients": []}
        path = self.archive / "loopback.yaml"
        path.write_text(yaml.safe_dump(settings))
        return path


def _write_manifest(path: Path, series: int) -> None:
    """Write the shipped manifest, or so many of its series, spread over it."""
    import lzma

    with lzma.open(MANIFEST, "rt", encoding="utf-8", newline="") as handle:
        rows = csv_rows(handle)
    if series < len(rows):
        rows = [rows[number * len(rows) // series] for number in range(series)]
        rows = [{**row, "batch": f"batch{n // 20:04d}"} for n, row in enumerate(rows)]
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def snakemake(
    rehearsal: Rehearsal, overlay: Path, arguments: Sequence[str], how: Sequence[str]
) -> "subprocess.Popen[bytes]":
    """Start Snakemake on a rehearsal."""
    files = ("config/paper.yaml", "config/rehearsal.yaml", str(overlay.resolve()))
    command = [
        sys.executable, "-m", "snakemake", *arguments, *how,
        "--directory", str(rehearsal.folder.resolve()), "--configfile", *files,
    ]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT)


def rehearse(rehearsal: Rehearsal, overlay: Path, how: Sequence[str], steps: Sequence[str]) -> int:
    """Run some of `STEPS`, watched; return the exit code of the first that failed, or 0."""
    measures = rehearsal.results / "measures"
    measures.mkdir(parents=True, exist_ok=True)
    rehearsal.data.mkdir(parents=True, exist_ok=True)
    monitor = Monitor(measures / "timeline.csv", rehearsal.data, rehearsal.results)
    for step in steps:
        arguments = [word.format(results=f"results/{rehearsal.name}") for word in STEPS[step]]
        start = time.time()
        head = snakemake(rehearsal, overlay, arguments, how)
        monitor.watch(step, head.pid)
        code = head.wait()
        monitor.stop()
        with (measures / "steps.csv").open("a") as handle:
            handle.write(f"{step},{start:.1f},{time.time() - start:.1f},{code}\n")
        if code:
            return code
    return 0


def main() -> None:
    """Draw, serve, run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=ALL, help="of 7,667")
    parser.add_argument("--route", choices=("idc", "nbia"), default="idc")
    parser.add_argument("--folder", type=Path, default=ROOT, help="working directory")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("snakemake", nargs="*", default=["--cores", "2"], help="after --")
    chosen = parser.parse_args()
    if not 1 <= chosen.series <= ALL:
        parser.error(f"--series (or SERIES) is a number from 1 to {ALL}")
    rehearsal = Rehearsal(chosen.folder, chosen.series)
    rehearsal.archive.parent.mkdir(parents=True, exist_ok=True)
    alone = FileLock(rehearsal.archive.with_suffix(".lock"), blocking=False)
    try:
        alone.acquire()  # so that a lock of Snakemake is one that a kill has left
    except Timeout:
        sys.exit(f"A rehearsal of {chosen.series} series already runs in {chosen.folder}.")
    real = os.environ.get("MAKNET_REAL_DATA")
    rehearsal.draw(Path(real) / "labels" if real else None, os.cpu_count() or 1)
    kind = DrawnBuckets if chosen.route == "idc" else DrawnNbia
    servers = kind(rehearsal.listed()), Mirror(rehearsal.archive)
    overlay = rehearsal.overlay(chosen.route, *(server.url for server in servers))
    try:
        snakemake(rehearsal, overlay, ["--unlock"], chosen.snakemake).wait()
        sys.exit(rehearse(rehearsal, overlay, chosen.snakemake, chosen.steps))
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    main()
