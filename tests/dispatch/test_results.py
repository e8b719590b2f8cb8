from __future__ import annotations

import typing as t

import pytest
import werkzeug.wrappers
from werkzeug.datastructures import Headers

import flask
from flask import Flask
from tests.gateways.raw import Answer, call


class Text(str):
    __slots__ = ()


def answer(result: t.Any, **classes: t.Any) -> Answer:
    """What an app answers whose view returns this."""
    app = Flask(__name__)
    app.testing = True
    app.add_url_rule("/", "index", lambda: result)
    for name, value in classes.items():
        setattr(app, name, value)
    return call(app)


def wsgi(environ: t.Any, start_response: t.Any) -> list[bytes]:
    start_response("203 Fine", [("X-App", environ["PATH_INFO"])])
    return [b"wsgi"]


class TestForms:
    @pytest.mark.parametrize(
        ("result", "status", "body"),
        [
            ("text", 200, b"text"),
            (Text("text"), 200, b"text"),
            (b"bytes", 200, b"bytes"),
            (bytearray(b"bytes"), 200, b"bytes"),
            ({"a": 1}, 200, b'{"a":1}\n'),
            ([1], 200, b"[1]\n"),
            (iter(["a", "b"]), 200, b"ab"),
            (flask.Response("x", 201), 201, b"x"),
            (werkzeug.wrappers.Response("x", 202), 202, b"x"),
            (wsgi, 203, b"wsgi"),
            (("x", 404), 404, b"x"),
            (("x", "404 Gone fishing"), 404, b"x"),
            (("x", {"X-A": "1"}), 200, b"x"),
            (("x", [("X-A", "1")]), 200, b"x"),
            (("x", Headers({"X-A": "1"})), 200, b"x"),
            (("x", 201, {"X-A": "1"}), 201, b"x"),
            (("x", None, None), 200, b"x"),
            (({"a": 1}, 201), 201, b'{"a":1}\n'),
            (([], 201, {"X-A": "1"}), 201, b"[]\n"),
            ((flask.Response("x", 500), 201), 201, b"x"),
            (("", 204), 204, b""),
        ],
    )
    def test_each_documented_form(self, result: t.Any, status: int, body: bytes) -> None:
        """Each form that a view may return becomes a response of its status, headers and body."""
        answered = answer(result)
        assert (int(answered.status[:3]), answered.body) == (status, body)
        if isinstance(result, tuple) and not isinstance(result[-1], (int, str, type(None))):
            assert answered.header("X-A") == "1"

    @pytest.mark.parametrize(
        ("result", "words"),
        [
            (None, "'index' did not return a valid response. The function either returned None"),
            ((None, 200), "'index' did not return a valid response. The function either returned None"),
            ((), "did not return a valid response tuple"),
            (("x",), "did not return a valid response tuple"),
            (("x", 1, {}, 2), "did not return a valid response tuple"),
            (1, "but it was a int"),
            (1.5, "but it was a float"),
            (object(), "but it was a object"),
            ({1, 2}, "but it was a set"),
            (lambda: None, "but it was a function"),
        ],
    )
    def test_anything_else_is_an_error_that_says_what(self, result: t.Any, words: str) -> None:
        """A result that is no response raises TypeError, naming the view or the type."""
        with pytest.raises(TypeError) as caught:
            answer(result)
        assert words in str(caught.value)

    def test_headers_of_a_tuple_win(self) -> None:
        """Headers in a tuple replace those that the response has already."""
        answered = answer((flask.Response("x", headers={"X-A": "old", "X-B": "old"}), {"X-A": "new"}))
        assert [value for name, value in answered.headers if name == "X-A"] == ["new"]
        assert answered.header("X-B") == "old"


class TestReplaced:
    def test_a_response_class_of_ones_own_makes_them_all(self) -> None:
        """Whatever a view returns becomes the app's response class."""

        class Own(flask.Response):
            def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
                super().__init__(*args, **kwargs)
                self.headers["X-Own"] = "1"

        for result in ("text", b"bytes", {"a": 1}, iter(["a"]), ("x", 201)):
            assert answer(result, response_class=Own).header("X-Own") == "1"

    def test_status_and_headers_go_to_the_class_of_plain_bodies(self) -> None:
        """A response class gets status and headers of a tuple in its constructor."""
        given: list[t.Any] = []

        class Own(flask.Response):
            def __init__(self, response: t.Any = None, status: t.Any = None, headers: t.Any = None) -> None:
                given.append((response, status, headers))
                super().__init__(response, status, headers)

        answer(("x", 201, {"X-A": "1"}), response_class=Own)
        assert given == [("x", 201, {"X-A": "1"})]

    def test_a_json_provider_of_ones_own_answers(self) -> None:
        """Dicts and lists go through `app.json`, also one that was assigned after requests."""

        class Own(flask.json.provider.DefaultJSONProvider):
            def response(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
                return flask.Response("own")

        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: {"a": 1})
        assert call(app).body == b'{"a":1}\n'
        app.json = Own(app)
        assert call(app).body == b"own"

    def test_a_wsgi_app_gets_an_environment_of_its_own(self) -> None:
        """A WSGI app that changes the environment does not change the request's."""

        def shifting(environ: t.Any, start_response: t.Any) -> t.Any:
            environ["PATH_INFO"] = "/shifted"
            return wsgi(environ, start_response)

        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: shifting)
        seen: list[str] = []

        @app.after_request
        def after(response: flask.Response) -> flask.Response:
            seen.append(flask.request.path)
            return response

        assert call(app).header("X-App") == "/shifted"
        assert seen == ["/"]
