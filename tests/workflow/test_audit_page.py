"""The audit page, clicked through in a real browser."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import axe_core_python
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from maknet.files import ROOT, read_rows
from maknet.provenance import links
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.numbers import printed_numbers, rests_on
from maknet.provenance.reach import reached
from maknet.provenance.records import read_records
from maknet.reporting.audit_page.page import PARTS
from scripts.write_audit_page import main
from tests.workflow.browser import NEEDS_BROWSER, errors, requests_to_the_network, screenshot

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
PAGE = "results/demo/audit.html"
FILES = [ROOT / "workflow/report/audit" / name for name in PARTS]


def content(page: Path) -> dict[str, Any]:
    found = re.search(r'<script id="content"[^>]*>(.*?)</script>', page.read_text(), re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def button(browser: webdriver.Chrome, label: str) -> Any:
    """Return the first button whose name for a screen reader begins so."""
    return browser.find_element(By.CSS_SELECTOR, f'[aria-label^="{label}"]')


def boxes(browser: webdriver.Chrome) -> list[str]:
    found = browser.find_elements(By.CSS_SELECTOR, "#graph [aria-expanded]")
    return [str(box.get_attribute("aria-label")) for box in found]


def press(browser: webdriver.Chrome, element: Any, key: str = Keys.ENTER) -> None:
    """Choose something with the keyboard alone."""
    browser.execute_script("arguments[0].focus()", element)
    browser.switch_to.active_element.send_keys(key)


def serious(browser: webdriver.Chrome) -> list[str]:
    """Return what the accessibility checker calls serious or critical."""
    script = Path(axe_core_python.__file__).with_name("axe.min.js").read_text()
    browser.execute_script(script)
    found = browser.execute_async_script(
        "axe.run().then(arguments[arguments.length - 1]).catch(e => arguments[arguments.length-1]"
        "({violations: [{id: String(e), impact: 'critical', nodes: []}]}))"
    )
    return [
        f"{fault['id']}: {[node['html'][:120] for node in fault['nodes'][:3]]}"
        for fault in found["violations"] if fault["impact"] in ("serious", "critical")
    ]  # fmt: skip


def test_the_page_knows_every_printed_number(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    found = content(Path(PAGE))
    assert found["holds"]
    cells = [n for n in found["numbers"] if n["row"]]
    assert len(cells) == 5 * 9 + 4 * 8 + 4 * 8
    for number in (1, 2, 3):
        rows = read_rows(Path(f"results/demo/table{number}.csv"))
        values = {row["text_mined_f1"] for row in rows}
        assert values == {n["value"] for n in cells
                          if n["file"].endswith(f"table{number}.csv")
                          and n["column"] == "text_mined_f1"}  # fmt: skip
    assert {n["file"].split("/")[-1] for n in found["numbers"] if not n["row"]} >= {
        f"figure{number}.png" for number in (1, 2, 3, 4)
    }
    panels = {n["column"] for n in found["numbers"] if n["file"].endswith("figure3.png")}
    assert panels == {"", "maknet", "vgg16"}
    assert found["sections"]["training.epochs"] == "section 4.2"


def test_a_number_rests_on_what_its_run_rests_on(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(finished)
    results = Path("results/demo")
    graph = JobGraph(read_records(results))
    by_name = {n.name: n for n in printed_numbers(results, graph)}

    def rules(name: str) -> set[str]:
        return {
            f"{graph.jobs[job].rule} {graph.jobs[job].wildcards.get('split', '')}".strip()
            for job in rests_on(by_name[name], graph)
        }

    teacher, student = rules("table2.csv 0:hand_labeled_f1"), rules("table2.csv 2:text_mined_f1")
    assert "prepare_series" not in teacher
    assert "prepare_lesions hand" in teacher
    assert "prepare_lesions test" not in teacher
    assert {"prepare_series", "pseudo_label", "train_student"} <= student
    assert "prepare_lesions hand" not in student
    series = [s for s in content(Path(PAGE))["series"] if s[2] == "accepted"]
    numbers = {n.name for n in reached(results, series=series[0][0]).numbers}
    assert "table2.csv 2:text_mined_f1" in numbers
    assert "table2.csv 0:hand_labeled_f1" not in numbers


def page(target: Path) -> dict[str, Any]:
    """Audit the run in the working folder anew, and return what its page holds."""
    results = Path("results/demo")
    main(
        "phantom", {}, [results / f"table{n}.csv" for n in (1, 2, 3)],
        results / "data_and_licenses.csv", FILES, target, {"paths": {"results": "results/demo"}},
    )  # fmt: skip
    return content(target)


def test_each_job_bears_its_own_faults(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied)

    def faulty(found: dict[str, Any]) -> set[str]:
        return {f"{j['rule']} {j['name']}".strip() for j in found["jobs"] if j["faults"]}

    assert faulty(page(tmp_path / "whole.html")) == set()
    now = links.version
    with monkeypatch.context() as patch:
        patch.setattr(links, "version", lambda name: "0.1" if name == "torch" else now(name))
        other_torch = faulty(page(tmp_path / "torch.html"))
    assert {"train_network net maknet", "train_student round 1", "pretrain_vgg16",
            "train_lesanet init tcia"} <= other_torch  # fmt: skip
    assert "make_table1" not in other_torch
    (copied / "results/demo/provenance/build_labels/label.json").unlink()
    found = page(tmp_path / "record.html")
    assert not found["holds"]
    assert {"prepare_lesions split train", "train_network net vgg16"} <= faulty(found)
    assert "train_lesanet init scratch" not in faulty(found)


@NEEDS_BROWSER
def test_a_number_can_be_followed_to_its_sources(
    finished: Path, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.get((finished / PAGE).as_uri())
    assert "All links hold" in browser.find_element(By.ID, "verdict").text
    button(browser, "table3.csv, LesaNet (phantom CT").click()
    assert len(boxes(browser)) <= 12
    assert all(label.endswith(", holds") for label in boxes(browser))
    screenshot(browser, "audit-lineage", tmp_path)
    button(browser, "Unlabeled images").click()
    batch = "prepare_series: batch batch0000"
    assert batch in browser.find_element(By.ID, "detail").text
    lines = browser.find_elements(By.CSS_SELECTOR, "#graph .line")  # in the order of their start
    next(line for line in lines if batch == line.get_attribute("aria-label")).click()
    said = browser.find_element(By.ID, "detail").text
    for words in ("SHA-256", "series.min_slices", 'section 2: "more than 50 slices"', "Root:",
                  "scripts/prepare_series.py", "intact", "workflow/rules/prepare.smk line ",
                  "results/demo/logs/prepare_series/batch0000.log"):  # fmt: skip
        assert words in said
    screenshot(browser, "audit-job", tmp_path)
    assert errors(browser) == []
    assert requests_to_the_network(browser) == []


@NEEDS_BROWSER
def test_the_keyboard_and_screen_readers_reach_everything(
    finished: Path, browser: webdriver.Chrome
) -> None:
    browser.get((finished / PAGE).as_uri())
    assert serious(browser) == []
    press(browser, button(browser, "table2.csv, 1, text-mined AUC"))
    assert "rests on" in browser.switch_to.active_element.text
    press(browser, button(browser, "Pseudo-labels and students"), Keys.SPACE)
    lines = browser.find_elements(By.CSS_SELECTOR, "#graph .line")
    assert [str(line.get_attribute("aria-label")) for line in lines] == [
        "pseudo_label: round 1", "train_student: round 1",
    ]  # fmt: skip
    press(browser, lines[1])
    assert browser.switch_to.active_element.text == "train_student: round 1"
    assert serious(browser) == []


@NEEDS_BROWSER
def test_a_series_or_a_patient_is_found(finished: Path, browser: webdriver.Chrome) -> None:
    known = content(finished / PAGE)
    uid = next(s[0] for s in known["series"] if s[2] == "accepted")
    refused = next(s[0] for s in known["series"] if s[2] == "refused")
    patient = next(iter(known["patients"]))
    browser.get((finished / PAGE).as_uri())
    query, found = browser.find_element(By.ID, "query"), browser.find_element(By.ID, "found")

    def ask(text: str) -> str:
        query.clear()
        query.send_keys(text, Keys.ENTER)
        return str(found.text)

    assert "table2.csv, 2, text-mined F1" in ask(uid)
    assert "It reached 0 of" in ask(refused)
    assert f"patient {patient}" in ask(patient)
    assert "No job of this run prepared" in ask("1.2.3")
    ask(uid)
    found.find_element(By.CSS_SELECTOR, '[aria-label^="table2.csv, 2, text-mined F1"]').click()
    assert (
        "What table2.csv, 2, text-mined F1 rests on" in browser.find_element(By.ID, "lineage").text
    )


@NEEDS_BROWSER
def test_a_changed_file_is_shown_as_changed(
    copied: Path, browser: webdriver.Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copied)
    results = Path("results/demo")
    scores = results / "scores/maknet/test.npz"
    damaged = bytearray(scores.read_bytes())
    damaged[40] ^= 1
    scores.write_bytes(damaged)
    os.utime(scores)
    page(tmp_path / "audit.html")
    browser.get((tmp_path / "audit.html").as_uri())
    assert "The lineage does not hold" in browser.find_element(By.ID, "verdict").text
    button(browser, "table1.csv, MAKNet, text-mined AUC").click()
    bad = [label for label in boxes(browser) if label.endswith("does not hold")]
    assert bad == ["Scores and metrics: 2 jobs, does not hold"]
    screenshot(browser, "audit-changed", tmp_path)
    button(browser, "Scores and metrics").click()
    browser.find_elements(By.CSS_SELECTOR, "#graph .line")[0].click()
    assert "changed: now" in browser.find_element(By.ID, "detail").text
    button(browser, "table1.csv, VGG16 (random").click()
    assert not [label for label in boxes(browser) if label.endswith("does not hold")]


def test_the_page_is_one_file(finished: Path, tmp_path: Path) -> None:
    alone = tmp_path / "audit.html"
    shutil.copyfile(finished / PAGE, alone)
    text = alone.read_text()
    assert not re.search(
        r'(src|href)="(?!https://github)', text.partition('<script id="content"')[0]
    )
