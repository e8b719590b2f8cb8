"""What views return and set, whatever it is: it leaves as a well-formed answer, or the app says 500 by itself."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from io import BytesIO

from hypothesis import strategies as st

import flask
from flask import Flask, Response
from fuzz.words import texts
from tests.robustness.gateway import Sent, call

# No Content-Length: that a view gives a wrong one is its own word.
PIECES = (
    *("a", "X-Y", "Set-Cookie", "Content-Type", "Location", "text/html", ": ", ";", "; Path=/"),
    *(",", "="),
    *("\r\n", "\n", "\r", "\0", "\r\nX: y", "\x0b", "\x1c", "\x85", "\u2028", "\xe9", "\u20ac", "\ud800"),
    *("\U0001f600", " "),
    *('"', "\\", "//", "/", "http:", "http://[", "a.example", ":80", "?", "#", "%0d%0a", "%", "..", "javascript:"),
    *("@", "[::1]"),
)
KINDS = ("response", "tuple", "redirect", "file", "cookie", "header", "json", "stream", "abort", "charset", "static")
STATUSES = (
    *(None, 200, 204, 304, 404, 500, 100, 199, 99, 0, -1, 600, 999, 1000, 10**10, "200 OK", "200", "nonsense", "", " "),
    *("404 \r\nX: y", "204 No\nContent", "200 \xe9", "200 \u20ac", "0", "1000 Many", "20 Few", "2\xb20"),
)


@dataclass(frozen=True)
class Recipe:
    """What a view does."""

    kind: str
    text: str = ""
    other: str = ""
    status: t.Any = None
    method: str = "GET"
    debug: bool = False


text = texts(PIECES, 6, "abc \t\x7f\xff\u0101")
inputs = st.builds(
    Recipe,
    st.sampled_from(KINDS),
    text,
    text,
    st.sampled_from(STATUSES) | text,
    st.sampled_from(["GET", "GET", "HEAD"]),
    st.booleans(),
)
recipes: list[Recipe] = []


def make_app(**settings: t.Any) -> Flask:
    """An app whose one view follows the recipe."""
    app = Flask("fuzz_responses")
    app.config.from_mapping(
        SECRET_KEY="a key of the fuzzer, which guards nothing", PROPAGATE_EXCEPTIONS=False, **settings
    )

    @app.route("/", methods=["GET"])
    def view() -> t.Any:
        return follow(recipes[-1])

    return app


APPS = {False: make_app(), True: make_app(DEBUG=True)}


def follow(recipe: Recipe) -> t.Any:
    """What the view returns."""
    text, other, status = recipe.text, recipe.other, recipe.status
    match recipe.kind:
        case "response":
            return Response(text, status, {other: text})
        case "tuple":
            return text, 200 if status is None else status, [(other, text), ("X-Also", other)]
        case "redirect":
            return flask.redirect(text, status if isinstance(status, int) else 302)
        case "file":
            return flask.send_file(BytesIO(b"x"), mimetype=other or None, as_attachment=True, download_name=text or "x")
        case "cookie":
            return _cookie(recipe)
        case "header":
            response = flask.make_response(text)
            response.headers[other] = text
            response.headers.add("X-Also", text)
            return response
        case "json":
            return {text: [other, status if isinstance(status, int) else None]}
        case "stream":
            pieces: t.Any = [text, other.encode("utf-8", "replace"), ""]
            return Response(iter(pieces), status, mimetype=other)
        case "abort":
            flask.abort(Response(text, status) if recipe.debug else status if isinstance(status, int) else 400, text)
        case "charset":
            return Response(text.encode("utf-8", "replace"), content_type=other)
        case _:
            return flask.send_from_directory("/", text or "x")


def _cookie(recipe: Recipe) -> Response:
    response = Response("x")
    response.set_cookie(recipe.text, recipe.other, domain=recipe.other[:1] or None, path=recipe.text or "/")
    flask.session["text"] = recipe.other
    return response


def law(recipe: Recipe) -> None:
    """No exception leaves the app, and whatever a view makes up, no line break, NUL or odd status is in its answer."""
    recipes[:] = [recipe]
    seen = call(APPS[recipe.debug], Sent("/", recipe.method))
    assert [fault for fault in seen.faults if not _may_be(fault)] == [], seen


def _may_be(fault: str) -> bool:
    """Whether it is a control character in a value that a view has set, which recipients may keep (RFC 9110 §5.5)."""
    return re.fullmatch(r"header [!-~]+: '(?!.*(?:\\[rn]|\\x00|\\u|\\U)).*'", fault) is not None
