from __future__ import annotations

import sys
import types
import typing as t
from pathlib import Path

import pytest
import werkzeug.wrappers
from werkzeug.exceptions import Forbidden, HTTPException, NotFound

import flask
from flask import Flask, helpers, session
from tests.gateways.raw import call


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__, root_path=str(tmp_path))
    app.secret_key = "key"
    app.add_url_rule("/", "index", lambda: "index")
    return app


class TestEnvironment:
    @pytest.mark.parametrize(
        ("value", "debug", "load"),
        [
            (None, False, True),
            ("", False, True),
            ("0", False, True),
            ("false", False, True),
            ("No", False, True),
            ("1", True, False),
            ("yes", True, False),
            ("anything", True, False),
        ],
    )
    def test_flags(self, value: str | None, debug: bool, load: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """A flag in the environment is on unless empty, 0, false or no, whatever their case."""
        for name in ("FLASK_DEBUG", "FLASK_SKIP_DOTENV"):
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        assert helpers.get_debug_flag() is debug
        assert helpers.get_load_dotenv() is load


class TestAnswers:
    def test_make_response(self, app: Flask) -> None:
        """`make_response` takes nothing, one value, or the parts of a tuple, and goes through the app's own method."""
        with app.test_request_context():
            assert flask.make_response().data == b""
            assert flask.make_response("x").data == b"x"
            assert flask.make_response("x", 404, {"X-A": "1"}).status_code == 404
            assert flask.make_response(("x", 201)).status_code == 201
            app.make_response = lambda rv: flask.Response("own")  # type: ignore[method-assign]
            assert flask.make_response("x").data == b"own"

    def test_redirect(self, app: Flask) -> None:
        """`redirect` is the current app's, so that it can be overridden; without an app it is Werkzeug's."""
        assert type(flask.redirect("/x")) is werkzeug.wrappers.Response
        with app.app_context():
            made = flask.redirect("/x", 308)
            assert (type(made), made.status_code, made.location) == (flask.Response, 308, "/x")
            app.redirect = lambda location, code=302: flask.Response("own")  # type: ignore[method-assign, assignment]
            assert flask.redirect("/x").get_data() == b"own"

    def test_abort(self, app: Flask) -> None:
        """`abort` is the current app's aborter; without an app it is Werkzeug's."""
        with pytest.raises(NotFound):
            flask.abort(404)

        class Teapot(Forbidden):
            pass

        app.aborter.mapping[403] = Teapot
        with app.app_context(), pytest.raises(Teapot, match="short"):
            flask.abort(403, "short")

    @pytest.mark.parametrize("way", ["class", "instance", "patched"])
    def test_abort_by_an_aborter_of_ones_own(self, app: Flask, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever calls itself the app's aborter is called, with what `abort` was given."""
        from werkzeug.exceptions import Aborter

        told: list[t.Any] = []

        def call_it(*args: t.Any, **kwargs: t.Any) -> t.NoReturn:
            told.append((args[-2:], kwargs))
            raise NotFound

        if way == "class":
            app.aborter = type("Own", (Aborter,), {"__call__": call_it})()
        elif way == "instance":
            app.aborter = call_it  # type: ignore[assignment]
        else:
            monkeypatch.setattr(Aborter, "__call__", call_it)
        with app.app_context(), pytest.raises(NotFound):
            flask.abort(418, "short", response=None)
        assert told == [((418, "short"), {"response": None})]

    def test_abort_with_what_is_no_code(self, app: Flask) -> None:
        """A response is raised inside an exception; a code that the aborter does not know is a LookupError."""
        with app.app_context():
            with pytest.raises(HTTPException) as caught:
                flask.abort(flask.Response("stop", 403))
            assert caught.value.response.status_code == 403  # type: ignore[union-attr]
            with pytest.raises(LookupError, match="299"):
                flask.abort(299)

    def test_a_template_attribute(self, app: Flask, tmp_path: Path) -> None:
        """A macro of a template can be called from Python."""
        (tmp_path / "templates").mkdir()
        (tmp_path / "templates" / "macros.html").write_text("{% macro hello(name) %}Hello {{ name }}{% endmacro %}")
        with app.app_context():
            assert flask.get_template_attribute("macros.html", "hello")("<you>") == "Hello &lt;you&gt;"


class TestFlashes:
    def test_they_are_there_once_and_all_through_a_request(self, app: Flask) -> None:
        """Messages are taken out of the session when first asked for, and given again for the rest of the request."""
        with app.test_request_context():
            flask.flash("one")
            flask.flash("two", "error")
            assert flask.get_flashed_messages() == ["one", "two"]
            assert "_flashes" not in session
            assert flask.get_flashed_messages(with_categories=True) == [("message", "one"), ("error", "two")]
            assert flask.get_flashed_messages(category_filter=["error"]) == ["two"]
            assert flask.get_flashed_messages(True, ["message"]) == [("message", "one")]

    def test_each_change_is_noticed(self, app: Flask) -> None:
        """A second message to a session that came with one marks it as modified."""
        with app.test_request_context():
            request_session = t.cast(t.Any, session)
            flask.flash("one")
            request_session.modified = False
            flask.flash("two")
            assert request_session.modified


class TestStream:
    def test_it_decorates_a_generator_function(self, app: Flask) -> None:
        """Used as a decorator, it makes each call's generator one with the context."""

        @app.route("/stream/<word>")
        def view(word: str) -> flask.Response:
            @flask.stream_with_context
            def parts(greeting: str) -> t.Iterator[str]:
                yield greeting
                yield flask.request.path

            assert parts.__name__ == "parts"  # type: ignore[attr-defined]
            return flask.Response(parts(word))  # type: ignore[operator]

        assert call(app, "/stream/hello").body == b"hello/stream/hello"

    def test_outside_of_a_request(self) -> None:
        """Without a request there is nothing to keep, and the error says so."""
        with pytest.raises(
            RuntimeError, match="'stream_with_context' can only be used when a request context is active"
        ):
            flask.stream_with_context(iter([""]))

    def test_closing_twice(self, app: Flask) -> None:
        """A stream may be closed again, and the teardown runs once."""
        told: list[str] = []
        app.teardown_request(lambda error: told.append("teardown"))
        with app.test_request_context():
            stream: t.Any = flask.stream_with_context(iter(["a"]))
        stream.close()
        stream.close()
        assert told == ["teardown"]

    def test_what_the_generator_sets_is_gone_between_its_parts(self, app: Flask) -> None:
        """A generator that pushes a context of its own and pops it leaves the stream's in place."""

        def parts() -> t.Iterator[str]:
            with app.test_request_context("/inner"):
                yield_path = flask.request.path
            yield yield_path
            yield flask.request.path

        app.add_url_rule("/outer", "outer", lambda: flask.Response(flask.stream_with_context(parts())))
        assert call(app, "/outer").body == b"/inner/outer"


class TestFiles:
    def test_a_relative_path_counts_from_the_root(self, app: Flask, tmp_path: Path) -> None:
        """A file is found from the app's root, wherever the process runs; its age is what the app says."""
        (tmp_path / "file.txt").write_text("data")
        app.add_url_rule("/file", "file", lambda: flask.send_file("file.txt"))
        answered = call(app, "/file")
        assert (answered.body, answered.header("Cache-Control")) == (b"data", "no-cache")
        app.get_send_file_max_age = lambda filename: 7  # type: ignore[method-assign]
        assert call(app, "/file").header("Cache-Control") == "public, max-age=7"

    @pytest.mark.parametrize(
        "path", ["../outside.txt", "/etc/passwd", "missing.txt", "a/../../outside.txt", "", "nul\0"]
    )
    def test_nothing_outside_of_a_directory(self, app: Flask, tmp_path: Path, path: str) -> None:
        """`send_from_directory` answers 404 for what lies outside or nowhere."""
        (tmp_path / "inside").mkdir()
        (tmp_path / "outside.txt").write_text("secret")
        with app.test_request_context(), pytest.raises(NotFound):
            flask.send_from_directory("inside", path)


class TestRootPath:
    def test_of_a_module_with_a_file(self) -> None:
        """A module's folder is where its file is, loaded or not."""
        assert helpers.get_root_path(__name__) == str(Path(__file__).parent)
        sys.modules.pop("this", None)
        assert helpers.get_root_path("wsgiref.headers").endswith("wsgiref")

    @pytest.mark.parametrize("name", ["nowhere_to_be_found", "builtins_none"])
    def test_of_what_has_no_file(self, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """What cannot be found has the working directory."""
        monkeypatch.chdir(tmp_path)
        if name == "builtins_none":
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        assert helpers.get_root_path(name) == str(tmp_path)

    def test_blueprint_names(self) -> None:
        """A blueprint's name gives the names around it, innermost first."""
        assert helpers._split_blueprint_path("a.b.c") == ["a.b.c", "a.b", "a"]
        assert helpers._split_blueprint_path("a") == ["a"]
