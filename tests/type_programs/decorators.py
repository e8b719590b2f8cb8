"""Each decorator gives back what it was given, so whoever calls the function sees its own signature."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any, assert_type

import click
from werkzeug.exceptions import HTTPException, NotFound

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_request,
    copy_current_request_context,
    non_blocking,
    request,
    stream_request,
    stream_with_context,
    url_for,
)
from flask.cli import AppGroup, with_appcontext
from flask.signals import got_request_exception, request_finished, request_started, template_rendered
from flask.typing import ResponseReturnValue

app = Flask(__name__)
pages = Blueprint("pages", __name__, url_prefix="/pages")
Registers = Flask | Blueprint


def routes(on: Registers) -> None:
    """Rules, on an app and on a blueprint."""

    @on.route("/route/<int:number>", methods=["GET", "POST"], defaults={"name": "x"}, strict_slashes=False)
    def route(number: int, name: str = "") -> str:
        return f"{number}{name}"

    assert_type(route(1, name="x"), str)
    if TYPE_CHECKING:
        route("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    @on.get("/get")
    @on.post("/post", endpoint="post")
    @on.put("/put")
    @on.patch("/patch")
    @on.delete("/delete")
    def every(*, page: int = 1) -> tuple[dict[str, int], int]:
        return {"page": page}, 200

    assert_type(every(page=2), tuple[dict[str, int], int])
    if TYPE_CHECKING:
        every(2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

    @on.get("/async/<name>")
    async def asynchronous(name: str) -> list[str]:
        return [name]

    assert_type(await_later(asynchronous), str)

    @on.endpoint("named")
    def named() -> bytes:
        return b""

    assert_type(named(), bytes)
    on.add_url_rule("/named", endpoint="named", methods={"GET"})
    on.add_url_rule("/lambda", "lambda", lambda: "hello")

    @on.post("/stream")
    @stream_request
    async def streamed() -> str:
        return str(sum([len(piece) async for piece in request.stream]))

    @on.get("/quick")
    @non_blocking
    def quick(number: int = 1) -> str:
        return str(number)

    assert_type(quick(1), str)

    @on.websocket("/socket/<room>")
    async def socket(room: str) -> None: ...

    if TYPE_CHECKING:
        socket(1)  # type: ignore[arg-type, unused-coroutine]  # pyright: ignore[reportArgumentType, reportUnusedCoroutine]


def await_later(function: Callable[[str], Any]) -> str:
    return function.__name__


def hooks(on: Registers) -> None:
    """What runs around a request."""

    @on.before_request
    def before() -> tuple[str, int] | None:
        return None

    assert_type(before(), tuple[str, int] | None)

    @on.after_request
    def after(response: Response) -> Response:
        response.headers["X-After"] = "1"
        return response

    assert_type(after(Response()), Response)

    @on.teardown_request
    def down(error: BaseException | None) -> None: ...

    down(ValueError())
    if TYPE_CHECKING:
        down("error")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    @on.context_processor
    def context() -> dict[str, Any]:
        return {"title": "typed", "link": url_for}

    assert_type(context(), dict[str, Any])

    @on.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None: ...

    pull("endpoint", None)

    @on.url_defaults
    def push(endpoint: str, values: dict[str, Any]) -> None: ...

    push("endpoint", {})

    @on.before_websocket
    async def before_socket() -> ResponseReturnValue | None:
        return None

    @on.after_websocket
    def after_socket(response: Response | None) -> Response | None:
        return response

    @on.teardown_websocket
    async def down_socket(error: BaseException | None) -> None: ...

    assert_type(after_socket(None), Response | None)
    assert [before_socket, down_socket]


def errors(on: Registers) -> None:
    """Handlers, for codes and for classes."""

    @on.errorhandler(404)
    def missing(error: NotFound) -> tuple[str, int]:
        return error.name, 404

    assert_type(missing(NotFound()), tuple[str, int])
    if TYPE_CHECKING:
        missing(ValueError())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    @on.errorhandler(HTTPException)
    def failed(error: HTTPException) -> Response | HTTPException:
        return error

    assert_type(failed(NotFound()), Response | HTTPException)

    @on.errorhandler(LookupError)
    async def lookup(error: LookupError) -> dict[str, str]:
        return {"error": str(error)}

    on.register_error_handler(410, lookup)
    on.register_error_handler(KeyError, lambda error: (str(error), 400))
    if TYPE_CHECKING:
        on.errorhandler("404")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Late(Exception):
    """An error of one's own."""

    minutes = 5


@pages.app_errorhandler(Late)
def late(error: Late) -> str:
    return f"{error.minutes} minutes"


def templates() -> None:
    """Filters, tests and globals, named and not."""

    @app.template_filter()
    def shout(value: str, times: int = 1) -> str:
        return value.upper() * times

    assert_type(shout("a", 2), str)
    if TYPE_CHECKING:
        shout(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    @app.template_filter("plain")
    @pages.app_template_filter("plain")
    def plain(value: float) -> str:
        return f"{value:.2f}"

    assert_type(plain(1), str)

    @app.template_test()
    @pages.app_template_test()
    def even(value: int) -> bool:
        return value % 2 == 0

    assert_type(even(1), bool)

    @app.template_global()
    @pages.app_template_global("clock")
    def clock() -> float:
        return 1.0

    assert_type(clock(), float)
    app.add_template_filter(plain, "money")
    app.add_template_test(even)
    app.add_template_global(clock, name="time")


def commands() -> None:
    """Commands, which are click's."""
    group = AppGroup("tools")

    @app.cli.command("count")
    @click.argument("number", type=int)
    def count(number: int) -> None:
        click.echo(number + 1)

    assert_type(count, click.Command)

    @pages.cli.command()
    @click.option("--name")
    @with_appcontext
    def greet(name: str | None) -> None: ...

    @group.command("bare", with_appcontext=False)
    def bare() -> None: ...

    @with_appcontext
    def counted(number: int) -> str:
        return str(number)

    if TYPE_CHECKING:
        counted("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    app.cli.add_command(group)
    assert [greet, bare]


def beside() -> None:
    """The time of serving, the shell, the end of an app context."""

    @app.before_serving
    async def begin() -> None: ...

    @app.while_serving
    async def during() -> AsyncIterator[None]:
        yield

    @app.after_serving
    def end() -> None: ...

    @app.teardown_appcontext
    def down(error: BaseException | None) -> None: ...

    @app.shell_context_processor
    def shell() -> dict[str, Any]:
        return {}

    assert_type(shell(), dict[str, Any])
    assert [begin, during, end, down]


@app.get("/within")
def within() -> Response:
    """What is decorated while a request is handled."""

    @after_this_request
    def stamp(response: Response) -> Response:
        response.headers["X-This"] = "1"
        return response

    @copy_current_request_context
    def elsewhere(number: int) -> str:
        return f"{number} {request.path}"

    assert_type(elsewhere(1), str)
    if TYPE_CHECKING:
        elsewhere("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    @stream_with_context
    def pieces() -> Iterator[str]:
        yield elsewhere(2)

    assert_type(stamp(Response()), Response)
    return Response(pieces(), mimetype="text/plain")


heard: list[str] = []


@request_started.connect
def started(sender: Flask, **extra: Any) -> None:
    heard.append("started")


@request_finished.connect_via(app)
def finished(sender: Flask, response: Response, **extra: Any) -> None:
    heard.append(response.status)


def signals() -> None:
    """Receivers, weakly held and not."""

    def rendered(sender: Flask, template: Any, context: dict[str, Any], **extra: Any) -> None: ...

    template_rendered.connect(rendered, app)
    with template_rendered.connected_to(rendered, sender=app):
        pass
    template_rendered.disconnect(rendered, app)
    got_request_exception.connect(rendered, sender=app, weak=False)
    got_request_exception.disconnect(rendered, app)
    assert_type(started(app), None)


@pages.before_app_request
def before_all() -> None: ...


@pages.after_app_request
def after_all(response: Response) -> Response:
    return response


@pages.teardown_app_request
def down_all(error: BaseException | None) -> None: ...


@pages.app_context_processor
def context_all() -> dict[str, Any]:
    return {}


assert_type(after_all(Response()), Response)


for registers in (app, pages):
    routes(registers)
    hooks(registers)
    errors(registers)
templates()
commands()
beside()
signals()
app.register_blueprint(pages)
