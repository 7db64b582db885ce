"""A real browser without a network, and what tests ask of it."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

NEEDS_BROWSER = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="needs Debian's chromium and chromium-driver",
)


def open_browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Start a browser, and close it in the end."""
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
