"""Advisories on headers, cookies, names and pages of answers; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import contextlib
import re
import typing as t

import pytest

from flask import Flask, Response, abort, make_response, redirect, request, send_file
from tests.gateways import raw
from tests.gateways.raw import Answer
from tests.security.attacks import by_asgi, by_rsgi, make_app

BREAKS = ["a\r\nX-Forged: 1", "a\nX-Forged: 1", "a\rX-Forged: 1", "a\r\n\r\n<script>", "\r\nX-Forged: 1"]
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@pytest.fixture
def app() -> Flask:
    return make_app()


def answers(app: Flask, view: t.Callable[[], t.Any], query: str = "") -> t.Iterator[Answer]:
    """What each gateway's client gets of a view."""
    app.add_url_rule("/view", "view", view)
    yield raw.call(app, "/view", query_string=query)
    yield by_asgi(app, path="/view", query_string=query.encode())
    yield by_rsgi(app, path="/view", query_string=query)


def is_whole(answer: Answer) -> bool:
    """Whether each header is one line, none was smuggled in, and the status line is one too."""
    lines = [answer.status, *(text for pair in answer.headers for text in pair)]
    return not any(CONTROL.search(line) for line in lines) and "x-forged" not in {
        name.lower() for name, _ in answer.headers
    }


# ---- one line for each header


@pytest.mark.parametrize("text", BREAKS)
def test_cve_2016_9964(app: Flask, text: str) -> None:
    """A redirect with a line break in it is no redirect."""
    for answer in answers(app, lambda: redirect(f"/{text}")):
        assert is_whole(answer)


@pytest.mark.parametrize("text", BREAKS)
def test_cve_2018_1000164(app: Flask, text: str) -> None:
    """A header's value with a line break is refused, however it is set."""

    def by_item() -> Response:
        response = make_response("x")
        response.headers["X-Text"] = text
        return response

    ways: list[t.Callable[[], t.Any]] = [
        by_item,
        lambda: ("x", 200, {"X-Text": text}),
        lambda: ("x", [("X-Text", text)]),
        lambda: Response("x", headers={"X-Text": text}),
        lambda: Response("x", mimetype=text),
        lambda: Response("x", content_type=text),
    ]
    for number, way in enumerate(ways):
        fresh = make_app()
        for answer in answers(fresh, way):
            assert is_whole(answer), number


@pytest.mark.parametrize("text", BREAKS)
def test_cve_2020_7695(app: Flask, text: str) -> None:
    """So is a header's name with one."""
    for answer in answers(app, lambda: ("x", 200, {text: "1"})):
        assert is_whole(answer)


@pytest.mark.parametrize("text", BREAKS)
def test_cve_2025_67724(app: Flask, text: str) -> None:
    """The reason of a status is one line as well, and no reason that is a value of a request's can become HTML."""

    def by_attribute() -> Response:
        response = make_response("x")
        response.status = f"200 {text}"
        return response

    for way in (by_attribute, lambda: ("x", f"200 {text}"), lambda: Response("x", status=f"200 {text}")):
        for answer in answers(make_app(), way):
            assert is_whole(answer)


def test_ghsa_mwh4_6h8g_pg8w(app: Flask) -> None:
    """A carriage return alone, in the reason, is a line break to some clients."""
    for answer in answers(app, lambda: ("x", "200 fine\rX-Forged: 1")):
        assert is_whole(answer)


@pytest.mark.parametrize("text", BREAKS)
def test_cve_2012_2374(app: Flask, text: str) -> None:
    """Nothing that the app's own errors carry becomes a header either."""

    def refuse() -> t.NoReturn:
        abort(405, valid_methods=[text])

    for answer in answers(app, refuse):
        assert is_whole(answer)


@pytest.mark.parametrize("text", ["/next\n", "/next\r\n", "/next\x0b", "https://good.test\n/x", "https://good.te\tst/"])
def test_cve_2021_32052(app: Flask, text: str) -> None:
    """A URL with a line break at its end, which some checks let pass, makes no second line."""
    for answer in answers(app, lambda: redirect(text)):
        assert is_whole(answer)
    for answer in answers(make_app(), lambda: ("", 302, {"Location": text, "Content-Location": text})):
        assert is_whole(answer)


@pytest.mark.parametrize("text", ["good.test\n", "good.test\r\nX-Forged: 1", "\ngood.test"])
def test_cve_2026_53878(app: Flask, text: str) -> None:
    """Nor does a domain with one: in a cookie, or in a URL."""

    def view() -> Response:
        response = make_response("x")
        response.set_cookie("a", "1", domain=text)
        return response

    for answer in answers(app, view):
        assert is_whole(answer)
    for answer in answers(make_app(), lambda: redirect(f"https://{text}/")):
        assert is_whole(answer)


# ---- cookies


def cookie(app: Flask, **options: t.Any) -> str:
    """The cookie that these make; empty where they are refused."""
    with app.test_request_context():
        response = Response("x")
        with contextlib.suppress(ValueError, TypeError, KeyError):
            response.set_cookie(**{"key": "a", "value": "1", **options})
        return (response.headers.get("Set-Cookie") or "").replace("; ", ";")


@pytest.mark.parametrize("text", ["x;Secure", "x; Max-Age=99999", "x;Path=/evil", "x\r\nX-Forged: 1", "x\x00", "x;"])
@pytest.mark.parametrize("option", ["domain", "path", "samesite"])
def test_cve_2026_35536(app: Flask, option: str, text: str) -> None:
    """No value given as one attribute of a cookie becomes another."""
    made = cookie(app, **{option: text})
    attributes = [part.partition("=")[0].lower() for part in made.split(";")[1:]]
    assert set(attributes) <= {"domain", "path", "samesite"}
    assert attributes.count("path") <= 1
    assert not CONTROL.search(made)


@pytest.mark.parametrize("name", ["a;Secure;b", "a=b", "", "a\r\nb", "a\x00"])
def test_cve_2024_47764(app: Flask, name: str) -> None:
    """A cookie's name is one word: nothing in it ends it, or makes it another's."""
    assert cookie(app, key="a-good_name") == "a-good_name=1;Path=/"
    assert cookie(app, key=name) == ""


@pytest.mark.parametrize("value", ["x;Secure", 'x"; Secure', "x\r\nX-Forged: 1", "x\x00y", "é;", "x, b=2"])
def test_cookie_values_are_quoted(app: Flask, value: str) -> None:
    """The same holds of its value, which is quoted and comes back as it was (the same advisory)."""
    made = cookie(app, value=value)
    assert {part.partition("=")[0].lower() for part in made.split(";")} == {"a", "path"}
    assert not CONTROL.search(made)
    app.add_url_rule("/back", "back", lambda: request.cookies["a"])
    assert raw.call(app, "/back", headers={"Cookie": made.partition(";")[0]}).body.decode() == value


# ---- names of files


@pytest.mark.parametrize(
    "name", ['x";filename=y.bat;"', 'x.txt"; attachment; x="', "x;y.bat", "x\\", 'x\\";y="', 'é".bat', "x%22;.bat"]
)
def test_cve_2022_36359(app: Flask, name: str) -> None:
    """The name of a download is quoted: nothing in it is another parameter, or another name."""

    def view() -> Response:
        return send_file(__file__, as_attachment=True, download_name=name)

    for answer in answers(app, view):
        given = answer.header("Content-Disposition") or ""
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', given)
        assert outside.count('"') in {0, 2}
        assert re.fullmatch(r"attachment; filename=[^;]*(; filename\*=[^;]*)?", outside)


@pytest.mark.parametrize("path", ["/api/;/setup.bat", "/api/setup.bat;x", "/api/x.json;/setup.cmd", "/api/setup.bat?x"])
def test_cve_2015_5211(app: Flask, path: str) -> None:
    """The path of a request names no download: a page has no Content-Disposition but the app's own."""
    app.add_url_rule("/api/<path:rest>", "api", lambda rest: {"term": rest})
    answer = raw.call(app, path)
    assert answer.header("Content-Disposition") is None
    assert answer.header("Content-Type") == "application/json"


# ---- pages of our own

MARKUP = "<script>alert(1)</script>"


def test_cve_2019_3498(app: Flask) -> None:
    """A page of an error says nothing of the path, so that nobody's text is shown in our name."""
    for path in (f"/{MARKUP}", "/Please-log-in-at-evil.test"):
        answer = raw.call(app, path)
        assert answer.status.startswith("404")
        assert b"script>" not in answer.body
        assert b"evil.test" not in answer.body


def test_cve_2017_12794(app: Flask) -> None:
    """What an error says is escaped on its page, and without debug a 500 says nothing at all."""

    @app.get("/missing")
    def missing() -> str:
        return request.args[MARKUP]

    @app.get("/told")
    def told() -> t.NoReturn:
        abort(400, description=f"{MARKUP} is not allowed")

    @app.get("/boom")
    def boom() -> t.NoReturn:
        raise RuntimeError(MARKUP)

    for debug in (False, True):
        app.debug = debug
        for path in ("/missing", "/told", "/boom") if not debug else ("/missing", "/told"):
            answer = raw.call(app, path)
            assert answer.status[0] in "45"
            assert MARKUP.encode() not in answer.body
            assert not debug or b"&lt;script&gt;" in answer.body or path == "/missing"


def test_cve_2024_43796(app: Flask) -> None:
    """The page of a redirect escapes where it leads to."""
    for answer in answers(app, lambda: redirect(f'/"{MARKUP}')):
        assert b"<script" not in answer.body
        assert b'href="/&#34;&lt;script' in answer.body


def test_cve_2024_41810(app: Flask) -> None:
    """So do redirects of routing, which take it from the request's path and query."""
    app.add_url_rule("/<word>/", "word", lambda word: word)
    for path in (f'/"{MARKUP.replace("/", "%2f")}', '/a"onmouseover="alert(1)'):
        answer = raw.call(app, path, query_string=f'"{MARKUP}')
        assert b"<script" not in answer.body
        assert b'"onmouseover' not in answer.body


def test_method_is_not_shown(app: Flask) -> None:
    """A page of 405 does not show the method that a client made up (the same advisory)."""
    assert b"<X>" not in raw.call(app, "/", method="<X>").body


def test_cve_2022_31799(app: Flask) -> None:
    """What goes wrong before routing, in a request that is hardly one, is an answer and never an error of ours."""
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    broken: list[dict[str, t.Any]] = [
        {"PATH_INFO": "/\xff\xfe"},
        {"PATH_INFO": ""},
        {"SCRIPT_NAME": "\xff"},
        {"QUERY_STRING": "\xff&=%"},
        {"HTTP_HOST": "\xff"},
        {"HTTP_HOST": "localhost:x"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_TYPE": "\xff; boundary"},
        {"HTTP_COOKIE": "\xff=\x00"},
        {"REQUEST_METHOD": "\x00"},
        {"HTTP_AUTHORIZATION": "Basic \xff"},
    ]
    for environ in broken:
        assert raw.call(app, "/", environ_overrides=environ).status[0] in "234", environ
