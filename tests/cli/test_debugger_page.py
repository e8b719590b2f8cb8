"""The debugger's page, seen in a browser, and what a request with another Host header sees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import SECONDS, chromium, wait_for_prompt

from .conftest import Write
from .server import Server, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PIN = "271-828-182"
APP = """
from flask import Flask
app = Flask(__name__)
app.secret_key = "the key of the sessions"
@app.get("/boom")
def boom():
    number = 6000
    raise LookupError("the reason")
if __name__ == "__main__":
    app.run(debug=True, port=0, host=HOST)
"""
COMMAND = ("-m", "flask", "run", "--debug", "--port", "0", "--host")
SECRET = re.compile(r'SECRET = "(\w+)"')


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    # Whatever the name, it leads here: as when another site's name was made to point to this machine.
    with chromium(tmp_path / "profile", "--host-resolver-rules=MAP * 127.0.0.1") as driver:
        yield driver


@pytest.fixture(params=["flask run", "app.run()", "flask run for everybody"])
def server(request: pytest.FixtureRequest, write: Write, folder: Path) -> Iterator[Server]:
    """A server in debug mode, started in each of the ways there are."""
    host = "0.0.0.0" if "everybody" in request.param else "127.0.0.1"
    write("app.py", APP.replace("HOST", repr(host)))
    args = ("app.py",) if request.param == "app.run()" else (*COMMAND, host)
    with serving(folder, *args, WERKZEUG_DEBUG_PIN=PIN) as server:
        server.wait_for("LookupError", "/boom")
        yield server


def test_the_page_in_a_browser(browser: Any, server: Server) -> None:
    """A wrong PIN is refused; the right one opens the console, which evaluates within the frame that failed."""
    from selenium.webdriver.support.expected_conditions import alert_is_present
    from selenium.webdriver.support.wait import WebDriverWait

    def see(selector: str) -> Any:
        return browser.find_element("css selector", selector)

    def wait(what: str, condition: Any) -> None:
        WebDriverWait(browser, SECONDS).until(lambda _: condition(), f"{what} never came")

    browser.get(f"{server.url}/boom")
    assert see("h1").text == "LookupError"
    assert "the reason" in see(".errormsg").text

    frame = browser.find_elements("css selector", ".frame")[-1]
    browser.execute_script("arguments[0].querySelector('img').click()", frame)
    wait_for_prompt(browser)
    see(".pin-prompt input[name=pin]").send_keys("111-111-111")
    see(".pin-prompt input[name=btn]").click()
    refusal = WebDriverWait(browser, SECONDS).until(alert_is_present(), "no refusal came")
    assert "incorrect pin" in refusal.text
    refusal.accept()
    assert see(".pin-prompt").is_displayed()
    assert browser.get_cookies() == []

    field = see(".pin-prompt input[name=pin]")
    field.clear()
    field.send_keys(PIN)
    see(".pin-prompt input[name=btn]").click()
    wait("the console", lambda: not see(".pin-prompt").is_displayed())
    (cookie,) = browser.get_cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"

    see(".console input").send_keys("number * 7 + 1\n")
    wait("the value", lambda: "42001" in see(".console").text)


def test_another_name_in_a_browser(browser: Any, server: Server) -> None:
    """A page that came here by a foreign name gets neither the debugger's page nor its secret."""
    port = server.url.rpartition(":")[2]
    browser.get(f"http://evil.example:{port}/boom")
    assert "Internal Server Error" in browser.page_source
    assert "LookupError" not in browser.page_source
    assert "SECRET" not in browser.page_source


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.7.7", ""])
def test_another_host_header(server: Server, host: str) -> None:
    """Whatever is asked under a foreign host, with the very secret in hand, the debugger is not there."""
    secret = SECRET.search(server.get("/boom"))
    assert secret
    commands = (f"cmd=pinauth&pin={PIN}", "cmd=printpin", "cmd=resource&f=debugger.js", "cmd=1&frm=0")
    for path in ("/boom", "/console", *(f"/?__debugger__=yes&s={secret[1]}&{command}" for command in commands)):
        answer = server.get(path, Host=host)
        assert answer[:3] in {"400", "404", "500"}
        assert secret[1] not in answer
        assert "LookupError" not in answer
        assert "number = 6000" not in answer
        assert '"auth"' not in answer
    assert PIN not in server.log().partition("pin code")[2]


def test_no_secret_without_debug(write: Write, folder: Path) -> None:
    """Without debug mode there is no debugger, for nobody."""
    write("app.py", APP)
    with serving(folder, "-m", "flask", "run", "--port", "0") as server:
        answers = [
            server.get("/boom"),
            server.get("/console"),
            server.get("/?__debugger__=yes&cmd=resource&f=debugger.js"),
        ]
    assert [answer[:3] for answer in answers] == ["500", "404", "404"]
    assert "LookupError" not in answers[0]
