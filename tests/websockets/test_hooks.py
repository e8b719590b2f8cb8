from __future__ import annotations

import threading
import typing as t

import pytest

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_websocket,
    g,
    has_websocket_context,
    non_blocking,
    render_template_string,
    websocket,
    websocket_finished,
    websocket_started,
    websocket_tearing_down,
)

from .driven import drive, first_message, opened, refused, run


def _round(app: Flask, path: str) -> int:
    async def main() -> int:
        socket = drive(app, path)
        await socket.connect()
        await socket.end()
        return socket.status

    return run(main())


def _register(app: Flask, told: list[str], colour: str) -> None:
    """One hook of each kind on an app, a blueprint, and a blueprint for the app."""

    def hook(name: str, result: t.Any = None) -> t.Any:
        def sync(*args: t.Any) -> t.Any:
            told.append(name)
            return args[0] if args and name.startswith("after") else result

        async def asynchronous(*args: t.Any) -> t.Any:
            return sync(*args)

        return sync if colour == "sync" else asynchronous

    blueprint = Blueprint("bp", "bp", url_prefix="/bp")
    for owner, suffix in ((app, "app"), (blueprint, "bp")):
        owner.before_websocket(hook(f"before {suffix}"))
        owner.after_websocket(hook(f"after {suffix}"))
        owner.teardown_websocket(hook(f"teardown {suffix}"))
    blueprint.before_app_websocket(hook("before for app"))
    blueprint.after_app_websocket(hook("after for app"))
    blueprint.teardown_app_websocket(hook("teardown for app"))
    app.before_request(hook("never"))
    app.after_request(hook("never"))
    app.teardown_request(hook("never"))

    @app.websocket("/ws")
    async def own() -> None:
        told.append("own")
        await websocket.accept()

    @blueprint.websocket("/ws")
    def nested() -> None:
        told.append("nested")
        websocket.blocking.accept()

    app.register_blueprint(blueprint)


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_order_of_hooks(app: Flask, colour: str) -> None:
    """Hooks run as those of requests: the app's first before, the blueprint's first after; none of a request's."""
    told: list[str] = []
    _register(app, told, colour)
    assert _round(app, "/ws") == 101
    assert told == [
        *("before app", "before for app", "own", "after for app", "after app"),
        *("teardown for app", "teardown app"),
    ]
    told.clear()
    assert _round(app, "/bp/ws") == 101
    assert told == [
        *("before app", "before for app", "before bp", "nested", "after bp", "after for app", "after app"),
        *("teardown bp", "teardown for app", "teardown app"),
    ]


def test_hooks_of_requests_alone_run_for_requests(app: Flask) -> None:
    """An HTTP request meets none of the hooks for WebSockets."""
    for register in (app.before_websocket, app.after_websocket, app.teardown_websocket):
        register(lambda *args: pytest.fail("called"))
    app.add_url_rule("/", "page", lambda: "page")
    assert app.test_client().get("/").text == "page"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_result_of_a_hook_refuses(app: Flask, colour: str) -> None:
    """What a `before_websocket` function returns refuses, and passes through the `after_websocket` ones."""
    seen: list[t.Any] = []

    def refuse() -> t.Any:
        return "not you", 401

    async def refuse_later() -> t.Any:
        return refuse()

    app.before_websocket(refuse if colour == "sync" else refuse_later)

    @app.after_websocket
    def after(response: Response) -> Response:
        seen.append(response.status_code)
        response.headers["X-A"] = "b"
        return response

    app.websocket("/ws")(lambda: pytest.fail("called"))

    async def main() -> tuple[int, bytes, bool]:
        socket = await refused(app)
        return socket.status, socket.body, ("x-a", "b") in socket.headers

    assert run(main()) == (401, b"not you", True)
    assert seen == [401]


def test_after_an_accepted_one_there_is_no_response(app: Flask) -> None:
    """`after_websocket` functions get None where the WebSocket was accepted, and nothing comes of what they return."""
    seen: list[t.Any] = []

    @app.after_websocket
    def after(response: Response | None) -> Response | None:
        seen.append(response)
        return Response("nobody reads it")

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()

    assert _round(app, "/ws") == 101
    assert seen == [None]


def test_after_function_must_return_the_response(app: Flask) -> None:
    """An `after_websocket` function that loses the response is a TypeError that names it."""
    app.testing = True
    app.websocket("/ws")(lambda: ("no", 403))

    @app.after_websocket
    def loses(response: t.Any) -> None:
        return None

    async def main() -> None:
        socket = drive(app)
        assert not await socket.connect()
        with pytest.raises(TypeError, match="loses"):
            await socket.end()

    run(main())


def test_hooks_see_the_websocket(app: Flask) -> None:
    """A hook may look at the WebSocket, accept it and talk to the client, in its own colour."""

    @app.before_websocket
    async def greet() -> None:
        await websocket.send(f"hello {websocket.endpoint}")

    @app.before_websocket
    def count() -> None:
        g.count = 1
        websocket.blocking.send("from a thread")

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send(str(g.count))

    async def main() -> list[t.Any]:
        async with opened(app) as socket:
            return [await socket.receive() for _ in range(3)]

    assert run(main()) == ["hello answer", "from a thread", "1"]


def test_synchronous_hooks_run_in_a_thread_unless_marked(app: Flask) -> None:
    """A synchronous hook before an asynchronous function leaves the loop, except where all are marked."""
    threads: list[bool] = []

    @app.before_websocket
    def blocks() -> None:
        threads.append(threading.current_thread() is threading.main_thread())

    @app.teardown_websocket
    @non_blocking
    def quick(error: t.Any) -> None:
        threads.append(threading.current_thread() is threading.main_thread())

    @app.websocket("/ws")
    async def answer() -> None:
        threads.append(threading.current_thread() is threading.main_thread())
        await websocket.accept()

    _round(app, "/ws")
    assert threads == [False, True, True]


def test_values_of_the_url_are_preprocessed(app: Flask) -> None:
    """`url_value_preprocessor` functions run for WebSockets as for requests."""

    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, t.Any] | None) -> None:
        assert values is not None
        g.language = values.pop("language")

    @app.websocket("/<language>/ws")
    async def answer() -> None:
        await websocket.send(g.language)

    assert run(first_message(app, "/de/ws")) == "de"


def test_templates_can_be_rendered(app: Flask) -> None:
    """A template finds `request`, `session` and `g`, and the context processors run."""
    app.context_processor(lambda: {"more": "more"})

    @app.websocket("/ws")
    async def answer() -> None:
        g.mark = "mark"
        text = "{{ request.path }} {{ g.mark }} {{ more }} {{ url_for('answer') }}"
        await websocket.send(render_template_string(text))

    assert run(first_message(app)) == "/ws mark more ws://localhost/ws"


def test_signals(app: Flask) -> None:
    """The three signals tell of a WebSocket, with the response that refuses it, or None."""
    told: list[t.Any] = []

    def started(sender: Flask, **kwargs: t.Any) -> None:
        told.append(("started", kwargs))

    def finished(sender: Flask, **kwargs: t.Any) -> None:
        told.append(("finished", kwargs["response"] and kwargs["response"].status_code))

    def tearing_down(sender: Flask, **kwargs: t.Any) -> None:
        told.append(("tearing down", kwargs))

    app.websocket("/no")(lambda: ("no", 403))

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()

    with (
        websocket_started.connected_to(started, app),
        websocket_finished.connected_to(finished, app),
        websocket_tearing_down.connected_to(tearing_down, app),
    ):
        _round(app, "/ws")
        _round(app, "/no")
    assert told == [
        *(("started", {}), ("finished", None), ("tearing down", {"exc": None})),
        *(("started", {}), ("finished", 403), ("tearing down", {"exc": None})),
    ]


def test_overridden_steps_are_called(app: Flask) -> None:
    """Each public step is called by its name on the app, so that an override takes effect at once."""
    told: list[str] = []

    def wrap(name: str) -> None:
        original = getattr(app, name)

        def wrapped(*args: t.Any, **kwargs: t.Any) -> t.Any:
            told.append(name)
            return original(*args, **kwargs)

        setattr(app, name, wrapped)

    steps = (
        *("websocket_context", "full_dispatch_websocket", "preprocess_websocket", "dispatch_websocket"),
        *("finalize_websocket", "make_response", "postprocess_websocket", "do_teardown_websocket"),
        "do_teardown_appcontext",
    )
    for name in steps:
        wrap(name)
    wrap("handle_user_exception")
    wrap("handle_websocket_exception")

    app.websocket("/ws")(lambda: ("no", 403))
    app.websocket("/fail", endpoint="fail")(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    assert _round(app, "/ws") == 403
    assert told == list(steps)
    told.clear()
    assert _round(app, "/fail") == 500
    assert [name for name in told if "exception" in name] == ["handle_user_exception", "handle_websocket_exception"]


def test_setting_up_ends_with_the_first_one(app: Flask) -> None:
    """After a WebSocket was answered nothing can be registered, as after a request."""
    app.websocket("/ws")(lambda: ("no", 403))
    _round(app, "/ws")
    with pytest.raises(AssertionError, match="websocket"):
        app.websocket("/other")


def test_after_this_websocket(app: Flask) -> None:
    """What one WebSocket asks for is called after that one alone, before the app's, and not within a request."""
    told: list[t.Any] = []

    @app.websocket("/ws")
    async def answer() -> None:
        assert has_websocket_context()
        after_this_websocket(lambda response: told.append("own"))
        await websocket.send("x")

    @app.after_websocket
    def after(response: Response | None) -> Response | None:
        told.append(response)
        return response

    for _ in range(2):
        _round(app, "/ws")
    assert told == ["own", None] * 2
    with app.test_request_context():
        assert not has_websocket_context()
        with pytest.raises(RuntimeError, match="while a WebSocket is answered"):
            after_this_websocket(lambda response: response)
    assert not has_websocket_context()
