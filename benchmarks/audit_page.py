"""The audit page at the size of the full run: its size, and how long it and a click take.

`python -m benchmarks.audit_page` draws the records of 370 batches of 20 series and five seeds of
all runs in a temporary folder, with small files in place of the real ones, audits them, writes the
page, and opens it in Chromium (Debian's `chromium` and `chromium-driver`).
"""

import json
import os
import shutil
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from maknet.files import ROOT, write_rows, write_text
from maknet.provenance.record_writer import JobSpec, RecordWriter
from maknet.reporting.audit_page.page import PARTS
from scripts.write_audit_page import main as write_page

BATCHES, SERIES, SEEDS, ROUNDS = 370, 20, ("", "-seed1", "-seed2", "-seed3", "-seed4"), 5
RESULTS, DATA = "results", "data"
FILES = [ROOT / "workflow/report/audit" / name for name in PARTS]
BASELINES = ("vgg16", "vgg16_imagenet", "resnet18", "resnet18_imagenet")
STARTS = ("imagenet", "tcia", "scratch", "scratch_slow")
METRICS = [f"{name}_{metric}" for name in ("text_mined", "hand_labeled")
           for metric in ("auc", "f1", "precision", "recall")]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        draw_lineage()
        licenses = Path("licenses.csv")
        write_rows(licenses, ("data", "doi"), [{"data": "TCIA", "doi": "10.7937/K9"}])
        started = time.perf_counter()
        tables = [Path(RESULTS) / f"table{number}.csv" for number in (1, 2, 3)]
        paths = {"paths": {"results": RESULTS}}
        write_page("drawn", {}, tables, licenses, FILES, Path("audit.html"), paths)
        wrote = time.perf_counter() - started
        page = Path("audit.html").resolve()
        kept = os.environ.get("MAKNET_SCREENSHOTS")
        if kept:
            shutil.copyfile(page, Path(kept) / "audit-full.html")
        found = {
            "jobs": len(list(Path(RESULTS).glob("provenance/*/*.json"))),
            "page_mb": round(page.stat().st_size / 1e6, 2),
            "write_s": round(wrote, 1),
        }
        print(json.dumps(found | open_page(page), indent=1))


def open_page(page: Path) -> dict[str, float]:
    """Return how long the page takes to open, and a click on a number to answer."""
    from selenium import webdriver
    from selenium.webdriver.common.by import By

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1500,1300"):
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=str(shutil.which("chromedriver")))
    driver = webdriver.Chrome(options, service)
    try:
        driver.get("about:blank")
        started = time.perf_counter()
        driver.get(page.as_uri())
        opened = time.perf_counter() - started
        driver.set_script_timeout(60)
        times = []
        buttons = driver.find_elements(By.CSS_SELECTOR, "#tables button")
        for button in buttons[:: max(1, len(buttons) // 12)]:
            times.append(float(driver.execute_script(
                "const t = performance.now(); arguments[0].click();"
                "document.body.offsetHeight; return performance.now() - t", button,
            )))  # fmt: skip
        search = float(driver.execute_script(
            "const t = performance.now(); find(data.series[0][0]);"
            "document.body.offsetHeight; return performance.now() - t"
        ))  # fmt: skip
        kept = os.environ.get("MAKNET_SCREENSHOTS")
        if kept:
            buttons[-1].click()
            driver.execute_script("document.getElementById('lineage').scrollIntoView()")
            driver.save_screenshot(str(Path(kept) / "audit-full.png"))
    finally:
        driver.quit()
    return {"open_s": round(opened, 2), "click_ms_median": round(statistics.median(times), 1),
            "click_ms_worst": round(max(times), 1), "search_ms": round(search, 1)}  # fmt: skip


def draw_lineage() -> None:
    """Write the records of a full run."""
    raw = make("fetch_deeplesion_part", {}, [], [f"{DATA}/deeplesion/DL_info.csv"])
    labels = make("build_labels", {"kind": "label"}, raw, [f"{DATA}/labels/{s}.npz" for s in
                  ("train", "val", "test", "hand")])  # fmt: skip
    images = [path for split in ("train", "val", "test", "hand")
              for path in make("prepare_lesions", {"split": split}, [*raw, *labels],
                               [f"{DATA}/labeled/{split}.npy"])]  # fmt: skip
    shards = [draw_batch(number) for number in range(BATCHES)]
    metrics: dict[str, list[str]] = {}
    for seed in SEEDS:
        draw_seed(seed, [*labels, *images], shards, metrics)
    students = [f"student{number}" for number in range(1, ROUNDS + 1)]
    lesanets = [f"lesanet_{start}" for start in STARTS]
    tables = {1: [*BASELINES, "maknet"], 2: ["maknet", "control", *students], 3: lesanets}
    for number, runs in tables.items():
        path = f"{RESULTS}/table{number}.csv"
        rows = [{"dataset": "drawn", "name": run, "run": run, **dict.fromkeys(METRICS, "0.5")}
                for run in runs]  # fmt: skip
        write_rows(path, list(rows[0]), rows)
        record(f"make_table{number}", {}, [m for run in runs for m in metrics[run]], [path])


def draw_seed(seed: str, data: list[str], shards: list[str], metrics: dict[str, list[str]]) -> None:
    """Write the records of all runs of one seed, and add its files of metrics."""
    trained = {run: train("train_network", run, seed, data) for run in (*BASELINES, "maknet")}
    trained["control"] = train("train_control", "control", seed, data)
    labeler = trained["maknet"]
    for number in range(1, ROUNDS + 2):
        pseudo = make("pseudo_label", {"round": str(number), "seed": seed}, [*labeler, *shards],
                      [f"{RESULTS}/pseudo/round{number}{seed}.npz"])  # fmt: skip
        if number <= ROUNDS:
            labeler = train("train_student", f"student{number}", seed, [*data, *pseudo, *shards])
            trained[f"student{number}"] = labeler
    tcia = train("pretrain_vgg16", "vgg16_tcia", seed, [*data, *pseudo, *shards])
    for start in STARTS:
        before = tcia if start == "tcia" else []
        trained[f"lesanet_{start}"] = train("train_lesanet", f"lesanet_{start}", seed,
                                            [*data, *before])  # fmt: skip
    for run, weights in trained.items():
        scores = make(
            "predict_scores",
            {"run": run + seed},
            [*weights, *data],
            [f"{RESULTS}/scores/{run}{seed}/{s}.npz" for s in ("val", "test", "hand")],
        )
        metrics.setdefault(run, []).extend(make(
            "compute_metrics", {"run": run + seed}, scores, [f"{RESULTS}/metrics/{run}{seed}.json"]
        ))  # fmt: skip


def train(rule: str, run: str, seed: str, inputs: list[str]) -> list[str]:
    folder = f"{RESULTS}/runs/{run}{seed}"
    return make(rule, {"run": run, "seed": seed}, inputs, [f"{folder}/model.safetensors"])


def draw_batch(number: int) -> str:
    """Write the records of a batch of series; return its shard."""
    name = f"batch{number:04d}"
    raw = make("fetch_series", {"batch": name}, [], [f"{DATA}/tcia/receipts/{name}.csv"])
    table = f"{DATA}/unlabeled/{name}.series.csv"
    rows = [{"batch": name, "folder": "", "series_uid": f"1.3.6.1.4.1.14519.5.2.1.{number}.{s}",
             "status": "accepted", "reason": "", "detail": ""} for s in range(SERIES)]  # fmt: skip
    write_rows(table, list(rows[0]), rows)
    shard = f"{DATA}/unlabeled/{name}.npy"
    write_text(shard, name)
    record("prepare_series", {"batch": name}, raw, [shard, table])
    return shard


def make(rule: str, wildcards: dict[str, str], inputs: list[str], outputs: list[str]) -> list[str]:
    for path in outputs:
        write_text(path, path)
    record(rule, wildcards, inputs, outputs)
    return outputs


def record(rule: str, wildcards: dict[str, str], inputs: list[str], outputs: list[str]) -> None:
    script = f"scripts/{rule}.py" if (ROOT / f"scripts/{rule}.py").is_file() else "scripts/audit.py"
    step = JobSpec(
        rule,
        wildcards,
        {"numerics": "native", "arch": "maknet"},
        inputs,
        outputs,
        script,
        RESULTS,
    )
    RecordWriter(step, datetime.now(UTC)).write()


if __name__ == "__main__":
    main()
