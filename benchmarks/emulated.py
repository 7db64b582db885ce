"""Are a run's results the same bytes on other CPUs? The small run's jobs on emulated ones.

    python -m benchmarks.emulated --cpus Haswell EPYC-Rome Skylake-Client

Snakemake runs on this CPU; every job's Python runs under `qemu-x86_64 -cpu MODEL` (Debian's
`qemu-user`, version 8 or newer: older ones compute AVX2 gathers wrongly). The digests of tables,
weights, scores and pseudo-labels are compared with those of the same run without emulation.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from maknet.files import ROOT
from maknet.provenance.published import digests

CONFIGS = ("config/demo.yaml", "tests/workflow/mini.yaml")
# Snakemake starts scripts with the interpreter that runs it.
_SITE = (
    "import os, sys\nif os.environ.get('EMULATED'):\n    sys.executable = os.environ['EMULATED']\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--qemu", default="qemu-x86_64")
    parser.add_argument("--cpus", nargs="+", default=["Haswell", "EPYC-Rome", "Skylake-Client"])
    parser.add_argument("--results", nargs="+", default=["table1.csv", "table2.csv", "table3.csv"])
    parser.add_argument("--cores", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "site").mkdir()
        (folder / "site/sitecustomize.py").write_text(_SITE)
        expected, native_s = run(folder, "", chosen)
        for cpu in chosen.cpus:
            found, seconds = run(folder, cpu, chosen)
            other = sorted(n for n in {*expected, *found} if expected.get(n) != found.get(n))
            print(json.dumps({
                "cpu": cpu, "results": len(expected), "same": len(expected) - len(other),
                "other": other, "seconds": round(seconds), "native_seconds": round(native_s),
            }), flush=True)  # fmt: skip


def run(folder: Path, cpu: str, chosen: argparse.Namespace) -> tuple[dict[str, str], float]:
    """Run the small configuration on a CPU model, this machine's own without one."""
    work = folder / (cpu or "native")
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(folder / "site")}
    if cpu:
        python = work / "python"
        python.write_text(f'#!/bin/sh\nexec {chosen.qemu} -cpu {cpu} {sys.executable} "$@"\n')
        python.chmod(0o755)
        environment["EMULATED"] = str(python)
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
        "--directory", str(work), *(f"results/demo/{name}" for name in chosen.results),
        "--cores", str(chosen.cores), "--quiet", "all",
        "--configfile", *(str(ROOT / name) for name in CONFIGS),
    ]  # fmt: skip
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(done.stdout[-3000:] + done.stderr[-3000:])
    return digests(work / "results/demo"), time.perf_counter() - started


if __name__ == "__main__":
    main()
