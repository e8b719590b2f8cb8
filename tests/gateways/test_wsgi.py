from __future__ import annotations

import asyncio
import typing as t
from concurrent.futures import ThreadPoolExecutor
from wsgiref.validate import validator

import pytest
from werkzeug.test import create_environ

import flask
from flask import Flask, render_template_string, request, stream_template_string
from tests.gateways.raw import call


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"
    app.logger.disabled = True
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/stream", "stream", lambda: iter(["a", "b"]))
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    return app


@pytest.mark.parametrize("path", ["/", "/stream", "/fail", "/none"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_it_keeps_to_the_specification(app: Flask, path: str, method: str) -> None:
    """What is called, returned and closed is what PEP 3333 asks for, to the letter of the standard validator."""
    environ = create_environ(path, method=method)
    started: list[str] = []

    def start_response(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Callable[[bytes], object]:
        started.append(status)
        return lambda data: None

    body = validator(app)(environ, start_response)
    received = b"".join(body)
    body.close()  # type: ignore[attr-defined]
    assert len(started) == 1
    assert method != "HEAD" or received == b""


def test_the_response_is_started_with_the_context_up(app: Flask) -> None:
    """Status and headers go out while the request is current; when the body is iterated it no longer is."""
    up: list[bool] = []
    body = app(create_environ(), lambda status, headers: up.append(flask.has_request_context()))  # type: ignore[arg-type, func-returns-value, return-value]
    assert up == [True]
    assert not flask.has_request_context()
    assert list(body) == [b"index"]


def test_a_server_that_fails_to_start_gets_its_error(app: Flask) -> None:
    """An error of `start_response` goes back to the server, after the teardown."""
    told: list[BaseException | None] = []
    app.teardown_request(told.append)

    def failing(status: str, headers: t.Any) -> t.NoReturn:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        app(create_environ(), failing)
    assert told == [None]
    assert not flask.has_app_context()


@pytest.mark.parametrize("path", ["/", "/fail", "/stream"])
def test_contexts_can_be_kept(app: Flask, path: str) -> None:
    """Who asks for it in the environment, as debugger and test client do, is handed both contexts before the pop."""
    kept: list[t.Any] = []
    call(app, path, environ_overrides={"werkzeug.debug.preserve_context": kept.append})
    app_context, request_context = kept
    assert isinstance(app_context, flask.ctx.AppContext)
    assert isinstance(request_context, flask.ctx.RequestContext)
    assert request_context.request.path == path


def test_one_app_inside_another(app: Flask) -> None:
    """An app may be called with the environment of a request that another app is handling."""
    outer = Flask("outer")

    @outer.route("/")
    def index() -> str:
        body = app(dict(flask.request.environ), lambda status, headers: None)  # type: ignore[arg-type, return-value]
        return f"{b''.join(body).decode()} in {flask.current_app.name}"

    assert call(outer).body == b"index in outer"


def test_nothing_of_a_request_is_left_for_the_next(app: Flask) -> None:
    """After a request, failed or not, no context is current, and the environment no longer holds the request."""
    for path in ("/", "/fail", "/none", "/stream"):
        environ = create_environ(path)
        body = app(environ, lambda status, headers: None)  # type: ignore[arg-type, return-value]
        b"".join(body)
        assert environ.get("werkzeug.request") is None
        assert not flask.has_app_context()
        assert not flask.has_request_context()


def test_templates_of_async_views_may_have_asynchronous_context_processors() -> None:
    """They are waited for in the midst of an async view or error handler, in one that streams, and by many at once."""
    app = Flask(__name__)
    loops = []

    @app.context_processor
    async def names() -> dict[str, str]:
        await asyncio.sleep(0.001)
        loops.append(asyncio.get_running_loop())
        return {"path": request.path}

    @app.get("/async")
    async def later() -> str:
        await asyncio.sleep(0.001)
        loops.append(asyncio.get_running_loop())
        return render_template_string("later {{ path }}")

    @app.get("/sync")
    def now() -> str:
        return render_template_string("now {{ path }}")

    @app.get("/stream")
    async def stream() -> t.Iterator[str]:
        return stream_template_string("stream {{ path }}")

    @app.errorhandler(404)
    async def missing(error: Exception) -> tuple[str, int]:
        return render_template_string("missing {{ path }}"), 404

    expected = {"/async": "later", "/sync": "now", "/stream": "stream", "/no": "missing"}
    with ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda path: (path, app.test_client().get(path).text), [*expected] * 10)
        assert [*answers] == [(path, f"{word} {path}") for path, word in expected.items()] * 10
    assert len(set(loops)) == 1
