"""An app below a path that its server was told, through every server."""

from __future__ import annotations

from tests.contract.fleet import Served
from tests.contract.servers import PREFIX


def test_path_and_root_path(below: Served) -> None:
    """The root path is the server's, the path is what comes after it."""
    answer = below.ask(f"{below.prefix}/seen/x%2Fy?q").json
    assert (answer["root"], answer["path"], answer["rest"]) == (PREFIX, "/seen/x/y", "x/y")


def test_urls_are_made_below(below: Served) -> None:
    """URLs of the app begin with the root path."""
    answer = below.ask(f"{below.prefix}/seen?q").json
    assert answer["url"] == f"http://site.test{PREFIX}/seen?q"
    assert answer["link"] == f"http://site.test{PREFIX}/seen"


def test_redirects_stay_below(below: Served) -> None:
    """A redirect that routing makes stays below the root path."""
    answer = below.ask(f"{below.prefix}/upload", "POST", [("Content-Length", "0")])
    assert (answer.status, answer.one("Location")) == (308, f"http://site.test{PREFIX}/upload/")


def test_session_cookie_is_for_the_app(below: Served) -> None:
    """A session is kept below the root path as anywhere."""
    cookie = below.ask(f"{below.prefix}/session/below").one("Set-Cookie")
    assert cookie is not None
    assert below.ask(f"{below.prefix}/session", headers=[("Cookie", cookie.split(";")[0])]).json == {"value": "below"}
