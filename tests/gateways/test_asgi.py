from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
import time
import typing as t

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter

from flask import (
    Flask,
    Response,
    current_app,
    g,
    has_app_context,
    non_blocking,
    render_template_string,
    request,
    session,
    stream_request,
    stream_with_context,
)
from flask._gateways.asgi import environ_of
from flask.sessions import SecureCookieSession, SessionInterface
from flask.views import MethodView
from tests.gateways.loops import Client, ask, call, scope

LOOP = threading.main_thread()


def where() -> str:
    return "loop" if threading.current_thread() is LOOP else "thread"


@pytest.fixture
def app() -> Flask:
    made = Flask(__name__)
    made.secret_key = "key"

    @made.get("/async")
    async def asynchronous() -> str:
        await asyncio.sleep(0)
        return where()

    @made.get("/sync")
    def synchronous() -> str:
        return where()

    return made


# ---- where code runs


def test_a_view_runs_where_it_may_wait(app: Flask) -> None:
    """An async one on the server's loop, a synchronous one in a thread, one that is said not to block on the loop."""

    @app.get("/quick")
    @non_blocking
    def quick() -> str:
        return where()

    found = [call(app, path).body for path in ("/async", "/sync", "/quick", "/async")]
    assert found == [b"loop", b"thread", b"loop", b"loop"]


def test_an_app_without_async_functions_is_whole_in_a_thread() -> None:
    """Also what is before the routing, as middleware is; one hop, whatever there is."""
    made = Flask(__name__)
    seen: list[str] = []

    @made.before_request
    def before() -> None:
        seen.append(where())

    @made.get("/")
    def index() -> str:
        return where()

    inner = made.wsgi_app

    def middleware(environ: t.Any, start_response: t.Any) -> t.Any:
        seen.append(where())
        return inner(environ, start_response)

    made.wsgi_app = middleware  # type: ignore[method-assign]
    assert call(made).body == b"thread"
    assert seen == ["thread", "thread"]


def test_synchronous_hooks_around_an_async_view_hop_once_a_phase(app: Flask) -> None:
    """Before, after and teardown each go to a thread together; phases of async or non-blocking functions do not."""
    seen: list[tuple[str, str, int]] = []

    def note(name: str) -> None:
        seen.append((name, where(), threading.get_ident()))

    for number in range(3):

        @app.before_request
        def before(number: int = number) -> None:
            note(f"before {number}")

    @app.after_request
    @non_blocking
    def after(response: Response) -> Response:
        note("after")
        return response

    @app.after_request
    async def after_asynchronously(response: Response) -> Response:
        note("after, async")
        return response

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        note("teardown")

    @app.teardown_appcontext
    async def teardown_app(error: BaseException | None) -> None:
        note("teardown of the app, async")

    assert call(app, "/async").body == b"loop"
    assert [(name, place) for name, place, _ in seen] == [
        ("before 0", "thread"),
        ("before 1", "thread"),
        ("before 2", "thread"),
        ("after, async", "loop"),
        ("after", "loop"),
        ("teardown", "thread"),
        ("teardown of the app, async", "loop"),
    ]
    assert len({thread for name, _, thread in seen if name.startswith("before")}) == 1


def test_a_wrapper_of_an_async_view_is_async(app: Flask) -> None:
    """Decorated without a word about it, or with `ensure_sync`, the view runs on the loop."""

    def plain(view: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        @functools.wraps(view)
        def inner(*args: t.Any) -> t.Any:
            return view(*args)

        return inner

    def knowing(view: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        @functools.wraps(view)
        def inner(*args: t.Any) -> t.Any:
            return current_app.ensure_sync(view)(*args)

        return inner

    async def view() -> str:
        await asyncio.sleep(0)
        return where()

    app.add_url_rule("/plain", "plain", plain(view))
    app.add_url_rule("/knowing", "knowing", knowing(view))
    assert [call(app, path).body for path in ("/plain", "/knowing")] == [b"loop", b"loop"]
    client = app.test_client()
    assert [client.get(path).status_code for path in ("/plain", "/knowing")] == [200, 200]


def test_the_method_of_a_class_decides(app: Flask) -> None:
    """A class-based view is where the function for the request's method may wait."""

    class Both(MethodView):
        async def get(self) -> str:
            return where()

        def post(self) -> str:
            return where()

    app.add_url_rule("/both", view_func=Both.as_view("both"))
    assert [call(app, "/both", method).body for method in ("GET", "POST")] == [b"loop", b"thread"]


def test_a_session_from_elsewhere_and_a_converter_run_in_a_thread(app: Flask) -> None:
    """What is opened or looked up before the view is known may block; the view is then where it belongs."""
    seen: list[str] = []

    class Sessions(SessionInterface):
        def open_session(self, app: Flask, request: t.Any) -> SecureCookieSession:
            seen.append(f"open {where()}")
            return SecureCookieSession({"user": "alice"})

        def save_session(self, app: Flask, session: t.Any, response: Response) -> None:
            seen.append(f"save {where()}")

    class User(BaseConverter):
        def to_python(self, value: str) -> str:
            seen.append(f"convert {where()}")
            return value + session["user"] + current_app.name[:0]

    app.session_interface = Sessions()
    app.url_map.converters["user"] = User

    @app.get("/async/<user:name>")
    async def named(name: str) -> str:
        return name + where()

    @app.get("/sync/<user:name>")
    def named_too(name: str) -> str:
        return name + where()

    assert call(app, "/async/x").body == b"xaliceloop"
    assert seen == ["open thread", "convert thread", "save thread"]
    assert call(app, "/sync/x").body == b"xalicethread"


def test_the_pool_has_the_size_that_is_set() -> None:
    """No more synchronous requests run at a time than `WORKER_THREADS`; all are answered."""
    made = Flask(__name__)
    made.config["WORKER_THREADS"] = 2
    running, most = 0, 0
    lock = threading.Lock()

    @made.get("/")
    def index() -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return "done"

    async def main() -> list[bytes]:
        return [answer.body for answer in await asyncio.gather(*[ask(made) for _ in range(8)])]

    assert (asyncio.run(main()), most) == ([b"done"] * 8, 2)


@pytest.mark.parametrize("held", ["from a hook", "from the view"])
def test_threads_that_wait_do_not_keep_others_from_ending(held: str) -> None:
    """Though every thread waits for what requests on the loop hold, these find one to give it back in."""
    made = Flask(__name__)
    made.config["WORKER_THREADS"] = 2
    connection = threading.Semaphore(1)

    has_begun = asyncio.Event()

    @made.before_request
    def before() -> None:
        if request.path == "/sync" or held == "from a hook":
            g.held = connection.acquire(timeout=30)

    @made.get("/async")
    async def asynchronous() -> str:
        if held == "from the view":
            g.held = connection.acquire(blocking=False)
        has_begun.set()
        await asyncio.sleep(0.02)
        raise LookupError

    @made.get("/sync")
    def synchronous() -> str:
        return str(g.held)

    @made.errorhandler(LookupError)
    def handler(error: LookupError) -> str:
        return str(g.held)

    @made.after_request
    def after(response: Response) -> Response:
        response.headers["where"] = where()
        return response

    @made.teardown_appcontext
    def teardown(error: BaseException | None) -> None:
        connection.release()

    async def main() -> list[bytes]:
        first = asyncio.ensure_future(ask(made, "/async"))
        async with asyncio.timeout(20):
            await has_begun.wait()
            return [answer.body for answer in await asyncio.gather(first, *[ask(made, "/sync") for _ in range(5)])]

    assert asyncio.run(main()) == [b"True"] * 6


def test_middleware_acts_on_asgi_requests(app: Flask) -> None:
    """What is wrapped around `wsgi_app` or the call itself is not passed by."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]

    @app.get("/where")
    async def address() -> str:
        return f"{request.remote_addr} {request.root_path} {where()}"

    headers = [(b"host", b"localhost"), (b"x-forwarded-for", b"9.9.9.9"), (b"x-forwarded-prefix", b"/mounted")]
    assert call(app, "/where", headers=headers).body == b"9.9.9.9 /mounted loop"


# ---- contexts


def test_context_variables_and_proxies_are_the_requests_own(app: Flask) -> None:
    """What a hook sets in its thread the view sees on the loop, and the tasks that it starts; nothing stays behind."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    @app.before_request
    def before() -> None:
        variable.set(request.args["token"])
        g.token = request.args["token"]
        session["token"] = request.args["token"]

    async def child() -> list[str]:
        await asyncio.sleep(0)
        return [variable.get(), g.token, session["token"], request.args["token"], current_app.name]

    @app.get("/tokens")
    async def tokens() -> dict[str, t.Any]:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            tasks = [group.create_task(child()) for _ in range(3)]
        return {"seen": [task.result() for task in tasks]}

    async def main() -> list[bool]:
        answers = await asyncio.gather(*[ask(app, f"/tokens?token={number}") for number in range(100)])
        return [
            app.json.loads(answer.body) == {"seen": [[str(number)] * 4 + [app.name]] * 3}
            for number, answer in enumerate(answers)
        ]

    assert all(asyncio.run(main()))
    assert variable.get() == "unset"
    assert not has_app_context()


def test_templates_may_have_asynchronous_context_processors(app: Flask) -> None:
    """Rendering from an async view waits for them, as from a synchronous one."""

    @app.context_processor
    async def names() -> dict[str, str]:
        await asyncio.sleep(0)
        return {"name": where()}

    @app.get("/a")
    async def first() -> str:
        await asyncio.sleep(0)
        return render_template_string("{{ name }}")

    @app.get("/b")
    def second() -> str:
        return render_template_string("{{ name }}")

    assert [call(app, path).body for path in ("/a", "/b")] == [b"loop", b"loop"]


def test_errors_go_the_same_way(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Handlers of either kind answer; what none takes is logged, and answered by 500."""

    @app.errorhandler(ValueError)
    def value(error: ValueError) -> tuple[str, int]:
        return where(), 418

    @app.errorhandler(LookupError)
    async def lookup(error: LookupError) -> tuple[str, int]:
        return where(), 419

    @app.get("/<kind>")
    async def fail(kind: str) -> str:
        raise {"value": ValueError, "key": KeyError, "other": ArithmeticError}[kind]

    assert [call(app, path)[::2] for path in ("/value", "/key")] == [("418", b"thread"), ("419", b"loop")]
    with caplog.at_level(logging.ERROR):
        assert call(app, "/other").status == "500"
    assert "Exception on /other [GET]" in caplog.text
    app.testing = True
    with pytest.raises(ArithmeticError):
        call(app, "/other")


# ---- bodies


PIECES = [b"a" * 1000] * 30


def tell_lengths(app: Flask) -> None:
    """Views of both kinds that read the body."""

    @app.post("/async")
    async def first() -> str:
        return str(len(request.get_data()))

    @app.post("/sync")
    def second() -> str:
        return str(len(request.get_data()))


@pytest.mark.parametrize("path", ["/async", "/sync"])
@pytest.mark.parametrize("limit", [None, 30_000, 29_999])
def test_a_body_in_pieces_is_read_without_await(app: Flask, path: str, limit: int | None) -> None:
    """All of it, in views of both kinds; a byte more than `MAX_CONTENT_LENGTH` is 413."""
    app.config["MAX_CONTENT_LENGTH"] = limit

    tell_lengths(app)
    client = Client(*PIECES)
    answer = call(app, path, "POST", client)
    if limit == 29_999:
        assert answer.status == "413"
    else:
        assert (answer.status, answer.body) == ("200", b"30000")


def test_a_body_too_large_is_not_received_to_its_end(app: Flask) -> None:
    """No more of it is taken from the server than shows that it is too large."""
    app.config["MAX_CONTENT_LENGTH"] = 2500
    tell_lengths(app)
    client = Client(*PIECES)
    assert call(app, "/async", "POST", client).status == "413"
    assert client.asked == 3


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_body_that_says_that_it_is_too_large_is_not_received(app: Flask, path: str) -> None:
    """Its sender is not asked to go on (RFC 9110 §10.1.1), before views of either kind."""
    app.config["MAX_CONTENT_LENGTH"] = 2500
    tell_lengths(app)
    client = Client(*PIECES)
    headers = [(b"host", b"x"), (b"content-length", b"30000"), (b"expect", b"100-continue")]
    asyncio.run(app.asgi_app(scope(path, "POST", headers=headers), client.receive, client.send))
    assert client.answer().status == "413"
    assert client.asked == 0


def test_a_body_of_http_2_need_not_say_that_it_comes(app: Flask) -> None:
    """There a request has no header for it; a request without a body is answered as well."""

    @app.post("/length")
    async def length() -> str:
        return str(len(request.get_data()))

    for client, expected in ((Client(b"ab", b"c"), b"3"), (Client(), b"0")):
        asyncio.run(app.asgi_app(scope("/length", "POST", http_version="2"), client.receive, client.send))  # type: ignore[arg-type]
        assert client.answer().body == expected


def test_an_application_that_does_not_start_its_response_is_an_error(app: Flask) -> None:
    """The server is told; no response without a status goes out."""
    app.wsgi_app = lambda environ, start_response: [b"never started"]  # type: ignore[method-assign]
    with pytest.raises(AssertionError, match="not started"):
        call(app)


def test_forms_files_and_json_come_without_await(app: Flask) -> None:
    """In an async view each of the ways to look at a body works, whatever pieces it came in."""

    @app.post("/form")
    async def form() -> dict[str, t.Any]:
        await asyncio.sleep(0)
        return {"form": request.form, "file": request.files["file"].read().decode()}

    @app.post("/json")
    async def json() -> t.Any:
        return request.get_json()

    body = (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + b"z" * 70_000 + b"\r\n--x--\r\n"
    )
    host = (b"host", b"localhost")
    client = Client(*[body[start : start + 999] for start in range(0, len(body), 999)])
    answer = call(app, "/form", "POST", client, headers=[host, (b"content-type", b"multipart/form-data; boundary=x")])
    assert app.json.loads(answer.body) == {"form": {"a": "1"}, "file": "z" * 70_000}
    client = Client(b'{"a"', b": [1", b"]}")
    answer = call(app, "/json", "POST", client, headers=[host, (b"content-type", b"application/json")])
    assert app.json.loads(answer.body) == {"a": [1]}


def test_a_view_may_take_the_body_as_it_comes(app: Flask) -> None:
    """Each piece at its time, before the next was asked for; also with a limit, and of a body that came at once."""
    client = Client(*PIECES)

    @app.post("/pieces")
    @stream_request
    async def pieces() -> list[t.Any]:
        return [(len(piece), client.asked) async for piece in request.stream]

    for limit in (None, 30_000):
        app.config["MAX_CONTENT_LENGTH"] = limit
        client = Client(*PIECES)
        answer = call(app, "/pieces", "POST", client)
        assert app.json.loads(answer.body) == [[1000, number + 1] for number in range(30)]
    app.config["MAX_CONTENT_LENGTH"] = 29_999
    client = Client(*PIECES)
    assert call(app, "/pieces", "POST", client).status == "413"
    client = Client(b"all")
    assert call(app, "/pieces", "POST", client).body == b"[[3,1]]\n"


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_slow_sender_is_told_so(app: Flask, path: str) -> None:
    """Whoever reads a body that does not come within `BODY_TIMEOUT` seconds gets 408."""
    app.config["BODY_TIMEOUT"] = 0.02

    tell_lengths(app)
    assert call(app, path, "POST", Client(b"begun", ends=False)).status == "408"


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_sender_that_goes_is_noticed_by_who_reads(app: Flask, path: str) -> None:
    """The view does not take what came for all."""
    seen: list[int] = []

    @app.post("/async")
    async def first() -> str:
        seen.append(len(request.get_data()))
        return ""

    @app.post("/sync")
    def second() -> str:
        seen.append(len(request.get_data()))
        return ""

    assert call(app, path, "POST", Client(b"begun", b"more", ends=False, goes_after=0)).status == "400"
    assert seen == []


# ---- answers


def test_generators_of_both_kinds_are_streamed(app: Flask) -> None:
    """Each piece is a message; synchronous ones run in a thread, async ones on the loop."""
    seen: list[str] = []

    @app.get("/a")
    async def first() -> t.AsyncIterator[str]:
        async def lines() -> t.AsyncIterator[str]:
            for number in range(3):
                await asyncio.sleep(0)
                yield f"{number} {where()} {request.path}\n"
            seen.append("end")

        return stream_with_context(lines())

    @app.get("/b")
    def second() -> t.Iterator[str]:
        return stream_with_context(f"{number} {where()} {request.path}\n" for number in range(3))

    @app.get("/c")
    async def third() -> t.AsyncIterator[bytes]:
        async def lines() -> t.AsyncIterator[bytes]:
            yield str(has_app_context()).encode()

        return lines()

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append(f"teardown {error}")

    assert call(app, "/a").body == b"0 loop /a\n1 loop /a\n2 loop /a\n"
    assert seen == ["end", "teardown None"]
    assert call(app, "/b").body == b"0 thread /b\n1 thread /b\n2 thread /b\n"
    assert call(app, "/c").body == b"False"
    assert app.test_client().get("/a").text.count("/a") == 3


@pytest.mark.parametrize("path", ["/async", "/sync"])
def test_a_client_that_goes_ends_a_stream(app: Flask, path: str) -> None:
    """The generator is closed and the teardown run, also of one that would never end."""
    seen: list[str] = []

    @app.get("/sync")
    def first() -> t.Any:
        @stream_with_context
        def lines() -> t.Iterator[str]:
            try:
                while True:
                    time.sleep(0.001)
                    yield request.path
            finally:
                seen.append("closed")

        return lines()

    @app.get("/async")
    async def second() -> t.Any:
        async def lines() -> t.AsyncIterator[str]:
            try:
                while True:
                    await asyncio.sleep(0.001)
                    yield request.path
            finally:
                await asyncio.sleep(0)
                seen.append("closed")

        return stream_with_context(lines())

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append("teardown")

    app.view_functions.update(synchronous=first, asynchronous=second)
    client = Client(goes_after=0)
    asyncio.run(app.asgi_app(scope(path), client.receive, client.send))  # type: ignore[arg-type]
    assert seen == ["closed", "teardown"]
    assert client.received[1]["body"]


def test_a_client_that_goes_cancels_an_async_view(app: Flask) -> None:
    """The view hears of it where it waits, the teardown is run and told; the server sees an ordinary end."""
    seen: list[t.Any] = []

    @app.get("/slow")
    async def slow() -> str:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return ""

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append((where(), type(error)))

    client = Client(goes_after=0)
    asyncio.run(app.asgi_app(scope("/slow"), client.receive, client.send))  # type: ignore[arg-type]
    assert seen == ["cancelled", ("thread", asyncio.CancelledError)]
    assert client.received == []


def test_a_server_that_cancels_is_obeyed(app: Flask) -> None:
    """A cancellation from outside is not taken for a client that has gone."""

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(1000)
        return ""

    async def main() -> None:
        task = asyncio.ensure_future(ask(app, "/slow"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


def test_callables_of_wsgi_are_served(app: Flask) -> None:
    """`write`, a second start with an error, and a response in several pieces do what PEP 3333 says."""

    def hosted(environ: t.Any, start_response: t.Any) -> t.Iterable[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        return [b"and ", b"returned"]

    @app.get("/hosted")
    def view() -> t.Any:
        return hosted

    app.view_functions["hosted"] = view
    assert call(app, "/hosted").body == b"written and returned"

    app.wsgi_app = hosted  # type: ignore[method-assign]
    assert call(app, "/").body == b"written and returned"

    def twice(environ: t.Any, start_response: t.Any) -> t.Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError("late")
        except ValueError as error:
            start_response("500 Late", [], (ValueError, error, error.__traceback__))
        return [b"late"]

    app.wsgi_app = twice  # type: ignore[method-assign]
    assert call(app, "/")[::2] == ("500", b"late")


# ---- the environment


def test_the_environment_is_the_scopes() -> None:
    """Each part of a scope stands where PEP 3333 has it."""
    environ = environ_of(
        scope(
            "/mount/caf%C3%A9/x%2Fy?a=%31&b",
            root_path="/mount",
            scheme="https",
            http_version="2",
            client=("9.9.9.9", 1),
            server=("0.0.0.0", 8443),
            headers=[
                (b"host", b"example.com"),
                (b"cookie", b"a=1"),
                (b"cookie", b"b=2"),
                (b"accept", b"x"),
                (b"accept", b"y\xe9"),
                (b"x_sneaky", b"1"),
                (b"content-type", b"text/plain"),
                (b"content-length", b"0"),
            ],
        )
        | {"path": "/mount/caf\u00e9/x/y", "raw_path": b"/mount/caf%C3%A9/x%2Fy", "query_string": b"a=%31&b"}
    )
    expected = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/mount",
        "PATH_INFO": "/caf\u00c3\u00a9/x/y",
        "QUERY_STRING": "a=%31&b",
        "REQUEST_URI": "/mount/caf%C3%A9/x%2Fy?a=%31&b",
        "SERVER_NAME": "0.0.0.0",
        "SERVER_PORT": "8443",
        "SERVER_PROTOCOL": "HTTP/2",
        "REMOTE_ADDR": "9.9.9.9",
        "REMOTE_PORT": "1",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "example.com",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_ACCEPT": "x,y\u00e9",
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "0",
    }
    assert {key: environ.get(key) for key in expected} == expected
    assert not any("SNEAKY" in key for key in environ)


def test_a_path_that_is_no_utf8_keeps_its_bytes() -> None:
    """Where a server has replaced what it could not decode, the raw path still knows."""
    environ = environ_of(scope("/") | {"path": "/\ufffd", "raw_path": b"/%FF"})
    assert environ["PATH_INFO"] == "/\u00ff"


def test_an_asgi_server_that_is_given_the_application_is_told(app: Flask) -> None:
    """The error names what to name for it, for servers of ASGI 3 and of ASGI 2."""
    anything: t.Any = app
    with pytest.raises(TypeError, match=r"module:app\.asgi_app"):
        anything({"type": "http"}, print, print)
    with pytest.raises(TypeError, match=r"module:app\.asgi_app"):
        anything({"type": "http"})


def test_middleware_of_asgi_may_be_put_around(app: Flask) -> None:
    """The entrance is an attribute, one object for each app, that may be replaced."""
    inner = app.asgi_app
    assert app.asgi_app is inner

    async def outer(scope: t.Any, receive: t.Any, send: t.Any) -> None:
        await inner({**scope, "path": "/async"}, receive, send)

    app.asgi_app = outer
    assert call(app, "/nowhere").body == b"loop"
