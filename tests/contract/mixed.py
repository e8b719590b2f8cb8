"""The same app with `async def` views, hooks and streams beside the others, which answer as they did."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
import typing as t
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable

import flask
from flask import Blueprint, Flask, Response, request, session
from tests.contract import events
from tests.contract.site import PIECE, digest, make_site, seen
from tests.contract.sockets import sockets

MEETING = 4
"""Clients who wait for one another: not more than the threads of any server."""
LONG = 3.0
"""Seconds that a view waits which is to be cancelled before."""

waiting = Blueprint("waiting", __name__, url_prefix="/async")
_meetings: defaultdict[str, asyncio.Barrier] = defaultdict(lambda: asyncio.Barrier(MEETING))
step: contextvars.ContextVar[str] = contextvars.ContextVar("step")


def make_mixed() -> Flask:
    """A new site with these views as well."""
    app = make_site()
    app.register_blueprint(waiting)
    app.register_blueprint(sockets)
    return app


def guarded(view: Callable[..., Awaitable[t.Any]]) -> Callable[..., t.Any]:
    """A decorator as extensions have it: synchronous, whatever it wraps."""

    @functools.wraps(view)
    def guard(*args: t.Any, **kwargs: t.Any) -> t.Any:
        if "guest" not in request.args:
            flask.abort(401)
        return flask.current_app.ensure_sync(view)(*args, **kwargs)

    return guard


@waiting.before_request
def before() -> None:
    flask.g.order = ["before"]
    step.set("set before")


@waiting.before_request
async def before_too() -> None:
    await asyncio.sleep(0)
    flask.g.order.append("async before")


@waiting.after_request
async def after(response: Response) -> Response:
    await asyncio.sleep(0)
    response.headers["X-Order"] = " ".join([*flask.g.order, "async after"])
    return response


@waiting.teardown_request
async def teardown(error: BaseException | None) -> None:
    await asyncio.sleep(0)
    token = (request.view_args or {}).get("token")
    if token:
        events.tell(token, f"async teardown: {type(error).__name__}")


@waiting.errorhandler(KeyError)
async def on_key_error(error: KeyError) -> tuple[str, int]:
    await asyncio.sleep(0)
    return f"handled {error}", 409


@waiting.route("/seen", methods=["GET", "POST"])
async def async_seen() -> dict[str, t.Any]:
    await asyncio.sleep(0)
    return seen()


@waiting.route("/loop")
async def loop() -> list[int]:
    """Which loop, and which thread."""
    await asyncio.sleep(0)
    return [id(asyncio.get_running_loop()), threading.get_ident()]


@waiting.route("/meet/<name>")
async def meet(name: str) -> str:
    """Answer when as many clients are there as were agreed."""
    await _meetings[name].wait()
    return name


@waiting.route("/context/<value>")
async def context(value: str) -> list[str]:
    """What a task sees that the view started, and what the hooks have set."""
    flask.g.value = session["value"] = value

    async def task() -> list[str]:
        await asyncio.sleep(0)
        return [flask.g.value, session["value"], request.path, step.get(), *flask.g.order]

    return await asyncio.create_task(task())


@waiting.route("/guarded")
@guarded
async def behind_a_guard() -> str:
    await asyncio.sleep(0)
    return "let in"


@waiting.route("/order/<token>")
async def in_order(token: str) -> str:
    await asyncio.sleep(0)
    events.tell(token, "view")
    flask.g.order.append("async view")
    return "in order"


@waiting.route("/fail/<token>")
async def fail(token: str) -> t.NoReturn:
    await asyncio.sleep(0)
    raise LookupError(token)


@waiting.route("/handled")
async def handled() -> t.NoReturn:
    await asyncio.sleep(0)
    raise KeyError("a key")


@waiting.route("/long/<token>")
async def long(token: str) -> str:
    """Wait to be cancelled."""
    events.tell(token, "started")
    try:
        await asyncio.sleep(LONG)
    except asyncio.CancelledError:
        events.tell(token, "cancelled")
        raise
    return "never cancelled"


@waiting.post("/upload")
async def upload() -> dict[str, t.Any]:
    """The body, without awaiting it."""
    return digest(request.get_data())


@waiting.post("/pieces")
@flask.stream_request
async def pieces() -> dict[str, t.Any]:
    """The body as it comes."""
    received = [bytes(piece) async for piece in request.stream]
    return digest(b"".join(received))


@waiting.post("/watched/<token>")
@flask.stream_request
async def watched(token: str) -> dict[str, t.Any]:
    """The same; tells when it starts, and whether all came."""
    events.tell(token, "started")
    received = [bytes(piece) async for piece in request.stream]
    events.tell(token, "whole")
    return digest(b"".join(received))


@waiting.post("/limited")
async def limited() -> dict[str, t.Any]:
    request.max_content_length = 1000
    return digest(request.get_data())


@waiting.post("/form")
async def form() -> dict[str, t.Any]:
    """Fields and files, without awaiting them."""
    files = {name: digest(file.read()) for name, file in request.files.items()}
    return {"fields": list(request.form.items(multi=True)), "files": files}


async def told_when_closed(token: str, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same pieces; tells how the stream ended."""
    try:
        async for piece in body:
            yield piece
        events.tell(token, "exhausted")
    finally:
        events.tell(token, "closed")


@waiting.route("/held/<token>")
async def held(token: str) -> Response:
    """One piece, and a second when the test has said so."""

    async def body() -> AsyncIterator[bytes]:
        yield b"first\n"
        heard = await asyncio.to_thread(events.heard, token, "released")
        yield b"second\n" if "released" in heard else b"never released\n"

    return Response(told_when_closed(token, body()))


@waiting.route("/big/<token>")
async def big(token: str) -> Response:
    """As many pieces as fill every buffer on the way: 64 MiB."""
    return Response(told_when_closed(token, times(1024, PIECE)))


@waiting.route("/endless/<token>")
async def endless(token: str) -> Response:
    """More pieces than anybody sends before a client's going is noticed: 1 GB, without a pause of their own."""
    return Response(told_when_closed(token, times(1_000_000, b"x" * 1000)))


async def times(count: int, piece: bytes) -> AsyncIterator[bytes]:
    """The same piece many times, without ever waiting for anything."""
    for _ in range(count):
        yield piece


@waiting.route("/broken/<token>")
async def broken(token: str) -> Response:
    """A stream that fails after its first piece, once the test has said so, for it has that by then."""

    async def body() -> AsyncIterator[bytes]:
        yield b"first\n"
        await asyncio.to_thread(events.heard, token, "released")
        raise RuntimeError("this stream always fails")

    return Response(told_when_closed(token, body()))
