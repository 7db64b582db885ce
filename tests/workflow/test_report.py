"""The report opens from the file in a real browser, offline, and can be clicked through."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.workflow.conftest import MINI, Run

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("chromium") and shutil.which("chromedriver")),
        reason="needs Debian's chromium and chromium-driver",
    ),
]


@pytest.fixture(scope="module")
def report(snakemake: Run, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its report."""
    folder = tmp_path_factory.mktemp("report") / "run"
    shutil.copytree(finished, folder, symlinks=True)
    done = snakemake(folder, "--report", "results/demo/report.html", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "results/demo/report.html"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--window-size=1400,1000", f"--user-data-dir={tmp_path / 'profile'}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=str(shutil.which("chromedriver")))
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


def screenshot(browser: webdriver.Chrome, name: str, tmp_path: Path) -> None:
    """Keep a picture where `MAKNET_SCREENSHOTS` says, else beside the test's files."""
    folder = Path(os.environ.get("MAKNET_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    assert browser.save_screenshot(str(folder / f"{name}.png"))
    assert (folder / f"{name}.png").stat().st_size > 5_000


def requests_to_the_network(browser: webdriver.Chrome) -> list[str]:
    """Return every address on a network that the browser asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in asked if url.startswith(("http:", "https:", "ws:", "wss:", "ftp:"))]


def wait_for_text(browser: webdriver.Chrome, text: str) -> None:
    WebDriverWait(browser, 20).until(
        lambda driver: text in driver.find_element(By.TAG_NAME, "body").text
    )


def click(browser: webdriver.Chrome, text: str) -> None:
    """Click the first visible element that says just this."""
    path = f"//*[normalize-space(text())={text!r}]"
    WebDriverWait(browser, 20).until(lambda driver: driver.find_elements(By.XPATH, path))
    element = next(e for e in browser.find_elements(By.XPATH, path) if e.is_displayed())
    browser.execute_script("arguments[0].click()", element)


def errors(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_the_report_can_be_clicked_through_offline(
    report: Path, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    browser.get(report.as_uri())
    wait_for_text(browser, "from raw CT to every printed number")
    assert "All CT here is drawn" in browser.find_element(By.TAG_NAME, "body").text
    screenshot(browser, "report-landing", tmp_path)
    for category in (
        "2 Dataset", "3 Proposed network", "4.3 Multi-label classification",
        "4.4 Semi-supervised training", "4.5 Domain-specific transfer",
        "5 Understanding predictions", "Behind the tables",
    ):  # fmt: skip
        click(browser, category)
        wait_for_text(browser, "results/demo")
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
