"""Middleware around `app.wsgi_app` acts on every request, through every server."""

from __future__ import annotations

from tests.contract.fleet import Served

FORWARDED = [
    ("X-Forwarded-For", "192.0.2.7"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "public.site.test"),
    ("X-Forwarded-Prefix", "/shop"),
]


def test_proxy_fix(wrapped: Served) -> None:
    """ProxyFix gives the app the client, scheme, host and prefix that the proxy saw."""
    answer = wrapped.ask("/seen?q", headers=FORWARDED).json
    assert (answer["client"], answer["scheme"], answer["host"]) == ("192.0.2.7", "https", "public.site.test")
    assert (answer["root"], answer["path"]) == ("/shop", "/seen")
    assert answer["link"] == "https://public.site.test/shop/seen"


def test_prefix(wrapped: Served) -> None:
    """Middleware that moves a part of the path to the root path is believed."""
    answer = wrapped.ask("/moved/seen/x%2Fy").json
    assert (answer["root"], answer["path"], answer["rest"]) == ("/moved", "/seen/x/y", "x/y")
    assert answer["link"] == "http://site.test/moved/seen"


def test_headers_of_answers(wrapped: Served) -> None:
    """Middleware adds headers to each answer: to a text, an error, a stream."""
    for target, status in ("/text", 200), ("/none", 404), ("/fail", 500), ("/stream/unsized", 200):
        answer = wrapped.ask(target)
        assert (answer.status, answer.one("X-Middleware")) == (status, "was here")


def test_streams_and_uploads_pass(wrapped: Served, token: str) -> None:
    """Streams in both directions go through middleware as they do without it."""
    assert wrapped.ask("/upload/", "POST", body=b"x" * 100_000).json["length"] == 100_000
    assert wrapped.ask(f"/stream/context/{token}").text == f"/stream/context/{token} tests.contract.site"
    assert wrapped.events(token, "teardown") == ["exhausted", "closed", "teardown"]


def test_answer_without_the_app(wrapped: Served) -> None:
    """Middleware may answer alone, with any status."""
    answer = wrapped.ask("/alone")
    assert (answer.status, answer.body, answer.one("X-Middleware")) == (202, b"alone", None)


def test_write(wrapped: Served) -> None:
    """What middleware writes with the callable of PEP 3333 comes before what it returns."""
    assert wrapped.ask("/written").body == b"written and returned"
