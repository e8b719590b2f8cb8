"""The documentation as somebody reads it: on a phone and on a desk, by day and by night."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import chromium
from tests.servers import have

ROOT = Path(__file__).parents[2]
WIDTHS = {"phone": 390, "desktop": 1300}
# The widest part that sticks out, for whoever has to mend it.
STICKS_OUT = """
const wide = document.documentElement.scrollWidth - innerWidth;
if (wide <= 0) return null;
const out = [...document.querySelectorAll("article *")].find(one => one.getBoundingClientRect().right > innerWidth + 1);
return `${wide} pixels, ${out ? out.outerHTML.slice(0, 200) : "outside of the article"}`;
"""
# How light text is, and what is behind it, up to 765; and whether the picture has the colour of text.
COLOURS = """
const light = text => text.match(/\\d+/g).slice(0, 3).reduce((sum, one) => sum + +one, 0);
const shown = getComputedStyle(document.body), drawn = getComputedStyle(document.querySelector(".life text"));
return [light(shown.color), light(shown.backgroundColor), drawn.fill === shown.color];
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not have("sphinx"), reason="the documentation is built with Sphinx"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every page, built."""
    folder = tmp_path_factory.mktemp("html")
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", ROOT / "docs", folder], check=True)
    found = [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]
    assert len(found) > 50
    return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.parametrize("screen", WIDTHS)
def test_no_page_is_wider_than_the_screen(browser: Any, pages: list[Path], screen: str) -> None:
    """What is wide scrolls within its place; nobody has to move the page from side to side."""
    size = {"width": WIDTHS[screen], "height": 844, "deviceScaleFactor": 1, "mobile": screen == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wide = {}
    for page in pages:
        browser.get(page.as_uri())
        if found := browser.execute_script(STICKS_OUT):
            wide[page.name] = found
    assert wide == {}


@pytest.mark.parametrize(("theme", "text_is_darker"), [("light", True), ("dark", False)])
def test_pages_are_for_day_and_night(browser: Any, pages: list[Path], theme: str, text_is_darker: bool) -> None:
    """By day text is dark on light, by night light on dark, and the picture of a request's life follows."""
    page = next(path for path in pages if path.name == "request-life.html")
    browser.get(page.as_uri())
    browser.execute_script("document.body.dataset.theme = arguments[0]", theme)
    text, behind, drawn_alike = browser.execute_script(COLOURS)
    assert (text < behind - 300) if text_is_darker else (text > behind + 300)
    assert drawn_alike
