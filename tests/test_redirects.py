"""Redirects: the same page and headers as Werkzeug's, whatever the location, the class and the hooks."""

from __future__ import annotations

import typing as t

import pytest
import werkzeug.utils
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.test import create_environ, run_wsgi_app
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response as WerkzeugResponse

import flask
from flask import Flask, Response
from flask._redirects import _as_it_reads, is_plain, redirect
from tests.gateways.raw import call

LOCATIONS = [
    *["/", "/a", "/a/b?c=d", "/a?b=c&d=e", "/a#b", "/a?b#c", "/it's", "/a%20b", "/a/../b", "/a:b@c;d=e,f", "/~a"],
    *["", "//host/a", "///a", "a", "a:b", "a?b", "?b", "#c", "/?", "/#", "/a?#", "/?#c", "/a b", "/ü", "/a?ü", "/[a]"],
    *["http://host/a", "https://ü.example/ü?ü#ü", "javascript:alert(1)", '/"><script>', "/a\\b", "/a|b", "/\t", "/{x}"],
    *["http://user:p@host:80/", "//[::1]/", "mailto:a@b", "/a\u2028b", "/%", "/%zz"],
]
text = st.text("ab0/?#%&'=:;@!$()*+,.-_~ \\\"<>[]üé\t\n", max_size=12)


def sent(response: WerkzeugResponse, method: str = "GET") -> tuple[t.Any, ...]:
    body, status, headers = run_wsgi_app(response, create_environ("/x/y?q", "http://app.example/root", method=method))
    return b"".join(body), status, headers.to_wsgi_list()


@settings(max_examples=500, deadline=None)
@given(st.one_of(text.map("/{}".format), text))
def test_a_plain_location_is_sent_as_it_is(location: str) -> None:
    """What is taken for plain is what Werkzeug's own rewriting leaves alone."""
    if is_plain(location):
        assert iri_to_uri(location) == location


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("code", [302, 301, 308, 200, 299])
def test_a_redirect_is_werkzeugs(location: str, code: int) -> None:
    """Body, status and headers are the same bytes, for GET and HEAD, after headers were touched or not.

    What Werkzeug would pass over, and browsers take for slashes, is encoded first.
    """
    theirs = _as_it_reads(location)
    for method in ("GET", "HEAD"):
        expected = sent(werkzeug.utils.redirect(theirs, code, Response), method)
        response = redirect(location, code, Response)
        assert type(response) is Response
        assert sent(response, method) == expected
        assert response.location == werkzeug.utils.redirect(theirs, code, Response).location
        assert sent(response, method) == expected  # its headers are an object now
        response.headers["X-More"] = "1"
        assert dict(sent(response, method)[2]) == {**dict(expected[2]), "X-More": "1"}


@settings(max_examples=300, deadline=None)
@given(st.one_of(text.map("/{}".format), text, text.map("http://host/{}".format)))
def test_any_redirect_is_werkzeugs(location: str) -> None:
    """So it is for any text, or the same error is raised."""

    def outcome(make: t.Callable[..., WerkzeugResponse]) -> object:
        try:
            return sent(make(location, 302, Response))
        except Exception as error:  # noqa: BLE001 - compared
            return type(error), str(error)

    found = outcome(redirect)
    location = _as_it_reads(location)
    assert found == outcome(werkzeug.utils.redirect)


def test_texts_that_are_not_plain_strings_are_werkzeugs() -> None:
    """Markup is not escaped again, and another kind of string is turned into one by Werkzeug."""

    class Lazy(str):
        def __str__(self) -> str:
            return "/lazy"

    for location in (Markup("/a?b&amp;c"), Lazy("/x")):
        assert sent(redirect(location, 302, Response)) == sent(werkzeug.utils.redirect(location, 302, Response))


def test_a_location_set_by_hand_is_treated_alike() -> None:
    """A response whose `Location` anybody set, in any spelling, is what Werkzeug's own response sends."""
    for name, location in [("Location", "/a?b"), ("location", "/a"), ("Location", "/ü"), ("Content-Location", "/a")]:
        made = []
        for kind in (Response, WerkzeugResponse):
            response = kind("x", 302, mimetype="text/html")
            response.headers[name] = location
            made.append(sent(response))
        assert made[0] == made[1]
    response = Response("x", 302)
    response.headers.add("Location", "/a")
    response.headers.add("Location", "/b")
    assert sent(response)[2] == [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "1"),
        ("Location", "/b"),
    ]


class TestClasses:
    def test_one_that_corrects_locations(self) -> None:
        """With `autocorrect_location_header`, of the class or of the object, the location becomes absolute."""

        class Absolute(Response):
            autocorrect_location_header = True

        assert dict(sent(redirect("/a", 302, Absolute))[2])["Location"] == "http://app.example/a"
        for touch in (False, True):
            response = redirect("/a", 302, Response)
            if touch:
                response.headers["X-More"] = "1"
            response.autocorrect_location_header = True
            assert dict(sent(response)[2])["Location"] == "http://app.example/a"

    def test_one_that_makes_headers_of_its_own(self) -> None:
        """A class that sets a `Location` itself, or has other headers, gets the one that was asked for, once."""

        class Own(Response):
            def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
                super().__init__(*args, **kwargs)
                self.headers["Location"] = "/elsewhere"

        class Json(Response):
            default_mimetype = "application/json"
            automatically_set_content_length = False

        for kind in (Own, Json, WerkzeugResponse):
            assert sent(redirect("/a", 303, kind)) == sent(werkzeug.utils.redirect("/a", 303, kind))


class TestApps:
    def test_the_app_is_asked(self) -> None:
        """`flask.redirect` is the app's method, wherever it was replaced, and takes the app's class of responses."""

        class Own(Response):
            pass

        class App(Flask):
            response_class = Own

            def redirect(self, location: str, code: int = 302) -> WerkzeugResponse:
                return super().redirect(f"/sub{location}", code)

        app = App(__name__)
        app.add_url_rule("/", "index", lambda: flask.redirect(flask.url_for("index")))
        answer = call(app, "/")
        assert (answer.status, dict(answer.headers)["Location"]) == ("302 FOUND", "/sub/")
        with app.app_context():
            assert type(flask.redirect("/")) is Own
            app.redirect = lambda location, code=302: Own("shadowed")  # type: ignore[method-assign, assignment]
            assert flask.redirect("/").get_data() == b"shadowed"

    def test_a_replaced_constructor_is_called_as_by_werkzeug(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A class of responses, or a patched constructor, is given what Werkzeug's redirect gives."""
        told: list[t.Any] = []

        def tell(self: Response, response: t.Any, status: int, *, mimetype: str) -> None:
            told.append((status, mimetype))
            original(self, response, status, mimetype=mimetype)

        original = Response.__init__
        app = Flask(__name__)
        app.response_class = type("Own", (Response,), {"__init__": tell})
        assert app.redirect("/a").headers["Location"] == "/a"
        app.response_class = Response
        assert app.redirect("/a").headers["Location"] == "/a"
        assert told == [(302, "text/html")]
        monkeypatch.setattr(Response, "__init__", tell)
        assert app.redirect("/a", 303).headers["Location"] == "/a"
        assert told[1:] == [(303, "text/html")]

    def test_hooks_see_and_change_it(self) -> None:
        """An `after_request` function finds the location and may replace it."""
        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: flask.redirect("/a"))

        @app.after_request
        def further(response: Response) -> Response:
            assert response.location == "/a"
            response.location = "/ü"
            return response

        assert dict(call(app, "/").headers)["Location"] == "/%C3%BC"
