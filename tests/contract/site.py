"""The app of the contract: an ordinary Flask app, made without a thought of what will serve it.

It answers with what it sees, and does what it is asked for; what is right is said by the tests alone.
"""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

from werkzeug.exceptions import HTTPException

import flask
from flask import Blueprint, Flask, Response, request, session
from tests.contract import events

PIECE = b"x" * 65536
SMALL = b"x" * 16384
FILE = Path(__file__)

seeing = Blueprint("seeing", __name__)
answering = Blueprint("answering", __name__)
receiving = Blueprint("receiving", __name__, url_prefix="/upload")
streaming = Blueprint("streaming", __name__, url_prefix="/stream")
ordered = Blueprint("ordered", __name__, url_prefix="/order")


def make_site() -> Flask:
    """A new app with all of it."""
    app = Flask(__name__)
    app.config.from_prefixed_env()
    app.secret_key = "contract"
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", ".site.test"]
    for blueprint in (seeing, answering, receiving, streaming, ordered):
        app.register_blueprint(blueprint)
    app.teardown_request(tell_teardown)
    return app


def tell_teardown(error: BaseException | None) -> None:
    """Note the end of each request that has a token."""
    token = (request.view_args or {}).get("token")
    if token:
        events.tell(token, "teardown")


# What a request is to the app.


@seeing.route("/seen", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"])
@seeing.route("/seen/<path:rest>", methods=["GET", "POST"])
def seen(rest: str | None = None) -> dict[str, t.Any]:
    """Everything that a request says of itself."""
    environ = request.environ
    return {
        "method": request.method,
        "rest": rest,
        "path": request.path,
        "raw": environ.get("REQUEST_URI") or environ.get("RAW_URI"),
        "query": request.query_string.decode("latin-1"),
        "args": list(request.args.items(multi=True)),
        "root": request.root_path,
        "url": request.url,
        "link": flask.url_for("seeing.seen", _external=True),
        "host": request.host,
        "scheme": request.scheme,
        "client": request.remote_addr,
        "client port": str(environ.get("REMOTE_PORT")),
        "server": [environ["SERVER_NAME"], str(environ["SERVER_PORT"])],
        "protocol": environ["SERVER_PROTOCOL"],
        "headers": [[name, value] for name, value in request.headers],
        "cookies": list(request.cookies.items(multi=True)),
        "accept": list(request.accept_mimetypes.values()),
        "type": request.content_type,
        "length": request.content_length,
        "body": request.get_data().decode("latin-1"),
    }


@seeing.route("/events/<name>")
def told(name: str) -> list[str]:
    """What happened under a token, after waiting for an event if one is named."""
    return events.heard(name, request.args.get("until"), float(request.args.get("patience", events.PATIENCE)))


@seeing.route("/events/<name>/<event>")
def tell(name: str, event: str) -> str:
    """Note an event for a view that waits for it."""
    events.tell(name, event)
    return "told"


# What the app answers.


@answering.route("/text")
def text() -> str:
    return "a text\n"


@answering.route("/status/<int:code>")
def status(code: int) -> Response:
    return Response("a body\n", status=code)


@answering.route("/empty")
def empty() -> str:
    return ""


@answering.route("/big")
def big() -> bytes:
    return PIECE * 80


@answering.route("/headers")
def headers() -> Response:
    response = Response("headers")
    response.headers["X-Text"] = "café"
    response.headers.add("X-Twice", "1")
    response.headers.add("X-Twice", "2")
    for name in ("one", "two", "three"):
        response.set_cookie(name, name.upper())
    return response


@answering.route("/file")
def file() -> Response:
    return flask.send_file(FILE, conditional=True)


@answering.route("/session")
def from_session() -> dict[str, t.Any]:
    return dict(session)


@answering.route("/session/<value>")
def to_session(value: str) -> str:
    session["value"] = value
    return "kept"


@answering.route("/fail")
def fail() -> t.NoReturn:
    raise RuntimeError("this view always fails")


@answering.route("/abort")
def abort() -> t.NoReturn:
    flask.abort(418)


# What it does with a body.


def digest(data: bytes) -> dict[str, t.Any]:
    """What tells a body from any other."""
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@receiving.post("/")
def whole() -> dict[str, t.Any]:
    return digest(request.get_data())


@receiving.post("/pieces")
def pieces() -> dict[str, t.Any]:
    """Read the stream as it comes."""
    received = []
    while piece := request.stream.read(10_000):
        received.append(piece)
    return digest(b"".join(received))


@receiving.post("/lines")
def lines() -> dict[str, t.Any]:
    """Read the stream line by line."""
    received = list(request.stream)
    return {"lines": len(received), **digest(b"".join(received))}


@receiving.post("/limited")
def limited() -> dict[str, t.Any]:
    request.max_content_length = 1000
    return digest(request.get_data())


READERS: dict[str, Callable[[], t.Any]] = {
    "data": lambda: request.get_data(),
    "json": lambda: request.get_json(),
    "form": lambda: request.form,
    "files": lambda: request.files,
    "stream": lambda: request.stream.read(),
    "lines": lambda: list(request.stream),
}
"""The ways to read a body."""


@receiving.post("/limited/<reader>")
def limited_reader(reader: str) -> str:
    """Read a body of at most a thousand bytes, and once more when it was refused."""
    request.max_content_length = 1000
    try:
        READERS[reader]()
    except HTTPException:
        READERS[reader]()
    return "read"


@receiving.post("/ignored")
def ignored() -> str:
    return "not read"


@receiving.post("/watched/<token>")
def watched(token: str) -> dict[str, t.Any]:
    """Tell when the view starts, and whether all of the body came."""
    events.tell(token, "started")
    data = request.get_data()
    events.tell(token, "whole")
    return digest(data)


@receiving.post("/json")
def json() -> t.Any:
    return {"json": request.get_json()}


@receiving.post("/form")
def form() -> dict[str, t.Any]:
    """Fields and files."""
    return {
        "fields": list(request.form.items(multi=True)),
        "files": {name: [file.filename, file.mimetype, digest(file.read())] for name, file in request.files.items()},
    }


# What it sends piece by piece.


def told_when_closed(token: str, body: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; tells how the stream ended."""
    try:
        yield from body
        events.tell(token, "exhausted")
    finally:
        events.tell(token, "closed")


@streaming.route("/held/<token>")
def held(token: str) -> Response:
    """One piece, and a second when the test has said so."""

    def body() -> Iterator[bytes]:
        yield b"first\n"
        yield b"second\n" if "released" in events.heard(token, "released") else b"never released\n"

    return Response(told_when_closed(token, body()))


@streaming.route("/long/<token>")
def long(token: str) -> Response:
    """As many pieces as fill every buffer on the way: 64 MiB."""
    return Response(told_when_closed(token, (PIECE for _ in range(1024))))


@streaming.route("/endless/<token>")
def endless(token: str) -> Response:
    """More pieces than anybody sends before a client's going is noticed: 256 MiB."""
    return Response(told_when_closed(token, (SMALL for _ in range(16384))))


@streaming.route("/sized")
def sized() -> Response:
    """A stream that says its length."""
    return Response(iter([b"12345", b"", b"67890"]), headers={"Content-Length": "10"})


@streaming.route("/unsized")
def unsized() -> Response:
    return Response(f"{number}\n" for number in range(100))


@streaming.route("/broken/<token>")
def broken(token: str) -> Response:
    """A stream that fails after its first piece, once the test has said so, for it has that by then."""

    def body() -> Iterator[bytes]:
        yield b"first\n"
        events.heard(token, "released")
        raise RuntimeError("this stream always fails")

    return Response(told_when_closed(token, body()))


@streaming.route("/context/<token>")
def in_context(token: str) -> Response:
    """A stream that needs the request."""

    def body() -> Iterator[bytes]:
        yield request.path.encode()
        yield b" " + flask.current_app.name.encode()

    return Response(flask.stream_with_context(told_when_closed(token, body())))


# In which order things happen.


@ordered.before_request
def before() -> None:
    flask.g.order = ["before"]


@ordered.after_request
def after(response: Response) -> Response:
    response.headers["X-Order"] = " ".join([*flask.g.order, "after"])
    return response


@ordered.teardown_request
def teardown(error: BaseException | None) -> None:
    assert request.view_args is not None
    events.tell(request.view_args["token"], f"teardown of the blueprint: {error!r}")


@ordered.route("/<token>")
def in_order(token: str) -> Response:
    flask.g.order.append("view")
    events.tell(token, "view")

    @flask.after_this_request
    def only_this(response: Response) -> Response:
        flask.g.order.append("after this")
        return response

    response = Response(told_when_closed(token, iter([b"ordered"])))
    response.call_on_close(lambda: events.tell(token, "response closed"))
    return response


@ordered.route("/fail/<token>")
def in_order_failing(token: str) -> t.NoReturn:
    raise LookupError(token)
