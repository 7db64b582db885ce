"""The report opens from the file in a real browser, offline, and can be clicked through."""

import shutil
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.workflow.browser import (
    NEEDS_BROWSER,
    click,
    errors,
    requests_to_the_network,
    screenshot,
    wait_for_text,
)
from tests.workflow.conftest import MINI, Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow, NEEDS_BROWSER]


@pytest.fixture(scope="module")
def report(snakemake: Run, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its report."""
    folder = tmp_path_factory.mktemp("report") / "run"
    shutil.copytree(finished, folder, symlinks=True)
    done = snakemake(folder, "--report", "results/demo/report.html", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "results/demo/report.html"


def test_the_report_can_be_clicked_through_offline(
    report: Path, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.get(report.as_uri())
    wait_for_text(browser, "from raw CT to every printed number")
    assert "All CT here is synthetic" in browser.find_element(By.TAG_NAME, "body").text
    screenshot(browser, "report-landing", tmp_path)
    assert browser.find_elements(By.CSS_SELECTOR, 'img[alt^="From data on the left"]')
    for category, entry in (
        ("1 Overview", "From data to results"), ("2 Dataset", "Contact sheet"),
        ("3 Proposed network", "Figure 1"), ("4.3 Multi-label classification", "Table 1"),
        ("4.4 Semi-supervised training", "Table 2"), ("4.5 Domain-specific transfer", "Table 3"),
        ("5 Understanding predictions", "Figure 3"), ("Audit", "From every printed number"),
        ("Behind the tables", "Refused series"),
    ):  # fmt: skip
        click(browser, category)
        wait_for_text(browser, entry)
        name = category.split(" ", 1)[0].lower()
        screenshot(browser, f"report-{name}", tmp_path)
        click(browser, "Results")
    for page in ("Workflow", "Statistics"):
        click(browser, page)
        screenshot(browser, f"report-{page.lower()}", tmp_path)
    assert errors(browser) == []
    assert requests_to_the_network(browser) == []


def test_tables_sort_by_a_click_on_their_head(
    report: Path, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.get((report.parent / "table1.html").as_uri())
    head = browser.find_element(By.XPATH, "//th[text()='Parameters']")
    table = head.find_element(By.XPATH, "ancestor::table")

    def column() -> list[int]:
        cells = table.find_elements(By.CSS_SELECTOR, "tbody tr td:nth-child(3)")
        return [int(cell.text.replace(",", "")) for cell in cells]

    unsorted = column()
    head.click()
    assert column() == sorted(unsorted)
    head.click()
    assert column() == sorted(unsorted, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    screenshot(browser, "table1", tmp_path)
    assert errors(browser) == []
    assert requests_to_the_network(browser) == []


def test_rows_of_a_long_table_are_found_by_words(
    report: Path, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.get((report.parent / "pages/per_label.html").as_uri())
    rows = browser.find_elements(By.CSS_SELECTOR, "tbody tr")
    said = browser.find_element(By.CSS_SELECTOR, "output")
    assert said.text == f"{len(rows)} of {len(rows)} rows"
    box = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    box.send_keys("Student1 abdomen hand")
    shown = [row.text for row in rows if row.is_displayed()]
    assert 0 < len(shown) < len(rows) // 10
    assert all({"student1", "hand_labeled"} <= set(row.split()) for row in shown)
    assert said.text == f"{len(shown)} of {len(rows)} rows"
    screenshot(browser, "per-label", tmp_path)
    box.clear()
    box.send_keys("nothing of the kind")
    assert said.text == f"0 of {len(rows)} rows"
    browser.get((report.parent / "table1.html").as_uri())
    assert not browser.find_elements(By.CSS_SELECTOR, "input[type=search]")  # read at a glance
    assert errors(browser) == []
