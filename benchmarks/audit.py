"""How long the audit of the paper's Table 3 takes: records and files of the size of the full run.

`python -m benchmarks.audit` draws the lineage in a temporary folder, with empty files of the real
sizes (sparse, so without disk), and times `maknet.audit` on it. Series are deleted after use, as in
the full run, so that their receipts stand for them.
"""

import argparse
import json
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from maknet.files import write_rows
from maknet.provenance.digests import remember
from maknet.provenance.lineage import audit
from maknet.provenance.links import all_intact
from maknet.provenance.record_writer import JobSpec, RecordWriter

SHARD_BYTES = 260_000_000  # of a batch of 20 series at 256 x 256
SERIES, FILES = 20, 200  # of a batch, of a series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=384)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        started = time.perf_counter()
        draw_lineage(chosen.batches)
        drawn, started = time.perf_counter() - started, time.perf_counter()
        findings = audit("results/table3.csv")
        took = time.perf_counter() - started
    print(json.dumps({
        "batches": chosen.batches, "series": chosen.batches * SERIES, "links": len(findings),
        "holds": all_intact(findings), "audit_s": round(took, 2), "drawing_s": round(drawn, 1),
    }, indent=1))  # fmt: skip


def draw_lineage(batches: int) -> None:
    """Write batches that are fetched and prepared, six rounds of labels, and the table."""
    shards = [draw_batch(number) for number in range(batches)]
    labels = ""
    for number in range(1, 7):
        inputs = [*shards, *([labels] if labels else [])]
        labels = f"results/pseudo/round{number}.npz"
        Path(labels).parent.mkdir(parents=True, exist_ok=True)
        Path(labels).write_bytes(os.urandom(50_000_000))
        record("pseudo_label", str(number), inputs, [labels], "pseudo_label.py")
    Path("results/table3.csv").write_text("table")
    record("table3", "", [labels], ["results/table3.csv"], "make_table3.py")


def draw_batch(number: int) -> str:
    """Write the receipt and the shard of a batch with their records; return the shard."""
    name = f"batch{number:04d}"
    series, receipt = f"data/tcia/series/{name}", f"data/tcia/receipts/{name}.csv"
    rows = [
        {"series_uid": f"1.2.{number}.{s}", "file": f"{f:08d}.dcm", "md5": "0" * 32}
        for s in range(SERIES) for f in range(FILES)
    ]  # fmt: skip
    write_rows(receipt, list(rows[0]), rows)
    Path(series).mkdir(parents=True)
    shard = Path(f"data/unlabeled/{name}.npy")
    shard.parent.mkdir(parents=True, exist_ok=True)
    with shard.open("wb") as handle:
        handle.truncate(SHARD_BYTES)
    remember(shard, f"{number:064d}")
    record("fetch_series", name, [], [series, receipt], "fetch_series.py")
    record("prepare_series", name, [series, receipt], [str(shard)], "prepare_series.py")
    Path(series).rmdir()
    return str(shard)


def record(rule: str, name: str, inputs: list[str], outputs: list[str], script: str) -> None:
    step = JobSpec(rule, {"name": name}, {}, inputs, outputs, f"scripts/{script}", "results")
    RecordWriter(step, datetime.now(UTC)).write()


if __name__ == "__main__":
    main()
