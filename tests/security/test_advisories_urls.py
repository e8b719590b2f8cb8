"""Advisories on URLs, routing and redirects; docs/security-advisories.md says what each was about."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest

from flask import Flask, redirect, request, url_for
from tests.gateways import raw
from tests.gateways.raw import Answer
from tests.security.attacks import bounded, everywhere, make_app


@pytest.fixture
def app() -> Flask:
    app = make_app()
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    app.add_url_rule("/<word>/", "word", lambda word: word)
    app.add_url_rule("/<path:path>/end/", "path", lambda path: path)
    app.add_url_rule("/id/<int:number>", "number", lambda number: str(number))
    app.add_url_rule("/to", "to", lambda: redirect(request.args["to"]))
    return app


def location_of(answer: Answer) -> str:
    """Where a browser goes, by WHATWG: controls at the ends, tabs and line breaks go, a backslash is a slash."""
    location = answer.header("Location") or ""
    for gone in "\t\r\n":
        location = location.replace(gone, "")
    return location.strip("".join(map(chr, range(33)))).replace("\\", "/")


def leaves(answer: Answer) -> bool:
    """Whether a redirect leads to another host."""
    location = location_of(answer)
    return location.startswith("//") or urlsplit(location).netloc not in {"", "localhost", "localhost:80"}


PATHS = [
    "//evil.test",
    "//evil.test/slash",
    "//evil.test/end",
    "///evil.test/end",
    "/%2fevil.test",
    "/%2f%2fevil.test/end",
    "/%5cevil.test",
    "/\\evil.test",
    "/\\/evil.test/end",
    "/%09/evil.test",
    "/%0d%0a/evil.test/end",
    "//evil.test/%2f..",
    "//evil.test/..",
    "//evil.test%2f..",
    "/.//evil.test/end",
    "/;@evil.test/end",
    "//user@evil.test/end",
    "/%00//evil.test/end",
    "/http://evil.test/end",
    "/http:%2f%2fevil.test",
    "/ //evil.test/end",
]


@pytest.mark.parametrize("path", PATHS)
def test_cve_2020_28724(app: Flask, path: str) -> None:
    """No redirect that routing makes by itself, for a slash at the end or two in a row, leads to another host."""
    for answer in everywhere(app, path):
        assert not leaves(answer), answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_cve_2018_14574(app: Flask, path: str) -> None:
    """The same holds with an app whose rules take any path, and redirect by `strict_slashes`."""
    app = make_app()
    app.add_url_rule("/<path:anything>/", "anything", lambda anything: anything)
    for answer in everywhere(app, path):
        assert not leaves(answer), answer.headers


@pytest.mark.parametrize("path", ["//evil.test/%2f..", "//evil.test/..", "//evil.test/../slash", "//evil.test"])
def test_cve_2021_21330(app: Flask, path: str) -> None:
    """Nor below a prefix."""
    for answer in (
        raw.call(app, path, base_url="http://localhost/app"),
        raw.call(app, path, base_url="http://localhost//"),
    ):
        assert not leaves(answer)


@pytest.mark.parametrize(
    "path", ["//evil.test/static", "/static//evil.test", "/static", "/static//evil.test/..", "//static//evil.test/"]
)
def test_cve_2023_28370(app: Flask, path: str) -> None:
    """Nor do static files, which have no redirect of their own."""
    answer = raw.call(make_app(), path)
    assert not leaves(answer)
    assert not answer.status.startswith("200")


@pytest.mark.parametrize("path", ["//evil.test", "///evil.test", "//evil.test/%2e%2e"])
def test_cve_2024_42353(app: Flask, path: str) -> None:
    """A redirect to the request's own path stays on the host: no app sees a path that begins with two slashes."""
    app.add_url_rule("/again/<path:rest>", "again", lambda rest: redirect(request.path))
    app.before_request(lambda: redirect(request.path + "/") if request.args.get("add") else None)
    for answer in (raw.call(app, path, query_string="add=1"), raw.call(app, f"/again{path}")):
        assert not leaves(answer)


@pytest.mark.parametrize(
    "to", ["/\t/evil.test", "/\n/evil.test", " //evil.test", "\x01//evil.test", "\t//evil.test", "/\r/evil.test"]
)
def test_ghsa_fh3h_vg37_cc95(app: Flask, to: str) -> None:
    """What an app has looked at is what is sent: a redirect is never shortened to one that begins with two slashes."""
    answer = raw.call(app, "/to", query_string={"to": to})
    assert not (answer.header("Location") or "").startswith("//")


@pytest.mark.parametrize("to", ["/\\evil.test", "\\\\evil.test", "/\\/evil.test", "\\/evil.test"])
def test_cve_2023_49438(app: Flask, to: str) -> None:
    """A backslash, which browsers take for a slash, goes out quoted."""
    answer = raw.call(app, "/to", query_string={"to": to})
    assert answer.status.startswith("302")
    assert not leaves(answer)


@pytest.mark.parametrize(
    "to", ["http://good.test\\@evil.test", "https://good.test%5c@evil.test", "//good.test\\.evil.test/x"]
)
def test_cve_2024_29041(app: Flask, to: str) -> None:
    """Quoting does not move the end of the host: it is the same before and after for whoever reads it by RFC 3986."""
    answer = raw.call(app, "/to", query_string={"to": to})
    if answer.status.startswith("302"):
        assert urlsplit(answer.header("Location") or "").hostname == urlsplit(to.replace("\\", "%5C")).hostname


def test_cve_2014_0480(app: Flask) -> None:
    """`url_for` never makes a URL of another host of its values."""
    app.add_url_rule("/<path:anything>", "anything", lambda anything: anything)
    app.add_url_rule("/<any(a, '/evil.test'):choice>", "choice", lambda choice: choice)
    with app.test_request_context():
        for value in ("/evil.test", "//evil.test", "\\evil.test", "\t/evil.test", "/\t/evil.test", "evil.test//x"):
            for url in (url_for("anything", anything=value), url_for("word", word=value)):
                assert url.startswith("/")
                assert url[1:2] not in {"/", "\\", "\t"}, (value, url)
        assert url_for("choice", choice="/evil.test")[:2] != "//"


def test_cve_2025_64458(app: Flask) -> None:
    """A redirect to a very long text that is not ASCII is made in time that grows as the text does."""
    with bounded():
        for letter in ("\ufdfa", "\u1e9b\u0323", "\ua7f8", "é"):
            answer = raw.call(app, "/to", query_string="to=/" + quote(letter) * 20_000)
            assert answer.status.startswith("302")


@pytest.mark.parametrize("digits", [4300, 4301, 5000, 100_000])
def test_cve_2020_10735(app: Flask, digits: int) -> None:
    """A number in a path that Python would not compute is no number, and so 404."""
    with bounded():
        for answer in everywhere(app, "/id/" + "9" * digits):
            assert answer.status.startswith("404" if digits > 4300 else ("200", "404"))


@pytest.mark.parametrize(
    "rule", ["/<a>-<b>", "/<a>-<b>-<c>", "/<a>.<b>.<c>.<d>", "/<path:a>/x/<path:b>/y", "/<path:a>-<path:b>"]
)
def test_cve_2024_45296(rule: str) -> None:
    """A rule with several values between two slashes takes time as the path is long, also when nothing matches."""
    app = make_app()
    app.add_url_rule(rule, "rule", lambda **values: "matched")
    with bounded():
        for letter in ("-", ".", "a", "/x", "/", "a-"):
            for end in ("\n", "/end", "-"):
                raw.call(app, "/" + quote(letter * 8_000 + end))


def test_cve_2024_6866(app: Flask) -> None:
    """Paths have a case, so that what an extension has a rule for by its case is what is routed."""
    assert raw.call(app, "/SLASH").status.startswith(("308", "404"))
    app = make_app()
    app.add_url_rule("/admin", "admin", lambda: request.path)
    assert raw.call(app, "/Admin").status.startswith("404")
    assert raw.call(app, "/admin").body == b"/admin"


def test_cve_2024_6844() -> None:
    """A plus sign in a path is a plus sign, for routing and for whoever reads `request.path`."""
    app = make_app()
    app.add_url_rule("/<word>", "word", lambda word: f"{word} {request.path}")
    for answer in everywhere(app, "/a+b"):
        assert answer.body == b"a+b /a+b"


@pytest.mark.parametrize("path", ["/%252e%252e/x", "/a%2500", "/%25%32%66"])
def test_paths_are_decoded_once(path: str) -> None:
    """A path is decoded once: what looks quoted after that is a name."""
    app = make_app()
    seen: list[str] = []
    app.add_url_rule("/<path:path>", "path", lambda path: seen.append(path) or "seen")
    raw.call(app, path)
    assert "%" in seen[0]
