"""One process of a curve: an application of one size on one implementation; prints its figures as JSON.

Run by `python -m bench curves` as `python -m bench.curves_worker CURVE SIZE`. A wrong answer is never timed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
import typing as t

from bench import machine
from bench.model import Environ, Request, Wsgi, flask_app
from bench.scenarios.input import BOUNDARY, MULTIPART
from bench.worker import ask, insist_on, timer

SECONDS = 0.2
PIECE = (
    32 * 1024
)  # twice as much, and freeing it can hand memory back to the system with every piece, or not: by chance
Figures = dict[str, float]


def _milliseconds(since: float) -> float:
    return (time.process_time() - since) * 1e3


def _timed(application: Wsgi, request: Request) -> float:
    """Microseconds of one request, found to be answered rightly."""
    base = request.environ({})

    def fresh() -> list[Environ]:
        return [{**base, "wsgi.input": io.BytesIO(request.sent)}]

    insist_on(request, ask(application, fresh()[0]), False)
    return timer(application, fresh)(SECONDS)


def routes(size: int) -> Figures:
    """Registering that many rules, the first request, and the later ones; the rules lead to one view."""
    app = flask_app()

    def view(name: str = "", number: int = 0) -> str:
        return f"found {name}{number}"

    shapes = ("/section{}/page", "/section{}/<name>/detail", "/section{}/items/<int:number>")
    before, begin = machine.resident(), time.process_time()
    for number in range(size):
        app.add_url_rule(shapes[number % 3].format(number), f"view{number}", view)
    registered = _milliseconds(begin)
    last = {kind: max(number for number in range(size) if number % 3 == kind) for kind in (0, 1)}
    dynamic = Request(f"/section{last[1]}/alice/detail", body=b"found alice0")
    insist_on(dynamic, ask(app, {**dynamic.environ({}), "wsgi.input": io.BytesIO()}), False)
    together = _milliseconds(begin)
    held = machine.resident() - before
    return {
        "registering, ms": registered,
        "registering and first request, ms": together,
        "memory, kB": held,
        "static, µs": _timed(app, Request(f"/section{last[0]}/page", body=b"found 0")),
        "dynamic, µs": _timed(app, dynamic),
        "404, µs": _timed(app, Request(f"/section{size}/page", status=404)),
    }


def hooks(size: int) -> Figures:
    """That many functions before and after the request, and as many at its teardown."""
    from flask import g

    app = flask_app()
    for _ in range(size):

        @app.before_request
        def before() -> None:
            g.count = g.get("count", 0) + 1

        @app.after_request
        def after(response: t.Any) -> t.Any:
            return response

        @app.teardown_request
        def teardown(error: BaseException | None) -> None:
            g.pop("count", None)

    @app.get("/")
    def index() -> str:
        return f"{g.get('count', 0)}"

    return {"request, µs": _timed(app, Request(body=str(size).encode()))}


def headers(size: int) -> Figures:
    """That many more headers sent, one of them read; and that many more set by the view."""
    from flask import Response, request

    app = flask_app()

    @app.get("/read")
    def read() -> str:
        return request.headers[f"X-Number-{size}"]

    @app.get("/set")
    def put() -> t.Any:
        response = Response("set")
        for number in range(1, size + 1):
            response.headers[f"X-Number-{number}"] = "value"
        return response

    sent = {f"HTTP_X_NUMBER_{number}": f"value {number}" for number in range(1, size + 1)}
    base = {**Request("/read").environ(sent), "wsgi.input": io.BytesIO()}
    insist_on(Request("/read", body=f"value {size}".encode()), ask(app, base.copy()), False)
    return {
        "sent and one read, µs": timer(app, lambda: [base.copy()])(SECONDS),
        "set, µs": _timed(app, Request("/set", body=b"set", headers={f"X-Number-{size}": "value"})),
    }


def query(size: int) -> Figures:
    """That many arguments in the query, one of them read."""
    from flask import request

    app = flask_app()

    @app.get("/")
    def index() -> str:
        return f"{request.args[f'argument{size}']} {len(request.args)}"

    text = "&".join(f"argument{number}=value+{number}" for number in range(1, size + 1))
    return {"request, µs": _timed(app, Request(query=text, body=f"value {size} {size}".encode()))}


class Arriving(io.RawIOBase):
    """A body that arrives as from a socket: a beginning, that many bytes, and an end, never all of it in memory.

    Where nobody looks at the bytes they need not be `filled` in: copying them would be most of what is measured.
    """

    def __init__(self, begin: bytes, size: int, end: bytes, filled: bool) -> None:
        self.parts: list[bytes | int] = [begin, size, end]
        self.filled = filled
        self.piece = memoryview(bytes(number * 7 % 256 for number in range(256)) * (PIECE // 256))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        while self.parts:
            head = self.parts[0]
            left = head if isinstance(head, int) else len(head)
            count = min(left, len(buffer), PIECE)
            if not count:
                self.parts.pop(0)
                continue
            if isinstance(head, bytes):
                buffer[:count] = head[:count]
                self.parts[0] = head[count:]
            else:
                if self.filled:
                    buffer[:count] = self.piece[:count]
                self.parts[0] = head - count
            return count
        return 0


def body(size: int) -> Figures:
    """A body of that many bytes: read as a stream, sent as a stream, and uploaded as a file."""
    from flask import Response, request

    app = flask_app()

    @app.post("/read")
    def read() -> str:
        count = 0
        while piece := request.stream.read(PIECE):
            count += len(piece)
        return str(count)

    @app.get("/send/<int:size>")
    def send(size: int) -> t.Any:
        piece = bytes(PIECE)

        def pieces() -> t.Iterator[bytes]:
            for begin in range(0, size, PIECE):
                yield piece if size - begin >= PIECE else piece[: size - begin]

        return Response(pieces(), mimetype="application/octet-stream")

    @app.post("/upload")
    def upload() -> str:
        file = request.files["file"].stream
        return str(file.seek(0, os.SEEK_END))

    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="file.bin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def one(path: str, size: int) -> None:
        """One request of a size, its answer taken piece by piece as a server does."""
        begin, end, kind = (head, tail, MULTIPART) if path == "/upload" else (b"", b"", "application/octet-stream")
        sending = path == "/send"
        environ = Request(f"/send/{size}" if sending else path, "GET" if sending else "POST").environ({})
        if not sending:
            environ |= {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(begin) + size + len(end))}
        environ["wsgi.input"] = io.BufferedReader(
            Arriving(begin, 0 if sending else size, end, path == "/upload"), PIECE
        )
        count, text = 0, b""
        answer = t.cast(Wsgi, app)(environ, lambda status, headers, exc_info=None: None)
        for piece in answer:
            count += len(piece)
            text = piece
        getattr(answer, "close", lambda: None)()
        if (count if sending else int(text)) != size:
            raise SystemExit(f"{path}: {count} bytes, {text[:200]!r}")

    found: Figures = {}
    for path, name in (("/read", "read"), ("/send", "sent"), ("/upload", "uploaded")):
        one(path, 1_000)
        machine.forget_most_resident()
        before = machine.most_resident()
        one(path, size)
        found[f"{name}, more memory, kB"] = machine.most_resident() - before
        best = float("inf")
        end = time.process_time() + SECONDS
        while time.process_time() < end or best == float("inf"):
            begin = time.process_time()
            one(path, size)
            best = min(best, _milliseconds(begin))
        found[f"{name}, ms"] = best
    return found


CURVES: dict[str, t.Callable[[int], Figures]] = {
    "routes": routes,
    "hooks": hooks,
    "headers": headers,
    "query": query,
    "body": body,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="One process of a curve.")
    parser.add_argument("curve", choices=CURVES)
    parser.add_argument("size", type=int)
    options = parser.parse_args()
    print(json.dumps(CURVES[options.curve](options.size)))


if __name__ == "__main__":
    main()
