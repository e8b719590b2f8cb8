"""Drives the postcards in a headless Chromium, as a person would. Downloads nothing, and visits no other host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import SECONDS, chromium
from tests.examples.visitor import png
from tests.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    with chromium(tmp_path / "profile") as driver:
        yield driver


def test_a_person_sends_a_card(browser: Any, postcards: Server, tmp_path: Path) -> None:
    """A person joins, uploads a picture, sees it, finds it on the wall, gives it stars, and meets an error page."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.wait import WebDriverWait

    # What was found on a page that is just being left is looked for again on the next.
    wait = WebDriverWait(browser, SECONDS, ignored_exceptions=(StaleElementReferenceException,))

    def see(selector: str) -> Any:
        return browser.find_element("css selector", selector)

    def await_text(selector: str, text: str) -> None:
        wait.until(lambda _: text in see(selector).text, f"{text!r} never came")

    holiday = tmp_path / "holiday.png"
    holiday.write_bytes(png())

    browser.get(postcards.url)
    assert see("h1").text == "The wall"
    see(".me .button").click()
    await_text(".flash", "Please sign in first.")
    see("[name=name]").send_keys("browsing.person")
    see("[name=password]").send_keys("a long enough password")
    see("#join").click()

    await_text("h1", "Send a card")
    see("[name=picture]").send_keys(str(holiday))
    wait.until(lambda _: see("#preview").get_property("naturalWidth") == 48)
    see("[name=caption]").send_keys("Seen with <b>my own</b> eyes #browser")
    see("[name=place]").send_keys("Web / Page")
    see(".writing-desk button").click()

    await_text(".flash", "Sent!")
    assert see("h1.caption").text == "Seen with <b>my own</b> eyes #browser"
    assert see("img.picture").get_property("naturalWidth") == 48
    see(".rate [value='4']").click()
    await_text("a.stars", "4.0")

    see(".brand").click()
    await_text("h1", "The wall")
    assert see(".card .sender").text == "browsing.person"
    assert see(".card .front img").get_property("naturalWidth") == 48

    see(".themes [value=dark]").click()
    see("html[data-theme=dark]")
    dark = see("body").value_of_css_property("background-color")
    see(".themes [value=light]").click()
    see("html[data-theme=light]")
    assert see("body").value_of_css_property("background-color") != dark

    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    browser.get(f"{postcards.url}/no/such/street")
    assert see(".error .code").text == "404"
    assert see("h1").text == "Return to sender"
    see(".error .button").click()
    await_text("h1", "The wall")

    see(".me button").click()
    await_text(".flash", "You have signed out.")


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_the_screen(browser: Any, postcards: Server, width: int) -> None:
    """On a phone and on a desktop nothing must be scrolled sideways."""
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    for path in ("/", "/about", "/people/", "/places/", "/sign-in", "/no/such/street"):
        browser.get(postcards.url + path)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, path
