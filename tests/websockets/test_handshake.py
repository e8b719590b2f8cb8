from __future__ import annotations

import json
import logging
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import Forbidden, InternalServerError
from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask, Response, abort, redirect, request, session, url_for, websocket
from flask._gateways import asgi
from flask.sessions import SecureCookieSession, SessionInterface
from flask.websockets import origin_is_of

from .driven import WebSocketDrive, drive, first_message, opened, refused, run

LABEL = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=3).map(".".join)


@pytest.fixture
def answered(app: Flask) -> Flask:
    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept()

    return app


def _answers(app: Flask, path: str = "/ws", **options: t.Any) -> WebSocketDrive:
    async def main() -> WebSocketDrive:
        socket = drive(app, path, **options)
        await socket.connect()
        await socket.close()
        return socket

    return run(main())


# ---- origins


@pytest.mark.parametrize(
    ("origin", "allowed", "accepted"),
    [
        (None, None, True),
        ("http://example.org", None, True),
        ("https://EXAMPLE.org", None, True),
        ("https://example.org:443", None, True),
        ("http://example.org:8080", None, False),
        ("http://www.example.org", None, False),
        ("http://example.org.evil.test", None, False),
        ("http://evil.test", None, False),
        ("null", None, False),
        ("", None, False),
        ("file://", None, False),
        ("http://evil.test", "*", True),
        ("null", "*", True),
        ("null", ["null"], True),
        ("https://app.test", ["https://app.test/"], True),
        ("https://app.test", "https://app.test", True),
        ("http://app.test", ["https://app.test"], False),
        ("http://example.org", ["https://app.test"], True),
        (None, [], True),
    ],
)
def test_origins(answered: Flask, origin: str | None, allowed: t.Any, accepted: bool) -> None:
    """A page of this host may, others as WEBSOCKET_ALLOWED_ORIGINS says, and what sends no origin is no browser."""
    answered.config["WEBSOCKET_ALLOWED_ORIGINS"] = allowed
    headers = {} if origin is None else {"Origin": origin}
    socket = _answers(answered, base_url="http://example.org", headers=headers)
    assert socket.accepted is accepted
    assert socket.status == (101 if accepted else 403)


@given(st.sampled_from(["http", "https"]), HOST, st.none() | st.integers(1, 65535))
def test_origin_of_the_same_host(scheme: str, host: str, port: int | None) -> None:
    """An origin is of a host when name and port agree, a standard port being as good as none."""
    place = host if port is None else f"{host}:{port}"
    standard = {"http": 80, "https": 443}[scheme]
    assert origin_is_of(f"{scheme}://{place}", place.upper())
    assert not origin_is_of(f"{scheme}://x{place}", place)
    assert not origin_is_of(f"ftp://{place}", place)
    assert origin_is_of(f"{scheme}://{place}", host) == (port in {None, standard})


def test_refusal_of_an_origin_is_an_error_of_the_app(answered: Flask) -> None:
    """A foreign origin is 403, before any hook runs, and a handler of the app's words the answer."""
    answered.before_websocket(lambda: pytest.fail("a hook ran"))
    answered.errorhandler(Forbidden)(lambda error: ("not from there", 418))
    socket = _answers(answered, headers={"Origin": "http://evil.test"})
    assert (socket.status, socket.body) == (418, b"not from there")


# ---- accepting


def test_headers_and_subprotocol_of_accepting(app: Flask) -> None:
    """The client learns the headers and the subprotocol that `accept` was given."""

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.accept(headers=[("X-A", "1"), ("X-A", "2")], subprotocol=websocket.subprotocols[1])
        await websocket.send_json([websocket.subprotocols, websocket.subprotocol])

    async def main() -> t.Any:
        async with opened(app, subprotocols=["one", "two"]) as socket:
            assert socket.subprotocol == "two"
            assert [pair for pair in socket.headers if pair[0] == "x-a"] == [("x-a", "1"), ("x-a", "2")]
            return json.loads(await socket.receive())

    assert run(main()) == [["one", "two"], "two"]


@pytest.mark.parametrize("name", ["Sec-WebSocket-Protocol", "sec-websocket-accept", "Connection", "Upgrade"])
def test_headers_that_are_the_servers(app: Flask, name: str) -> None:
    """Headers of the handshake itself are refused with a ValueError, and so is what the client did not offer."""

    @app.websocket("/ws")
    async def answer() -> None:
        with pytest.raises(ValueError, match=name):
            await websocket.accept(headers={name: "x"})
        with pytest.raises(ValueError, match=r"'two'.*'one'"):
            await websocket.accept(subprotocol="two")
        await websocket.accept()

    assert _answers(app, subprotocols=["one"]).accepted


# ---- refusing


def test_result_refuses(app: Flask) -> None:
    """What a function returns before it has accepted is a response like any other, which refuses."""

    @app.websocket("/ws")
    async def answer() -> t.Any:
        return {"no": websocket.args["why"]}, 402, {"X-A": "b"}

    socket = _answers(app, "/ws?why=paid")
    assert (socket.status, json.loads(socket.body)) == (402, {"no": "paid"})
    assert ("x-a", "b") in socket.headers


def test_streamed_result_refuses(app: Flask) -> None:
    """A response in pieces refuses as well, all of it, and is closed."""
    closed = []

    @app.websocket("/ws")
    async def answer() -> Response:
        response = Response(iter(["a", "b"]), 403)
        response.call_on_close(lambda: closed.append(True))
        return response

    assert _answers(app).body == b"ab"
    assert closed == [True]


@pytest.mark.parametrize("colour", ["async", "sync"])
def test_errors_refuse(app: Flask, colour: str, caplog: pytest.LogCaptureFixture) -> None:
    """Errors before the handshake go to the error handlers, as an HTTP request's, else are the plain pages."""
    app.errorhandler(KeyError)(lambda error: (f"missing {error}", 422))

    def fails() -> None:
        {"a": abort, "z": lambda code: 1 / 0, "k": lambda code: {}[code]}[websocket.args["kind"]](404)

    if colour == "async":

        @app.websocket("/ws")
        async def answer() -> None:
            fails()
    else:
        app.websocket("/ws")(fails)

    assert _answers(app, "/ws?kind=a").status == 404
    assert _answers(app, "/ws?kind=k").body == b"missing 404"
    with caplog.at_level(logging.ERROR):
        assert _answers(app, "/ws?kind=z").status == 500
    assert "ZeroDivisionError" in caplog.text
    app.error_handler_spec[None][500][InternalServerError] = lambda error: repr(error.original_exception)
    assert b"ZeroDivisionError" in _answers(app, "/ws?kind=z").body


def test_function_that_does_nothing_refuses(app: Flask) -> None:
    """A function that ends without having accepted refuses by 403, and so does one that closes before."""
    app.websocket("/ws")(lambda: None)

    @app.websocket("/closes")
    async def closes() -> None:
        await websocket.close()
        with pytest.raises(RuntimeError, match="closed"):
            await websocket.accept()

    assert _answers(app).status == 403
    assert _answers(app, "/closes").status == 403


def test_redirect_refuses(app: Flask) -> None:
    """A redirect is a refusal with a location: of the function, or of a rule whose slash is missing."""

    @app.websocket("/ws/")
    async def answer() -> t.Any:
        return redirect("/there")

    socket = _answers(app, "/ws/")
    assert (socket.status, dict(socket.headers)["location"]) == (302, "/there")
    socket = _answers(app, "/ws")
    assert (socket.status, dict(socket.headers)["location"]) == (308, "ws://localhost/ws/")


def test_server_without_the_extension_refuses_by_403(app: Flask) -> None:
    """A server that takes no response for a refusal is told to close, which it answers by 403."""
    app.websocket("/ws")(lambda: ("no", 402))

    async def main() -> WebSocketDrive:
        socket = drive(app)
        socket.scope["extensions"] = {}
        assert not await socket.connect()
        await socket.end()
        return socket

    socket = run(main())
    assert (socket.status, socket.body) == (403, b"")


def test_host_that_is_not_trusted_is_refused(answered: Flask) -> None:
    """TRUSTED_HOSTS holds for WebSockets, before the origin is compared with a made-up host."""
    answered.config["TRUSTED_HOSTS"] = ["example.org"]
    assert _answers(answered, base_url="http://example.org").accepted
    assert _answers(answered, base_url="http://evil.test", headers={"Origin": "http://evil.test"}).status == 400


# ---- middleware


def test_middleware_acts_on_the_handshake(app: Flask) -> None:
    """What is wrapped around `wsgi_app` changes the environment of a WebSocket, and adds headers to its acceptance."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_host=1, x_proto=1)  # type: ignore[method-assign]
    inner = app.wsgi_app

    def adds(environ: t.Any, start_response: t.Any) -> t.Any:
        def start(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
            return start_response(status, [*headers, ("X-Status", status)], exc_info)

        return inner(environ, start)

    app.wsgi_app = adds  # type: ignore[method-assign]

    @app.websocket("/ws")
    async def answer() -> None:
        await websocket.send_json([websocket.url, websocket.remote_addr])

    async def main() -> t.Any:
        headers = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "example.org", "X-Forwarded-Proto": "https"}
        async with opened(app, headers={**headers, "Origin": "https://example.org"}) as socket:
            assert ("x-status", "101 SWITCHING PROTOCOLS") in socket.headers
            return json.loads(await socket.receive())

    assert run(main()) == ["wss://example.org/ws", "1.2.3.4"]


def test_middleware_refuses(answered: Flask) -> None:
    """Middleware that answers in place of the app refuses the WebSocket, by either of WSGI's ways to give a body."""

    def refuses(environ: t.Any, start_response: t.Any) -> t.Any:
        write = start_response("401 UNAUTHORIZED", [("WWW-Authenticate", "Basic")])
        write(b"who ")
        yield b"are you"

    answered.wsgi_app = refuses  # type: ignore[method-assign,assignment]
    socket = _answers(answered)
    assert (socket.status, socket.body) == (401, b"who are you")
    assert ("www-authenticate", "Basic") in socket.headers


def test_middleware_cannot_answer_twice(answered: Flask) -> None:
    """A response of middleware after the WebSocket was accepted is an error, which closes with 1011."""
    inner = answered.wsgi_app

    def answers_too(environ: t.Any, start_response: t.Any) -> t.Any:
        inner(environ, start_response)
        start_response("200 OK", [])
        return []

    answered.wsgi_app = answers_too  # type: ignore[method-assign]

    async def main() -> None:
        socket = drive(answered)
        assert await socket.connect()
        with pytest.raises(AssertionError, match="accepted"):
            await socket.end()

    run(main())


# ---- sessions


def test_session_goes_out_with_what_accepts_or_refuses(app: Flask) -> None:
    """A session that was changed before the handshake ends is set as a cookie by it."""

    @app.websocket("/ws")
    async def answer() -> t.Any:
        seen = session.get("count", 0)
        session["count"] = seen + 1
        if "refuse" in websocket.args:
            return "no", 403
        await websocket.send(str(seen))
        return None

    def cookie(socket: WebSocketDrive) -> str:
        return next(value for name, value in socket.headers if name == "set-cookie").partition(";")[0]

    first = _answers(app)
    second = _answers(app, "/ws?refuse", headers={"Cookie": cookie(first)})
    assert (second.status, first.accepted) == (403, True)

    assert run(first_message(app, headers={"Cookie": cookie(second)})) == "2"


def test_session_that_nobody_touched_sends_no_cookie(answered: Flask) -> None:
    """Without a use of the session the acceptance has no header of its own."""
    assert _answers(answered).headers == []


def test_permanent_session_needs_no_header(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server sends no headers, a session that nobody changed is not renewed; elsewhere its cookie is."""

    @app.get("/")
    def enter() -> str:
        session.permanent = True
        session["user"] = 1
        return "in"

    @app.websocket("/ws")
    async def answer() -> None:
        if "more" in websocket.args:
            session["user"] += 1
        await websocket.send_json(session["user"])

    client = app.test_client()
    client.get("/")
    for sends in (True, False):
        monkeypatch.setattr(asgi, "_is_granians", lambda function, sends=sends: not sends)
        with client.websocket("/ws") as socket:
            assert socket.receive_json(timeout=5) == 1
            assert [name for name, _ in socket.headers] == ["set-cookie"] * sends
    with pytest.raises(ConnectionRefusedError), client.websocket("/ws?more=1"):
        pass


def test_headers_of_middleware_are_left_out_where_none_are_sent(
    answered: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What middleware adds to every answer does not keep WebSockets from opening; a warning says once what is lost."""
    inner = answered.wsgi_app

    def outer(environ: t.Any, start_response: t.Any) -> t.Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> t.Any:
            return start_response(status, [*headers, ("X-Frame-Options", "DENY")], exc_info)

        return inner(environ, start)

    monkeypatch.setattr(answered, "wsgi_app", outer)
    assert ("x-frame-options", "DENY") in _answers(answered).headers
    assert not caplog.records
    monkeypatch.setattr(asgi, "_is_granians", lambda function: True)
    for _ in range(2):
        assert _answers(answered).headers == []
    assert [record.getMessage().endswith("X-Frame-Options") for record in caplog.records] == [True]


def test_change_of_a_session_after_accepting_is_warned_of(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """A cookie cannot be sent after the handshake: a change that comes then is lost, and a warning says so."""

    @app.websocket("/ws")
    async def answer() -> None:
        session["early"] = 1
        await websocket.accept()
        if "late" in websocket.args:
            session["late"] = 1

    with caplog.at_level(logging.WARNING):
        _answers(app)
        assert not caplog.records
        _answers(app, "/ws?late")
    assert "'answer'" in caplog.text
    assert "lost" in caplog.text


class _Kept(SessionInterface):
    """Sessions that are kept on the server, for one client."""

    def __init__(self) -> None:
        self.data: dict[str, t.Any] = {}
        self.saved = 0

    def open_session(self, app: Flask, request: t.Any) -> SecureCookieSession:
        return SecureCookieSession(self.data)

    def save_session(self, app: Flask, session: t.Any, response: Response) -> None:
        self.saved += 1
        self.data = dict(session)
        response.set_cookie("kept", "yes")


def test_session_on_the_server_is_saved_at_the_end_too(app: Flask) -> None:
    """An interface of the app's own saves with the acceptance, for its cookie, and once more at the end."""
    app.session_interface = kept = _Kept()

    @app.websocket("/ws")
    async def answer() -> None:
        session["early"] = 1
        await websocket.accept()
        assert kept.data == {"early": 1}
        session["late"] = 2

    assert ("set-cookie", "kept=yes; Path=/") in _answers(app).headers
    assert kept.data == {"early": 1, "late": 2}
    assert kept.saved == 2


# ---- routing


def test_rules_are_rules_as_any(app: Flask) -> None:
    """Converters, defaults, methods, blueprint and endpoint of a WebSocket's rule are what they are for a view."""

    @app.websocket("/ws/<int:number>", endpoint="numbers", defaults={"more": "x"})
    async def answer(number: int, more: str) -> None:
        await websocket.send_json([number, more, websocket.endpoint])

    @app.route("/ws/<int:number>", methods=["GET", "POST"])
    def page(number: int) -> str:
        return f"page {number}"

    assert app.view_functions["numbers"] is answer
    rule = next(app.url_map.iter_rules("numbers"))
    assert rule.websocket
    assert rule.methods == {"GET", "HEAD"}
    assert app.test_client().get("/ws/1").text == "page 1"
    assert app.test_client().post("/ws/1").text == "page 1"
    assert _answers(app, "/ws/x").status == 404

    async def main() -> t.Any:
        async with opened(app, "/ws/5") as socket:
            return json.loads(await socket.receive())

    assert run(main()) == [5, "x", "numbers"]


def test_urls_of_websockets(app: Flask) -> None:
    """`url_for` gives a WebSocket's URL with its scheme, and from within one those of pages with theirs."""

    @app.websocket("/ws/<name>")
    async def answer(name: str) -> None:
        await websocket.send_json(
            [url_for("answer", name="a"), url_for("page"), url_for("page", _external=True), url_for("page", q=1)]
        )

    app.add_url_rule("/page", "page", lambda: url_for("answer", name="ü"))

    async def main(base: str) -> t.Any:
        async with opened(app, "/ws/x", base_url=base) as socket:
            return json.loads(await socket.receive())

    assert run(main("http://a.test/r")) == ["ws://a.test/r/ws/a", "/r/page", "http://a.test/r/page", "/r/page?q=1"]
    assert run(main("https://a.test")) == ["wss://a.test/ws/a", "/page", "https://a.test/page", "/page?q=1"]
    client = app.test_client()
    assert client.get("/page").text == "ws://localhost/ws/%C3%BC"
    assert client.get("/page", base_url="https://x.test").text == "wss://x.test/ws/%C3%BC"


def test_options_cannot_make_it_another_rule(app: Flask) -> None:
    """A rule of `add_websocket` is for WebSockets whatever its options, and takes no other methods."""
    with pytest.raises(ValueError, match="GET"):
        app.add_websocket("/ws", "ws", lambda: None, methods=["POST"])
    app.add_websocket("/ws", "ws", websocket=False)
    assert next(app.url_map.iter_rules("ws")).websocket


# ---- plain HTTP


@pytest.mark.parametrize("headers", [{}, {"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"}])
@pytest.mark.parametrize("path", ["/ws", "/ws/5", "/bp/ws"])
def test_plain_http_is_told_to_upgrade(app: Flask, path: str, headers: dict[str, str]) -> None:
    """A WebSocket's URL answers 426 to an HTTP request, and to a handshake over WSGI, and says how to serve."""
    from flask import Blueprint

    blueprint = Blueprint("bp", "bp", url_prefix="/bp")
    app.add_websocket("/ws", view_func=lambda: pytest.fail("called"), endpoint="a")
    app.add_websocket("/ws/<int:number>", view_func=lambda number: pytest.fail("called"), endpoint="b")
    blueprint.add_websocket("/ws", "c", lambda: pytest.fail("called"))
    app.register_blueprint(blueprint)
    client = app.test_client()
    for _ in range(2):
        response = client.get(path, headers=headers)
        assert response.status_code == 426
        assert response.headers["Upgrade"] == "websocket"
        assert "module:app.asgi_app" in response.text
    assert client.post(path).status_code == 405
    assert client.get("/none", headers=headers).status_code == 404


def test_error_handler_words_the_upgrade(app: Flask) -> None:
    """The error is one that the app can answer: of a class of ours, and an HTTP exception."""
    from flask.websockets import UpgradeRequired

    app.websocket("/ws")(lambda: None)
    app.errorhandler(UpgradeRequired)(lambda error: (f"{error.code} by us", error.code))
    assert app.test_client().get("/ws").text == "426 by us"


@pytest.mark.parametrize(
    "environ",
    [
        {"SERVER_PROTOCOL": "HTTP/2"},
        {"SERVER_PROTOCOL": "HTTP/3"},
        {"waitress.client_disconnected": lambda: False},
    ],
)
def test_header_is_left_out_where_it_may_not_be(app: Flask, environ: dict[str, t.Any]) -> None:
    """HTTP/2 has no Upgrade, and some WSGI servers fail on it: the status and the text remain."""
    app.websocket("/ws")(lambda: None)
    response = app.test_client().get("/ws", environ_overrides=environ)
    assert response.status_code == 426
    assert "Upgrade" not in response.headers


def test_wsgiref_sends_the_answer(app: Flask) -> None:
    """The standard library's handler, which fails on headers for one connection, sends the answer."""
    import io
    from wsgiref.handlers import SimpleHandler

    app.websocket("/ws")(lambda: None)
    out = io.BytesIO()
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/ws",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    SimpleHandler(io.BytesIO(), out, io.StringIO(), environ).run(app)
    assert b"426" in out.getvalue()


def test_rules_of_other_libraries_are_left_to_them(app: Flask) -> None:
    """A rule with `websocket=True` from `route` is a view's, called over WSGI with the socket in its environment."""

    @app.route("/theirs", websocket=True)
    def theirs() -> str:
        return f"called {request.headers['Upgrade']}"

    client = app.test_client()
    assert client.get("/theirs", headers={"Connection": "Upgrade", "Upgrade": "websocket"}).text == "called websocket"
    assert client.get("/theirs").status_code == 400


def test_websocket_to_a_page_is_refused(app: Flask) -> None:
    """A handshake at the URL of a page is 400, and its view is not called."""
    app.add_url_rule("/page", "page", lambda: pytest.fail("called"))

    async def main() -> int:
        return (await refused(app, "/page")).status

    assert run(main()) == 400


def test_debug_mode_shows_its_pages(app: Flask) -> None:
    """In debug mode 404 and 426 are still told apart, over HTTP and for a handshake."""
    app.debug = True
    app.websocket("/ws")(lambda: None)
    client = app.test_client()
    assert client.get("/ws").status_code == 426
    missing = client.get("/wss")
    assert missing.status_code == 404
    assert _answers(app, "/nothing").status == 404
