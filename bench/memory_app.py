"""Requests of every kind in turn, no two alike, so that whatever could be kept for a name or a value would be.

It runs on ours and on upstream Flask. What only ours speaks (ASGI, RSGI, WebSockets) stands apart, at the end.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import tempfile
import typing as t
from pathlib import Path
from types import SimpleNamespace

import flask
from flask import Flask, abort, flash, g, redirect, request, session, stream_with_context, url_for

Environ = dict[str, t.Any]
PAGE = "<h1>{{ title }}</h1>{% for item in items %}<p>{{ item }}</p>{% endfor %}{{ get_flashed_messages() }}"
FORM = "application/x-www-form-urlencoded"


def application(folder: Path) -> Flask:
    """The application; static files and templates lie in the folder."""
    (folder / "static").mkdir()
    (folder / "templates").mkdir()
    for number in range(20):
        (folder / "static" / f"{number}.txt").write_text("static " * 100)
        (folder / "templates" / f"{number}.html").write_text(PAGE)
    app = Flask("memory", root_path=str(folder))
    app.secret_key = "a key that only this measurement uses"
    app.config.update(MAX_CONTENT_LENGTH=100_000, PROPAGATE_EXCEPTIONS=False)
    app.logger.addHandler(logging.NullHandler())
    app.logger.propagate = False
    _add_hooks(app)
    _add_views(app)
    return app


def _add_hooks(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        g.number = request.args.get("n", 0, type=int)

    @app.after_request
    def end(response: flask.Response) -> flask.Response:
        response.headers[f"X-Number-{g.number % 5000}"] = str(g.number)
        return response

    @app.teardown_request
    def gone(error: BaseException | None) -> None:
        g.gone = error

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return f"no {request.path}", 404


def _add_views(app: Flask) -> None:
    @app.get("/hello/<name>")
    def hello(name: str) -> str:
        return f"Hello, {name}!"

    @app.route("/session", methods=["GET", "POST"])
    def keep() -> dict[str, t.Any]:
        session[f"k{g.number}"] = ("kept", g.number)
        flash(f"number {g.number}")
        return {"keys": sorted(session)}

    @app.post("/form")
    def form() -> dict[str, t.Any]:
        files = {name: len(file.read()) for name, file in request.files.items()}
        return {"form": request.form.to_dict(), "files": files}

    @app.post("/json")
    def take_json() -> t.Any:
        return flask.jsonify(request.get_json())

    @app.get("/page/<int:number>")
    def page(number: int) -> str:
        return flask.render_template(f"{number % 20}.html", title=f"<{number}>", items=[number, "x"])

    @app.get("/text/<int:number>")
    def text(number: int) -> str:
        return flask.render_template_string(PAGE + str(number % 600), title=number, items=[])

    @app.get("/stream/<int:number>")
    def stream(number: int) -> t.Any:
        return flask.Response(stream_with_context(f"{number} {g.number}\n" for _ in range(3)))

    @app.get("/leave/<path:rest>")
    def leave(rest: str) -> t.Any:
        return redirect(url_for("hello", name=rest, q=g.number, _anchor=rest))

    @app.get("/urls/<float:number>")
    def urls(number: float) -> dict[str, t.Any]:
        return {"urls": [url_for("urls", number=number + step, _external=True) for step in range(3)]}

    @app.get("/fail/<name>")
    def fail(name: str) -> t.NoReturn:
        raise ValueError(name)

    @app.get("/refuse/<int:code>")
    def refuse(code: int) -> t.NoReturn:
        abort(code, f"number {g.number}")

    @app.get("/seen")
    def seen() -> dict[str, t.Any]:
        found = request.headers.get(f"X-Asked-{g.number}"), request.cookies.to_dict(), request.accept_mimetypes.best
        response = flask.make_response({"seen": repr(found)})
        response.set_cookie(f"c{g.number}", "v", path=f"/{g.number}", max_age=60)
        return response  # type: ignore[return-value]

    @app.get("/wait/<name>")
    async def wait(name: str) -> str:
        await asyncio.sleep(0)
        return f"{name} {g.number}"

    @app.get("/later")
    def later() -> str:
        @flask.after_this_request
        def mark(response: flask.Response) -> flask.Response:
            response.headers["X-Later"] = str(g.number)
            return response

        return "later"


def environ_of(
    n: int, path: str, method: str = "GET", body: bytes = b"", kind: str = "", query: str = "", **headers: str
) -> Environ:
    """What a WSGI server makes of a request, whose host, query and cookies are its own."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": f"n={n}&{query}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": f"h{n % 7000}.example",
        "HTTP_COOKIE": f"c{n}=v{n}; session=made-up-{n}.x.y",
        "HTTP_USER_AGENT": f"agent {n}",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{f"HTTP_{name}": value for name, value in headers.items()},
    }


def _upload(n: int) -> Environ:
    boundary = f"boundary{n}"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="field{n}"'
    body = f'{head}\r\n\r\nvalue {n}\r\n{head}; filename="f{n}.txt"\r\nContent-Type: text/x{n}\r\n\r\n' + "x" * 2000
    return environ_of(
        n, "/form", "POST", f"{body}\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
    )


KINDS: tuple[t.Callable[[int], Environ], ...] = (
    lambda n: environ_of(n, f"/hello/name{n}"),
    lambda n: environ_of(n, "/session", query=f"q{n}=%C3%A9{n}"),
    lambda n: environ_of(n, "/session", "POST"),
    lambda n: environ_of(n, "/form", "POST", f"a{n}={n}&b=%20{n}&b={n}".encode(), FORM),
    _upload,
    lambda n: environ_of(n, "/json", "POST", json.dumps({f"k{n}": [n, None, "é"]}).encode(), "application/json"),
    lambda n: environ_of(n, "/json", "POST", b"{broken", f"application/x{n}+json"),
    lambda n: environ_of(n, f"/page/{n}"),
    lambda n: environ_of(n, f"/text/{n}"),
    lambda n: environ_of(n, f"/stream/{n}"),
    lambda n: environ_of(n, f"/leave/there/{n}"),
    lambda n: environ_of(n, f"/urls/{n}.5"),
    lambda n: environ_of(n, f"/fail/{n}"),
    lambda n: environ_of(n, f"/refuse/{(403, 404, 409, 418, 429)[n % 5]}"),
    lambda n: environ_of(n, f"/nowhere/{n}"),
    lambda n: environ_of(n, "/form", "DELETE"),
    lambda n: environ_of(n, "/seen", ACCEPT=f"text/x{n}, */*;q=0.{n % 10}") | {f"HTTP_X_ASKED_{n}": str(n)},
    lambda n: environ_of(n, f"/static/{n % 20}.txt", IF_NONE_MATCH=f'"{n}"'),
    lambda n: environ_of(n, f"/static/missing{n}", RANGE=f"bytes={n}-"),
    lambda n: environ_of(n, f"/wait/{n}"),
    lambda n: environ_of(n, "/later", "HEAD"),
    lambda n: environ_of(n, "/hello/x", "OPTIONS"),
    lambda n: environ_of(n, "/form", "POST", b"x" * 100_001, "text/plain"),
)


def ask(app: t.Any, environ: Environ) -> int:
    """Have a request answered whole; its status."""
    started: list[str] = []
    body = app(environ, lambda status, headers, exc_info=None: started.append(status))
    try:
        for _ in body:
            pass
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return int(started[-1][:3])


class Mixed:
    """All kinds of requests to one application, one after the other."""

    def __init__(self, own: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.app = application(Path(self.folder.name))
        self.statuses: dict[int, int] = {}
        self._own = Own(self.app) if own else None
        self.kinds = len(KINDS) + (len(self._own.kinds) if self._own else 0)

    def run(self, first: int, count: int) -> None:
        """So many requests, from a number on."""
        for n in range(first, first + count):
            kind = n % self.kinds
            if kind < len(KINDS):
                status = ask(self.app, KINDS[kind](n))
                self.statuses[status] = self.statuses.get(status, 0) + 1
            elif self._own is not None:
                self._own.run(kind - len(KINDS), n)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._own is not None:
            self._own.runner.close()
        self.folder.cleanup()


class Own:
    """What upstream does not speak: requests of ASGI and RSGI, and WebSockets, on a loop that lasts."""

    def __init__(self, app: t.Any) -> None:
        self.app = app
        self.runner = asyncio.Runner()
        self.kinds = (self._asgi, self._asgi_in_a_thread, self._rsgi, self._socket)

        @app.websocket("/echo/<name>")  # type: ignore[untyped-decorator, unused-ignore]
        async def echo(name: str) -> None:
            async for message in flask.websocket:
                await flask.websocket.send(message)

    def run(self, kind: int, n: int) -> None:
        """One request of a kind."""
        self.runner.run(self.kinds[kind](n))

    def _scope(self, n: int, path: str, kind: str = "http") -> dict[str, t.Any]:
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": f"n={n}".encode(),
            "root_path": "",
            "headers": [(b"host", f"h{n % 7000}.example".encode()), (f"x-asked-{n}".encode(), b"1")],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 80),
            "subprotocols": [],
        }

    async def _by_asgi(self, scope: dict[str, t.Any], *messages: dict[str, t.Any]) -> list[t.Any]:
        coming, sent = list(messages), []

        async def receive() -> dict[str, t.Any]:
            if coming:
                return coming.pop(0)
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

        async def send(message: dict[str, t.Any]) -> None:
            sent.append(message)

        await self.app.asgi_app(scope, receive, send)
        return sent

    async def _asgi(self, n: int) -> None:
        await self._by_asgi(self._scope(n, f"/wait/{n}"), {"type": "http.request"})

    async def _asgi_in_a_thread(self, n: int) -> None:
        await self._by_asgi(self._scope(n, f"/hello/{n}"), {"type": "http.request"})

    async def _rsgi(self, n: int) -> None:
        scope = SimpleNamespace(
            proto="http",
            rsgi_version="1.5",
            http_version="1.1",
            server="127.0.0.1:80",
            client="127.0.0.1:50000",
            scheme="http",
            method="GET",
            path=f"/wait/{n}",
            query_string=f"n={n}",
            authority=None,
            headers={"host": "localhost", f"x-asked-{n}": "1"},
        )
        await self.app.__rsgi__(scope, _Protocol())

    async def _socket(self, n: int) -> None:
        said = {"type": "websocket.receive", "text": f"message {n}"}
        await self._by_asgi(
            self._scope(n, f"/echo/{n}", "websocket"),
            {"type": "websocket.connect"},
            said,
            {"type": "websocket.disconnect", "code": 1000},
        )


class _Protocol:
    """As much of RSGI's as a request without a body needs."""

    async def client_disconnect(self) -> None:
        await asyncio.get_running_loop().create_future()

    def response_bytes(self, status: int, headers: t.Any, body: bytes) -> None:
        """Take the answer."""

    response_empty = response_bytes
