"""Bodies and limits: what is too long, too short or without end is refused by 4xx, and never taken for a whole body.

Each law was measured on upstream 3.1.3 with Werkzeug 3.1.9 to be broken there, unless it says otherwise.
"""

from __future__ import annotations

import asyncio
import gc
import io
import sys
import typing as t
import weakref
from collections.abc import Callable

import pytest
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import create_environ

import flask
from flask import Flask, Request, request, stream_request
from flask._gateways import received
from tests.gateways import loops, rsgi_drive
from tests.gateways.raw import Answer, call

LIMIT = 200
FORM = "application/x-www-form-urlencoded"
UPLOAD = "multipart/form-data; boundary=edge"


def part(name: str, content: bytes, more: str = "") -> bytes:
    return f'--edge\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + content + b"\r\n"


def file(content: bytes, name: str = "f") -> bytes:
    return part(name, content, '; filename="f.txt"')


END = b"--edge--\r\n"


def of_size(make: Callable[[bytes], bytes], size: int) -> bytes:
    """A body of so many bytes in all."""
    return make(b"x" * (size - len(make(b""))))


# What clients send, by its type; and the ways to read it, each with the type that it is for.
BODIES: dict[str, Callable[[bytes], bytes]] = {
    "text/plain": lambda content: b"lines\n" + content,
    "application/json": lambda content: b'"' + content + b'"',
    FORM: lambda content: b"a=" + content,
    UPLOAD: lambda content: file(content) + END,
}


def pieces(size: int) -> bytes:
    found = b""
    while piece := request.stream.read(size):
        found += piece
    return found


def into() -> bytes:
    buffer, found = bytearray(7), b""
    while count := request.stream.readinto(buffer):  # type: ignore[attr-defined]
        found += buffer[:count]
    return found


def lines() -> bytes:
    found = b""
    while line := request.stream.readline():
        found += line
    return found


READERS: dict[str, tuple[str, Callable[[], t.Any]]] = {
    "get_data": ("text/plain", lambda: request.get_data()),
    "get_data(cache=False)": ("text/plain", lambda: request.get_data(cache=False)),
    "get_data(parse_form_data=True)": (FORM, lambda: request.get_data(parse_form_data=True)),
    "data": ("text/plain", lambda: request.data),
    "data of a form": (UPLOAD, lambda: request.data),
    "get_json": ("application/json", lambda: request.get_json()),
    "get_json(silent=True)": ("application/json", lambda: request.get_json(silent=True)),
    "json": ("application/json", lambda: request.json),
    "form": (FORM, lambda: request.form),
    "values": (FORM, lambda: request.values),
    "files": (UPLOAD, lambda: request.files["f"].read()),
    "form with files": (UPLOAD, lambda: request.form),
    "stream.read": ("text/plain", lambda: request.stream.read()),
    "stream.read(size)": ("text/plain", lambda: pieces(7)),
    "stream.read(large)": ("text/plain", lambda: pieces(10**6)),
    "stream.readline": ("text/plain", lines),
    "stream.readlines": ("text/plain", lambda: request.stream.readlines()),
    "for line in stream": ("text/plain", lambda: list(request.stream)),
    "stream.readinto": ("text/plain", into),
    "TextIOWrapper": ("text/plain", lambda: io.TextIOWrapper(request.stream).read()),
    "BufferedReader": ("text/plain", lambda: io.BufferedReader(request.stream).read()),  # type: ignore[type-var]
}

REPEATED = [reader for reader in READERS if reader not in {"TextIOWrapper", "BufferedReader"}]  # which close the stream
WHOLE = [reader for reader in REPEATED if "stream" not in reader]


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)

    @app.post("/<path:reader>")
    def read(reader: str) -> t.Any:
        READERS[reader][1]()
        return "read"

    @app.post("/async/<path:reader>")
    async def read_async(reader: str) -> t.Any:
        READERS[reader][1]()
        return "read"

    @app.post("/stream/<path:reader>")
    @stream_request
    async def read_stream(reader: str) -> t.Any:
        found = b""
        async for chunk in request.stream:
            found += chunk
        return found

    return app


def by_wsgi(app: Flask, path: str, sent: list[bytes], headers: dict[str, str], **more: t.Any) -> Answer:
    names = {"Content-Type": "CONTENT_TYPE", "Content-Length": "CONTENT_LENGTH"}
    environ = create_environ(path, method="POST")
    environ.update({names.get(name, f"HTTP_{name.upper().replace('-', '_')}"): headers[name] for name in headers})
    environ["wsgi.input"] = io.BytesIO(b"".join(sent))
    return call(app, environ_overrides=environ, **more)


def by_terminated_wsgi(app: Flask, path: str, sent: list[bytes], headers: dict[str, str]) -> Answer:
    return by_wsgi(app, path, sent, headers, environ_base={"wsgi.input_terminated": True})


def by_asgi(app: Flask, path: str, sent: list[bytes], headers: dict[str, str]) -> Answer:
    client = loops.Client(*sent)
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    asked = loops.scope(path, "POST", headers=[(b"host", b"localhost"), *pairs])
    asyncio.run(app.asgi_app(asked, client.receive, client.send))
    return client.answer()


def by_rsgi(app: Flask, path: str, sent: list[bytes], headers: dict[str, str]) -> Answer:
    protocol = rsgi_drive.Protocol(*sent)
    asked = rsgi_drive.scope(path, "POST")
    asked.headers.update({name.lower(): value for name, value in headers.items()})
    asyncio.run(app.__rsgi__(asked, protocol))
    return protocol.answer()


GATEWAYS = {"WSGI": by_wsgi, "terminated WSGI": by_terminated_wsgi, "ASGI": by_asgi, "RSGI": by_rsgi}
ENDING = [gateway for gateway in GATEWAYS if gateway != "WSGI"]  # those that know where a body without a length ends
CHUNKED = {"Transfer-Encoding": "chunked"}


def cut(body: bytes) -> list[bytes]:
    """As bodies come: a piece, an empty one where the protocol has that, and the rest."""
    return [body[:10], body[10:]]


def send(app: Flask, gateway: str, path: str, body: bytes, kind: str, headers: dict[str, str]) -> Answer:
    return GATEWAYS[gateway](app, path, cut(body), {"Content-Type": kind, **headers})


def status(answer: Answer) -> str:
    return answer.status[:3]


# ---- MAX_CONTENT_LENGTH


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("gateway", ENDING)
@pytest.mark.parametrize("where", ["", "async/"])
def test_max_content_length_on_a_body_without_a_length(app: Flask, gateway: str, reader: str, where: str) -> None:
    """A chunked body beyond the limit gets 413 from whatever reads it; exactly as much as the limit is well.

    Upstream hands the view what fits of it, as if that were all. https://github.com/pallets/werkzeug/issues/1096
    """
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    kind = READERS[reader][0]
    for size, expected in ((LIMIT - 1, "200"), (LIMIT, "200"), (LIMIT + 1, "413"), (3 * LIMIT, "413")):
        body = of_size(BODIES[kind], size)
        assert status(send(app, gateway, f"/{where}{reader}", body, kind, CHUNKED)) == expected


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_max_content_length_on_a_body_with_a_length(app: Flask, gateway: str, reader: str) -> None:
    """A body whose stated length is beyond the limit gets 413 from whatever reads it, before any of it was read.

    As upstream, where the limit is not exceeded by what follows.
    """
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    kind = READERS[reader][0]
    for size, expected in ((LIMIT, "200"), (LIMIT + 1, "413")):
        body = of_size(BODIES[kind], size)
        assert status(send(app, gateway, f"/{reader}", body, kind, {"Content-Length": str(size)})) == expected
    stated = {"Content-Length": str(LIMIT + 1)}
    assert status(send(app, gateway, f"/{reader}", of_size(BODIES[kind], LIMIT), kind, stated)) == "413"


@pytest.mark.parametrize("gateway", ENDING)
def test_max_content_length_while_a_body_is_streamed(app: Flask, gateway: str) -> None:
    """`async for chunk in request.stream` raises 413 as well, and gives exactly what is allowed."""
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    assert send(app, gateway, "/stream/x", b"x" * LIMIT, "text/plain", CHUNKED).body == b"x" * LIMIT
    assert status(send(app, gateway, "/stream/x", b"x" * (LIMIT + 1), "text/plain", CHUNKED)) == "413"


def test_chunks_that_no_server_ends() -> None:
    """Where the server does not say that it ends bodies, one without a length is refused by 411, and not read.

    To read it might wait for ever (https://github.com/pallets/werkzeug/pull/2671), and upstream's empty body, answered
    by 200, loses what was sent. RFC 9110 §15.5.12. Without chunks there is no body.
    """
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    source = io.BytesIO(b"body")
    for more in ({}, {"wsgi.input_terminated": False}):
        environ = {"wsgi.input": source, "HTTP_TRANSFER_ENCODING": "chunked", **more}
        answer = call(app, "/", "POST", environ_overrides=environ)
        assert (status(answer), source.tell(), b"Send it with a length" in answer.body) == ("411", 0, True)
    assert call(app, "/", "POST", environ_overrides={"wsgi.input": source}).body == b""


def test_what_a_test_sends_in_chunks_arrives() -> None:
    """The test clients end a body as servers do, so a limit can be tested with them."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    assert app.test_client().post("/", data=b"body", headers=CHUNKED).data == b"body"
    app.config["MAX_CONTENT_LENGTH"] = 3
    assert app.test_client().post("/", data=b"body", headers=CHUNKED).status_code == 413


# ---- once refused


@pytest.mark.parametrize("first", REPEATED)
@pytest.mark.parametrize("gateway", ENDING)
@pytest.mark.parametrize("over", [1, 10_000])
def test_what_is_refused_stays_so(gateway: str, first: str, over: int) -> None:
    """After a 413 every further look at the body is a 413, in the view, in its error handler and after the request.

    Upstream gives the rest of the body then, or an empty form; where it raises again, the answer is a 500.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    kind = READERS[first][0]
    second = [reader for reader in REPEATED if READERS[reader][0] == kind]
    seen: list[int] = []

    def look() -> None:
        for reader in (first, *second):
            with pytest.raises(RequestEntityTooLarge):
                READERS[reader][1]()
            seen.append(413)

    @app.post("/")
    def view() -> t.Any:
        look()
        return READERS[first][1]()

    @app.errorhandler(413)
    def handle(error: RequestEntityTooLarge) -> t.Any:
        look()
        return "handled", 413

    body = of_size(BODIES[kind], LIMIT + over)
    answer = send(app, gateway, "/", body, kind, CHUNKED)
    assert (answer.body, status(answer), len(seen)) == (b"handled", "413", 2 * (1 + len(second)))


@pytest.mark.parametrize("where", ["handler", "after"])
@pytest.mark.parametrize("trap", [False, True])
@pytest.mark.parametrize("headers", [CHUNKED, {"Content-Length": "201"}], ids=["chunks", "length"])
def test_a_refusal_that_comes_up_again_is_no_error_of_the_app(
    where: str, trap: bool, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A handler or `after_request` function that looks at a refused body makes no 500 of it, unless errors are trapped.

    Such functions write audit logs. Upstream answers 500 and logs an error for each such request.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])

    def look(_: t.Any) -> t.Any:
        return request.get_data()

    if where == "handler":
        app.register_error_handler(413, look)
    else:
        app.after_request(look)
    body = b"x" * (LIMIT + 1)
    assert status(send(app, "terminated WSGI", "/", body, "text/plain", headers)) == "413"
    assert "Traceback" not in caplog.text or where == "after"
    app.config["TRAP_HTTP_EXCEPTIONS"] = trap
    assert status(send(app, "terminated WSGI", "/", body, "text/plain", headers)) == ("500" if trap else "413")


# ---- a client that vanishes


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("gateway", GATEWAYS)
@pytest.mark.parametrize("where", ["", "async/"])
def test_a_client_that_vanishes_in_the_middle_of_its_body(app: Flask, gateway: str, reader: str, where: str) -> None:
    """A body that ends before its Content-Length gets 400 from whatever reads it, also where the server ends bodies.

    RFC 9112 §8: the message is incomplete. https://github.com/benoitc/gunicorn/issues/3234: a server that says
    `wsgi.input_terminated` may hand on half a body as a whole one, and upstream answers 200.
    """
    kind = READERS[reader][0]
    for size, missing in ((100, 1), (100, 80), (100_000, 1), (100_000, 50_000)):
        body = of_size(BODIES[kind], size)
        answer = send(app, gateway, f"/{where}{reader}", body[:-missing], kind, {"Content-Length": str(size)})
        assert status(answer) == "400"


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_client_that_vanishes_while_its_body_is_streamed(app: Flask, gateway: str) -> None:
    """`async for chunk in request.stream` raises 400 where the length was not reached."""
    assert status(send(app, gateway, "/stream/x", b"x" * 99, "text/plain", {"Content-Length": "100"})) == "400"
    assert send(app, gateway, "/stream/x", b"x" * 100, "text/plain", {"Content-Length": "100"}).body == b"x" * 100


@pytest.mark.parametrize(
    "reader", ["get_data", "stream.read", "stream.read(size)", "for line in stream", "TextIOWrapper"]
)
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_a_body_longer_than_its_length_is_cut(gateway: str, reader: str) -> None:
    """What follows the stated length is not the body's, also where the server ends bodies. RFC 9112 §6.2."""
    app = Flask(__name__)

    def view() -> bytes:
        found = READERS[reader][1]()
        found = b"".join(found) if isinstance(found, list) else found
        return found.encode() if isinstance(found, str) else found  # type: ignore[no-any-return]

    async def streamed() -> bytes:
        return b"".join([chunk async for chunk in request.stream])

    app.add_url_rule("/", view_func=view, methods=["POST"])
    app.add_url_rule("/stream", view_func=stream_request(streamed), methods=["POST"])
    for body in (b"abc\ndef and more", b"y" * 70_000):
        for path in ("/", "/stream"):
            for length in (7, 11, 0):
                answer = send(app, gateway, path, body, "text/plain", {"Content-Length": str(length)})
                assert (answer.status[:3], answer.body) == ("200", body[:length])


def test_the_length_of_what_apache_decodes_is_not_known() -> None:
    """Under mod_wsgi a body with a Content-Encoding may be decoded by then, so its length is that of what comes.

    https://github.com/hakamadare/passenger/commit/e795d484ffda4dabb35608f5da2cc0ae03a90fe5: a server that compared the
    two refused what mod_deflate had decoded. As upstream.
    """
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    headers = {"Content-Length": "4", "Content-Encoding": "gzip"}
    assert send(app, "terminated WSGI", "/", b"decoded body", "text/plain", headers).body == b"deco"
    answer = GATEWAYS["terminated WSGI"](app, "/", [b"decoded body"], {**headers, "mod_wsgi.version": ""})
    assert answer.body == b"deco"
    environ = {"wsgi.input": io.BytesIO(b"decoded body"), "CONTENT_LENGTH": "4", "HTTP_CONTENT_ENCODING": "gzip"}
    environ |= {"wsgi.input_terminated": True, "mod_wsgi.version": (5, 0)}
    assert call(app, "/", "POST", environ_overrides=environ).body == b"decoded body"
    del environ["wsgi.input_terminated"]  # who does not say that it ends the body is asked for its length
    environ["wsgi.input"] = io.BytesIO(b"decoded body")
    assert call(app, "/", "POST", environ_overrides=environ).body == b"deco"


class ServersOwnError(Exception):
    """As gunicorn's `InvalidChunkSize` or eventlet's `ChunkReadError`: of no base that anybody could know."""


class Broken(io.RawIOBase):
    """An input that gives some bytes and then fails; a read without a size may wait for ever, and is a mistake."""

    def __init__(self, body: bytes, error: type[Exception]) -> None:
        self.body, self.error = body, error

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0
        data, self.body = self.body[:size], self.body[size:]
        if not data:
            raise self.error("broken")
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        return self.read(size)


@pytest.mark.parametrize("error", [TimeoutError, ValueError, ServersOwnError])
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("terminated", [False, True])
@pytest.mark.parametrize("size", [0, 100_000])
def test_read_errors_are_400(app: Flask, reader: str, terminated: bool, error: type[Exception], size: int) -> None:
    """Whatever the server raises while a body is read, the answer is 400: no 500, and no empty form.

    Upstream lets the error out as a 500, or takes a ValueError for a form that is none.
    """
    kind = READERS[reader][0]
    environ: dict[str, t.Any] = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(size + 50)}
    environ["wsgi.input"] = Broken(of_size(BODIES[kind], size + 50)[:size], error)
    if terminated:
        environ["wsgi.input_terminated"] = True
    assert status(call(app, f"/{reader}", "POST", environ_overrides=environ)) == "400"
    if terminated:
        del environ["CONTENT_LENGTH"]
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        environ["wsgi.input"] = Broken(of_size(BODIES[kind], size + 50)[:size], error)
        assert status(call(app, f"/{reader}", "POST", environ_overrides=environ)) == "400"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("headers", [CHUNKED, {"Content-Length": "x"}, {"Content-Length": ""}], ids=str)
def test_the_input_is_never_read_without_a_size(app: Flask, reader: str, headers: dict[str, str]) -> None:
    """No server is asked for all that it has: neither with a length, nor in chunks, nor where the length is none.

    PEP 3333 knows no end of the input; `read()` may wait for the next request on the connection.
    """
    asked: list[int | None] = []

    class Input(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size)
            return super().read(size)

        def readline(self, size: int | None = -1, /) -> bytes:
            asked.append(size)
            return super().readline(size)

    kind = READERS[reader][0]
    names = {"Content-Length": "CONTENT_LENGTH", "Transfer-Encoding": "HTTP_TRANSFER_ENCODING"}
    for size in (100, 100_000):
        body = of_size(BODIES[kind], size)
        for stated in ({"CONTENT_LENGTH": str(size)}, {names[name]: headers[name] for name in headers}):
            environ = {"wsgi.input": Input(body), "CONTENT_TYPE": kind, "wsgi.input_terminated": True, **stated}
            assert status(call(app, f"/{reader}", "POST", environ_overrides=environ)) == "200"
    assert asked
    assert all(size is not None and size >= 0 for size in asked)


# ---- defaults


def upload_to(app: Flask, body: bytes, kind: str = UPLOAD, **headers: str) -> str:
    headers = headers or {"Content-Length": str(len(body))}
    return status(send(app, "terminated WSGI", "/", body, kind, headers))


@pytest.fixture
def forms() -> Flask:
    app = Flask(__name__)

    @app.post("/")
    def view() -> t.Any:
        return [len(request.form), len(request.files)]

    return app


@pytest.mark.parametrize("chunks", [False, True])
@pytest.mark.parametrize("kind", [UPLOAD, FORM])
def test_form_memory_is_counted_over_all_parts(forms: Flask, kind: str, chunks: bool) -> None:
    """The fields of a form have half a megabyte together unless the app says otherwise, whichever way they are encoded.

    Upstream counts each field of a multipart form by itself, so a thousand may have 500 MB, and no URL-encoded form at
    all (https://github.com/pallets/werkzeug/pull/3251).
    """
    headers = CHUNKED if chunks else {}

    def form(size: int) -> bytes:
        if kind == FORM:
            half = size // 2
            return b"a=" + b"x" * (half - 2) + b"&b=" + b"x" * (size - half - 3)
        return part("a", b"x" * (size // 2)) + part("b", b"x" * (size - size // 2)) + file(b"x" * 100_000) + END

    assert upload_to(forms, form(500_000), kind, **headers) == "200"
    assert upload_to(forms, form(500_001), kind, **headers) == "413"
    forms.config["MAX_FORM_MEMORY_SIZE"] = 600_000
    assert upload_to(forms, form(600_000), kind, **headers) == "200"
    assert upload_to(forms, form(600_001), kind, **headers) == "413"
    forms.config["MAX_FORM_MEMORY_SIZE"] = None
    assert upload_to(forms, form(2_000_000), kind, **headers) == "200"


@pytest.mark.parametrize("chunks", [False, True])
@pytest.mark.parametrize("kind", [UPLOAD, FORM])
def test_parts_and_pairs_of_a_form_are_counted(forms: Flask, kind: str, chunks: bool) -> None:
    """A form has a thousand fields and files unless the app says otherwise, whichever way it is encoded.

    As Django has it: https://docs.djangoproject.com/en/stable/ref/settings/#data-upload-max-number-fields. Upstream
    counts no fields of URL-encoded forms.
    """
    headers = CHUNKED if chunks else {}

    def form(count: int) -> bytes:
        return b"&".join([b"a=1"] * count) if kind == FORM else part("a", b"1") * (count - 1) + file(b"x") + END

    for most in (1000, 3, 1):
        forms.config["MAX_FORM_PARTS"] = most
        assert upload_to(forms, form(most), kind, **headers) == "200"
        assert upload_to(forms, form(most + 1), kind, **headers) == "413"
        assert upload_to(forms, form(most + 20_000), kind, **headers) == "413"
    forms.config["MAX_FORM_PARTS"] = None
    assert upload_to(forms, form(3000), kind, **headers) == "200"


@pytest.mark.parametrize("chunks", [False, True])
@pytest.mark.parametrize("size", [10, 100_000], ids=["small", "large"])
def test_a_boundary_has_an_end(forms: Flask, size: int, chunks: bool) -> None:
    """One of more than 256 characters is refused; RFC 2046, section 5.1.1, permits 70.

    To look for one of 64 kB takes a third of a second for 130 kB, upstream too (Rack's CVE-2022-44572).
    """
    headers = CHUNKED if chunks else {}
    body = part("a", b"1") + file(b"x" * size) + END
    for length, expected in ((256, "200"), (257, "400"), (60_000, "400")):
        boundary = "e" * length
        kind = f"multipart/form-data; boundary={boundary}"
        assert upload_to(forms, body.replace(b"--edge", b"--" + boundary.encode()), kind, **headers) == expected


@pytest.mark.parametrize("chunks", [False, True])
@pytest.mark.parametrize("size", [10, 100_000], ids=["small", "large"])
def test_headers_per_part_are_counted(forms: Flask, size: int, chunks: bool) -> None:
    """A part has 32 headers of 8 kB in all unless the app says otherwise.

    Each costs far more than its bytes: CVE-2026-42561, GHSA-pp6c-gr5w-3c5g of python-multipart. Upstream
    takes as many as fit into the limit on form memory, of each part.
    """
    headers = CHUNKED if chunks else {}

    def form(count: int, length: int) -> bytes:
        head = 'Content-Disposition: form-data; name="f"; filename="x"'
        more = "\r\nX: y" * (count - 1)
        padding = length - len(head) - len(more)
        head += "; x=" + "x" * (padding - 4) if padding > 0 else ""
        return f"--edge\r\n{head}{more}\r\n\r\n".encode() + b"x" * size + b"\r\n" + END

    for count, length, expected in (
        (32, 0, "200"),
        (33, 0, "413"),
        (1, 8192, "200"),
        (1, 8193, "413"),
        (2, 60_000, "413"),
    ):
        assert upload_to(forms, form(count, length), **headers) == expected
    forms.config["MAX_FORM_PART_HEADERS"], forms.config["MAX_FORM_PART_HEADER_SIZE"] = 40, 10_000
    for count, length, expected in ((40, 0, "200"), (41, 0, "413"), (1, 10_000, "200"), (1, 10_001, "413")):
        assert upload_to(forms, form(count, length), **headers) == expected
    forms.config["MAX_FORM_PART_HEADERS"] = forms.config["MAX_FORM_PART_HEADER_SIZE"] = None
    assert upload_to(forms, form(2000, 50_000), **headers) == "200"


class Endless(io.RawIOBase):
    """A body that goes on as long as it is read, and breaks off where that is far too long."""

    def __init__(self, begin: bytes, rest: bytes, most: int) -> None:
        self.begin, self.rest, self.given, self.most = begin, rest * 100, 0, most

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        if self.given == self.most:
            raise ConnectionResetError
        data, self.begin = (self.begin + self.rest)[: min(size, self.most - self.given)], self.begin[size:]
        self.given += len(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        return self.read(size)


@pytest.mark.parametrize("reader", WHOLE)
def test_endless_streams_end_somewhere(app: Flask, reader: str) -> None:
    """A body without a length, where there is no `MAX_CONTENT_LENGTH`, ends in 413 after 100 MB if it is read whole.

    Upstream reads on until the memory or the disk is full. `request.stream` is read by apps whose uploads have no end;
    what they read is theirs to count. The setting may be lifted, and `MAX_CONTENT_LENGTH` goes before it.
    """
    assert app.config["MAX_CHUNKED_LENGTH"] == 100_000_000
    kind = READERS[reader][0]
    begin = BODIES[kind](b"").removesuffix(b"\r\n" + END)
    rest = b"x" * 1000

    def ask() -> tuple[str, int]:
        body = Endless(begin, rest, 3_000_000)
        environ = {"wsgi.input": body, "CONTENT_TYPE": kind, **CHUNKED_ENVIRON}
        answer = call(app, f"/{reader}", "POST", environ_overrides=environ)
        return status(answer), body.given

    app.config["MAX_FORM_MEMORY_SIZE"] = None
    app.config["MAX_CHUNKED_LENGTH"] = 1_000_000
    assert ask() == ("413", 1_000_001)
    app.config["MAX_CONTENT_LENGTH"] = 2_000_000
    assert ask() == ("413", 2_000_001)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_CHUNKED_LENGTH"] = None
    assert ask() == ("400", 3_000_000)  # which is where the body breaks off


CHUNKED_ENVIRON = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


def test_a_stream_without_a_length_is_the_apps_own() -> None:
    """What is read from `request.stream` in pieces goes on for as long as it comes, as upstream."""
    app = Flask(__name__)
    app.config["MAX_CHUNKED_LENGTH"] = 1000

    @app.post("/")
    def view() -> t.Any:
        assert not request.form  # asked for by some hook; it is none, and does not count
        return str(len(pieces(7000)))

    environ = {"wsgi.input": io.BytesIO(b"x" * 50_000), "CONTENT_TYPE": "video/mp4", **CHUNKED_ENVIRON}
    assert call(app, "/", "POST", environ_overrides=environ).body == b"50000"


@pytest.mark.parametrize("limit", ["MAX_CHUNKED_LENGTH", "MAX_CONTENT_LENGTH"])
@pytest.mark.parametrize("protocol", ["ASGI", "RSGI"])
def test_no_more_is_received_than_may_be_read(limit: str, protocol: str) -> None:
    """Before an `async def` view starts, no more of a body without a length is received than the limit, and a piece."""
    app = Flask(__name__)
    app.config[limit] = 300_000
    received = 0

    async def piece() -> bytes:
        nonlocal received
        await asyncio.sleep(0)
        received += 10_000
        assert received < 1_000_000
        return b"x" * 10_000

    @app.post("/")
    async def view() -> bytes:
        return request.get_data()

    class Client(loops.Client):
        async def receive(self) -> loops.Message:
            return {"type": "http.request", "body": await piece(), "more_body": True}

    class Protocol(rsgi_drive.Protocol):
        async def __aiter__(self) -> t.AsyncIterator[bytes]:
            while True:
                yield await piece()

    if protocol == "ASGI":
        answer = loops.call(app, "/", "POST", Client(b""))
    else:
        answer = asyncio.run(rsgi_drive.ask(app, "/", "POST", Protocol()))
    assert (status(answer), received) == ("413", 310_000)


@pytest.mark.parametrize("chunks", [False, True])
@pytest.mark.parametrize("most", [0, 1, 1000])
def test_a_small_form_memory_does_not_refuse_files(forms: Flask, most: int, chunks: bool) -> None:
    """A file of a megabyte passes whatever the fields of a form may have; the limit is not on files.

    Upstream counts what it has read at once, 64 kB, against it:
    https://github.com/CERT-Polska/mwdb-core/issues/1200.
    """
    forms.config["MAX_FORM_MEMORY_SIZE"] = most
    headers = CHUNKED if chunks else {}
    for size in (10, 60_000, 1_000_000):
        assert upload_to(forms, file(b"x" * size) + part("a", b"x" * most) + file(b"y", "g") + END, **headers) == "200"
        assert upload_to(forms, file(b"x" * size) + part("a", b"x" * (most + 1)) + END, **headers) == "413"


@pytest.mark.parametrize(
    "fault",
    {
        "MAX_FORM_MEMORY_SIZE": part("a", b"x" * 600_000) + END,
        "MAX_FORM_PARTS": part("a", b"") * 1000 + END,
        "MAX_FORM_PART_HEADERS": part("a", b"", "\r\nX: y" * 40) + END,
        "MAX_FORM_PART_HEADER_SIZE": part("a", b"", "x" * 9000) + END,
        "MAX_CONTENT_LENGTH": file(b"x" * 3_000_000) + END,
        "cut": b"",
        "broken": b"--edge\r\nX: y\r\n\r\n",
    }.items(),
    ids=lambda fault: fault[0],
)
@pytest.mark.parametrize("gateway", GATEWAYS)
def test_every_spool_file_is_closed_at_once(gateway: str, fault: tuple[str, bytes]) -> None:
    """When a form is refused, the files that it had already are closed before anybody handles the error.

    Each of them is on disk here; upstream leaves them to the collector.
    """
    made: list[t.Any] = []
    were_closed: list[bool] = []

    class Remembering(Request):
        def _get_file_stream(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
            made.append(super()._get_file_stream(*args, **kwargs))
            return made[-1]

    app = Flask(__name__)
    app.request_class = Remembering
    app.config["MAX_CONTENT_LENGTH"] = 3_500_000

    @app.post("/")
    def view() -> str:
        try:
            return f"{len(request.files)} files"
        finally:
            were_closed.extend(stream.closed for stream in made)

    body = file(b"x" * 600_000) + file(b"y" * 600_000) + fault[1]
    length = len(body) + (100 if fault[0] == "cut" else 0)
    in_chunks = fault[0] == "MAX_CONTENT_LENGTH" and gateway in ENDING
    answer = send(app, gateway, "/", body, UPLOAD, CHUNKED if in_chunks else {"Content-Length": str(length)})
    expected = {"cut": "400", "broken": "200"}.get(fault[0], "413")
    assert (status(answer), answer.body == b"0 files") == (expected, fault[0] == "broken")
    assert were_closed == [True] * len(made)
    assert len(made) == (2 if fault[0] != "MAX_CONTENT_LENGTH" else 3 if in_chunks else 0)


@pytest.mark.parametrize("over", [False, True])
def test_a_received_body_is_closed_with_its_request(over: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an event loop's server received into a file is closed when it is refused, else when the request ends."""
    made: list[t.Any] = []

    def remember(*args: t.Any) -> t.Any:
        made.append(spooled(*args))
        return made[-1]

    spooled = received.tempfile.SpooledTemporaryFile
    monkeypatch.setattr(received.tempfile, "SpooledTemporaryFile", remember)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 700_000
    were_closed: list[bool] = []

    @app.post("/")
    async def view() -> str:
        try:
            return str(len(request.get_data()))
        finally:
            were_closed.extend(file.closed for file in made)

    answer = send(app, "ASGI", "/", b"x" * (700_000 + over), "text/plain", CHUNKED)
    assert status(answer) == ("413" if over else "200")
    assert were_closed == [over]
    assert made[0].closed


def test_limits_may_be_assigned_to_a_request() -> None:
    """Each limit can be set on a request before its body is read; None leaves it to the app, as in Flask 3.1."""
    names = {
        "max_content_length": (FORM, 12),
        "max_form_memory_size": (FORM, 12),
        "max_form_parts": (FORM, 3),
        "max_form_part_headers": (UPLOAD, 1),
        "max_form_part_header_size": (UPLOAD, 40),
        "max_chunked_length": ("text/plain", 12),
    }
    bodies = {FORM: b"a=1&b=2&c=3&", UPLOAD: part("a", b"1") + END, "text/plain": b"123456789012"}
    for name, (kind, enough) in names.items():
        for value, expected in ((enough + 1, "200"), (enough, "200"), (enough - 1, "413"), (None, "200")):
            if name == "max_form_parts" and value == enough:
                continue
            app = Flask(__name__)

            @app.post("/")
            def view(app: Flask = app, name: str = name, value: int | None = value) -> t.Any:
                setattr(request, name, value)
                assert getattr(request, name) == (app.config[name.upper()] if value is None else value)
                return request.get_data() if request.mimetype == "text/plain" else str(request.form)

            headers = CHUNKED if name == "max_chunked_length" else {}
            assert upload_to(app, bodies[kind], kind, **headers) == expected, (name, value)


def test_settings_that_a_config_does_not_have() -> None:
    """An app with a config of its own, that knows Flask's settings alone, has the defaults of the others."""
    app = Flask(__name__)
    for key in ("MAX_CHUNKED_LENGTH", "MAX_FORM_PART_HEADERS", "MAX_FORM_PART_HEADER_SIZE"):
        expected = app.config.pop(key)
        with app.test_request_context():
            assert getattr(request, key.lower()) == expected


def test_a_413_names_what_was_too_large() -> None:
    """The description says which limit it was and what its setting is called."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: str(request.form), methods=["POST"])
    app.config["MAX_FORM_MEMORY_SIZE"] = 10
    answer = send(app, "WSGI", "/", b"a=" + b"1" * 10, FORM, {"Content-Length": "12"})
    assert b"more than 10 bytes together (MAX_FORM_MEMORY_SIZE)" in answer.body


def test_refused_bodies_leave_nothing_behind() -> None:
    """Fifty refused bodies leave no request alive with the collector off. Upstream leaves cycles until it runs."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    alive: weakref.WeakSet[t.Any] = weakref.WeakSet()

    @app.post("/<reader>")
    def view(reader: str) -> t.Any:
        alive.add(flask.request._get_current_object())  # type: ignore[attr-defined]
        return str(READERS[reader][1]())

    gc.collect()
    gc.disable()
    try:
        for number in range(50):
            reader, gateway = ("files", "form", "get_data")[number % 3], ENDING[number % 3]
            kind = READERS[reader][0]
            body = of_size(BODIES[kind], LIMIT + 1)
            assert status(send(app, gateway, f"/{reader}", body, kind, CHUNKED)) == "413"
            assert status(send(app, gateway, f"/{reader}", body[:99], kind, {"Content-Length": "100"})) == "400"
        assert len(alive) == 0
    finally:
        gc.enable()


def test_the_largest_length_is_no_limit() -> None:
    """A stated length beyond what a machine can count is compared like any other."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: request.get_data(), methods=["POST"])
    for length in (sys.maxsize, sys.maxsize + 1, 10**4000):
        assert upload_to(app, b"x", "text/plain", **{"Content-Length": str(length)}) == "400"
