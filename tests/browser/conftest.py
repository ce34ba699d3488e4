"""A browser that opens pages from disk, or the reason why there is none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium without a window; its log has every error and refused request."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    chromedriver = shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("no Chromium with chromedriver: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    # A page of 5,000 layers, on a machine with other work.
    driver.set_script_timeout(60)
    yield driver
    driver.quit()


@pytest.fixture
def resize(browser: Any) -> Open:
    """Sets the width of the window, and light or dark."""

    def set_screen(width: int, *, is_dark: bool = False) -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    return set_screen


@pytest.fixture
def show(browser: Any, resize: Open, tmp_path: Path) -> Iterator[Open]:
    """Opens a page at a width, in light or dark, and waits until its pictures are drawn.

    At the end of the test nothing may be in the browser's log, and nothing been asked for.
    """
    file = tmp_path / "page.html"

    def open_page(page: str, *, width: int = 1280, is_dark: bool = False) -> Any:
        file.write_bytes(page.encode(errors="backslashreplace"))
        resize(width, is_dark=is_dark)
        for kind in ("browser", "performance"):
            browser.get_log(kind)  # empties it
        browser.get(file.as_uri())
        browser.execute_async_script(_READY)
        return browser

    yield open_page
    assert browser.get_log("browser") == []
    assert requests(browser, file.as_uri()) == []


def requests(browser: Any, page: str) -> list[str]:
    """Every address that was asked for but the page's own and data inside it."""
    entries = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    urls = [
        entry["params"]["request"]["url"]
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if url.partition("#")[0] != page and url[:5] not in _INSIDE]


_INSIDE = ("data:", "blob:")
_READY = """
const done = arguments[0];
const look = () => document.documentElement.dataset.ready ? done() : setTimeout(look, 50);
look();
"""
