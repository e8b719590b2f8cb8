"""The debugger against pages of other origins, in a real browser: what they frame, fetch and link to.

GHSA-2g68-c3qc-8985 is about such pages. What a browser tells of who asks is the W3C's Fetch Metadata.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.chromium import SECONDS, chromium, wait_for_prompt
from tests.cli.server import Server, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX"),
]

PIN = "271-828-182"
APP = """
import sys
from flask import Flask, request
app = Flask(__name__)
@app.get("/boom")
def boom():
    sys.stderr.write(f"asked by {request.headers.get('Sec-Fetch-Site')}\\n")  # at once: threads do not get in between
    number = 6000
    raise LookupError("the reason")
@app.get("/to-the-neighbour")
def there():
    return "<title>a page of the app</title>"
"""
# A page of another origin: it frames the page of an error, fetches it, runs it as a script, and links to it.
PAGE = """<!doctype html><title>another page</title>
<iframe src="TARGET/boom"></iframe>
<a href="TARGET/boom">see</a>
<script>
  document.title = "asking";
  const ask = mode => fetch("TARGET/boom", {mode}).then(answer => answer.text()).catch(() => "refused");
  Promise.all([ask("cors"), ask("no-cors")]).then(texts => {
    window.read = texts.join(" | ");
    const script = document.createElement("script");
    script.onload = script.onerror = event => { window.ran = event.type; document.title = "done"; };
    script.src = "TARGET/?__debugger__=yes&cmd=resource&f=debugger.js";
    document.head.append(script);
  });
</script>
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Whatever the name, it leads to this machine: as when another site's name was made to point here."""
    with chromium(tmp_path_factory.mktemp("profile"), "--host-resolver-rules=MAP * 127.0.0.1") as driver:
        yield driver


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("debugged") / "site"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    with serving(folder, "-m", "flask", "run", "--debug", "--port", "0", WERKZEUG_DEBUG_PIN=PIN) as server:
        server.wait_for("LookupError", "/boom")
        yield server


@contextlib.contextmanager
def page_at(target: str) -> Iterator[int]:
    """A server on another port that answers with the page above; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(PAGE.replace("TARGET", target).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        try:
            yield other.server_address[1]
        finally:
            other.shutdown()
            thread.join()


def wait(what: str, browser: Any, condition: Callable[[Any], bool]) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    WebDriverWait(browser, SECONDS).until(condition, f"{what} never came")


@pytest.mark.parametrize(("name", "site"), [("evil.example", "cross-site"), ("localhost", "same-site")])
def test_no_page_of_another_origin_shows_or_reads_the_debugger(
    browser: Any, server: Server, name: str, site: str
) -> None:
    """Neither another site nor another port of this host can frame the page of an error, read it, or load its script.

    On upstream both framed it, ready to be clicked on, and loaded its script.
    """
    target = server.url.replace("127.0.0.1", "localhost")
    asked_before = server.log().count(f"asked by {site}")
    with page_at(target) as port:
        browser.get(f"http://{name}:{port}/")
        wait("the answers", browser, lambda driver: driver.title == "done")
        read, ran = browser.execute_script("return [window.read, window.ran]")
        # The browser did ask, and said on whose behalf: for the frame, and for each fetch.
        wait("all questions", browser, lambda _: server.log().count(f"asked by {site}") >= asked_before + 3)
        assert read.startswith("refused | ")
        for sign in ("LookupError", "SECRET", "number = 6000"):
            assert sign not in read
        assert ran == "error"
        browser.switch_to.frame(browser.find_element("tag name", "iframe"))
        shown = browser.page_source
        browser.switch_to.default_content()
        for sign in ("LookupError", "SECRET", "number = 6000"):
            assert sign not in shown


def test_a_link_from_another_site_shows_no_debugger(browser: Any, server: Server) -> None:
    """Who follows another site's link sees the plain error, and in the terminal why; a typed address shows the page."""
    target = server.url.replace("127.0.0.1", "localhost")
    with page_at(target) as port:
        browser.get(f"http://evil.example:{port}/")
        wait("the answers", browser, lambda driver: driver.title == "done")
        browser.find_element("tag name", "a").click()
        wait("the error", browser, lambda driver: "Internal Server Error" in driver.page_source)
        assert "LookupError" not in browser.page_source
        assert "another site's page" in server.log()
        browser.get(f"{target}/boom")
        assert browser.find_element("tag name", "h1").text == "LookupError"
        # Another port of this host is the developer's own.
        browser.get(f"http://localhost:{port}/")
        wait("the answers", browser, lambda driver: driver.title == "done")
        browser.find_element("tag name", "a").click()
        wait("the page", browser, lambda driver: "LookupError" in driver.page_source)
        assert "EVALEX = true" in browser.page_source


def test_the_page_is_interactive_on_localhost_after_the_pin(browser: Any, server: Server) -> None:
    """At localhost, who types the PIN gets a console in the frame that failed; its headers do not hinder the page."""
    browser.get(f"{server.url.replace('127.0.0.1', 'localhost')}/boom")

    def see(selector: str) -> Any:
        return browser.find_element("css selector", selector)

    browser.execute_script(
        "arguments[0].querySelector('img').click()", browser.find_elements("css selector", ".frame")[-1]
    )
    wait_for_prompt(browser)
    see(".pin-prompt input[name=pin]").send_keys(PIN)
    see(".pin-prompt input[name=btn]").click()
    wait("the console", browser, lambda _: not see(".pin-prompt").is_displayed())
    see(".console input").send_keys("number * 7 + 1\n")
    wait("the value", browser, lambda _: "42001" in see(".console").text)
    # The page is dressed: its style sheet came, and its picture.
    assert browser.execute_script("return document.styleSheets.length") == 1
    assert browser.execute_script("return document.querySelector('.frame img').naturalWidth") > 0
