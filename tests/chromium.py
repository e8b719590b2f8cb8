"""A headless Chromium to drive, of Debian's; it downloads nothing, and visits no host that a test does not name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
SECONDS = 40


@contextmanager
def chromium(profile: Path, *flags: str) -> Iterator[Any]:
    """A browser with a profile of its own; without Chromium the test is skipped, in CI it fails."""
    if not (CHROMIUM and DRIVER):
        message = "chromium or chromedriver is not installed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS.split(), f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.implicitly_wait(SECONDS)
    try:
        yield driver
    finally:
        driver.quit()


def wait_for_prompt(driver: Any) -> None:
    """Until the debugger asks for the PIN, whole, and a frame longer.

    A prompt that still fades in when it is to fade out does so for ever: each frame adds what the last one took.
    """
    from selenium.webdriver.support.wait import WebDriverWait

    def is_whole(_: Any) -> bool:
        return bool(driver.find_element("css selector", ".pin-prompt").value_of_css_property("opacity") == "1")

    WebDriverWait(driver, SECONDS).until(is_whole, "the prompt never came")
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
