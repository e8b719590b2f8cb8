"""A request of every kind in turn, each with names and values of its own, and the right answer to each.

What is wrong with an answer is returned in words; nothing is counted here.
"""

from __future__ import annotations

import hashlib
import json
import typing as t
from collections.abc import Callable

from bench.websocket_client import CLOSE, TEXT, Frames, frame
from soak.site import PIECE
from tests.contract.wire import Answer, Broken, Connection, Headers, request_head

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
LARGE = 700_000  # bytes of a file: more than is kept in memory


class Visit:
    """One visitor on one kept connection."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._cookie: tuple[str, str] | None = None
        self._last = -1

    def ask(self, target: str, method: str = "GET", headers: Headers = (), body: bytes = b"") -> Answer:
        """One request and its answer; on a new connection if the last one said that it ends."""
        connection = self._connection = self._connection or self._connect()
        answer = connection.ask(target, method, headers, body)
        if (answer.one("Connection") or "").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Leave, or begin anew."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ---- the kinds

    def hello(self, n: int) -> str:
        return _is(self.ask(f"/hello/{n}?q={n}"), f"Hello, {n}!".encode())

    def template(self, n: int) -> str:
        return _is(self.ask(f"/page/{n}"), f"<h1>&lt;{n}&gt;</h1>\n<p>{n}</p>\n<p>x</p>\n".encode())

    def session(self, n: int) -> str:
        """The number of the last time is remembered, in the cookie alone."""
        answer = self.ask(f"/session/{n}", headers=[self._cookie] if self._cookie else [])
        said = json.loads(answer.body)["before"]
        right = self._last if self._cookie else None
        self._cookie = "Cookie", (answer.one("Set-Cookie") or "").partition(";")[0]
        self._last = n
        return "" if answer.status == 200 and said == right else f"{answer.status} {said}, not {right}"

    def form(self, n: int) -> str:
        answer = self.ask("/form", "POST", [FORM], f"a{n}={n}&b=%C3%A9".encode())
        return _says(answer, {f"a{n}": str(n), "b": "é"})

    def json(self, n: int) -> str:
        sent = {f"k{n}": [n, None, "é"]}
        return _says(self.ask("/json", "POST", [JSON], json.dumps(sent).encode()), sent)

    def upload(self, n: int) -> str:
        """A file, now and then one that is large."""
        data = str(n).encode() * ((LARGE if n % 50 == 0 else 2_000) // len(str(n)))
        kind, body = multipart(data)
        answer = self.ask(f"/upload/{n}", "POST", [kind], body)
        return _says(answer, {"size": len(data), "digest": hashlib.sha256(data).hexdigest()})

    def download(self, n: int) -> str:
        return _is(self.ask(f"/download/{n}/3"), PIECE * 3)

    def stream(self, n: int) -> str:
        return _is(self.ask(f"/stream/{n}"), f"{n} /stream/{n}\n".encode() * 3)

    def events(self, n: int) -> str:
        answer = self.ask(f"/events/{n}")
        return "" if answer.body.count(b"event: tick") == 3 and b'data: {"tick": 2}\n' in answer.body else str(answer)

    def asynchronous(self, n: int) -> str:
        return _is(self.ask(f"/async/{n}"), f"waited {n}".encode())

    def error(self, n: int) -> str:
        return _has(self.ask(f"/fail/{n}"), 500, b"Internal Server Error")

    def missing(self, n: int) -> str:
        return _has(self.ask(f"/nowhere/{n}"), 404, b"Not Found")

    def method(self, n: int) -> str:
        return _has(self.ask("/form", "DELETE", [("X-Number", str(n))]), 405, b"Method Not Allowed")

    def broken_json(self, n: int) -> str:
        return _has(self.ask("/json", "POST", [JSON], b"{broken %d" % n), 400, b"Bad Request")

    def redirect(self, n: int) -> str:
        answer = self.ask(f"/leave/{n}")
        return "" if answer.status == 302 and answer.one("Location") == f"/hello/{n}" else str(answer)

    def static(self, n: int) -> str:
        return _is(self.ask(f"/static/soak.txt?n={n}"), b"a static file\n")

    def conditional(self, n: int) -> str:
        """What is known already is not sent again; of what is wanted in part, the part is."""
        known = self.ask("/static/soak.txt").one("ETag") or ""
        answer = self.ask("/static/soak.txt", headers=[("If-None-Match", known)])
        part = self.ask(f"/file/{n}", headers=[("Range", "bytes=2-7")])
        wrong = "" if (answer.status, answer.body) == (304, b"") else str(answer)
        return wrong or ("" if (part.status, part.body) == (206, b"static") else str(part))

    def head(self, n: int) -> str:
        answer = self.ask(f"/hello/{n}", "HEAD")
        return "" if answer.status == 200 and answer.body == b"" else str(answer)

    def websocket(self, n: int) -> str:
        """Messages there and back on a connection of their own, and an orderly end."""
        with self._connect() as connection:
            connection.send(request_head(f"/echo/{n}", headers=HANDSHAKE))
            answer = connection.head()
            if answer.status != 101:
                return str(answer)
            connection.send(frame(TEXT, b"one") + frame(TEXT, b"two") + frame(CLOSE, (1000).to_bytes(2, "big")))
            frames = Frames()
            said: list[tuple[int, bytes]] = []
            while not said or said[-1][0] != CLOSE:
                data = connection.some()
                if not data:
                    return f"ended after {said}"
                said += frames.fed(data)
        told = [data for kind, data in said if kind == TEXT]
        return "" if told == [f"{n} one".encode(), f"{n} two".encode()] else repr(said)


HANDSHAKE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)
KINDS: dict[str, Callable[[Visit, int], str]] = {
    "hello": Visit.hello,
    "template": Visit.template,
    "session": Visit.session,
    "form": Visit.form,
    "JSON": Visit.json,
    "upload": Visit.upload,
    "download": Visit.download,
    "stream": Visit.stream,
    "server-sent events": Visit.events,
    "async view": Visit.asynchronous,
    "error": Visit.error,
    "not found": Visit.missing,
    "method not allowed": Visit.method,
    "broken JSON": Visit.broken_json,
    "redirect": Visit.redirect,
    "static file": Visit.static,
    "conditional": Visit.conditional,
    "HEAD": Visit.head,
    "WebSocket": Visit.websocket,
}


def kinds_of(interface: str) -> list[str]:
    """What an interface carries."""
    return [name for name in KINDS if name != "WebSocket" or interface != "wsgi"]


def asked(visit: Visit, kind: str, n: int) -> str:
    """What is wrong with the answer to one request of a kind; empty if nothing."""
    try:
        return KINDS[kind](visit, n)
    except (OSError, Broken, ValueError, AssertionError, KeyError) as error:
        visit.close()
        return f"{type(error).__name__}: {error}"


def multipart(data: bytes) -> tuple[tuple[str, str], bytes]:
    """The header and the body of a form with one file."""
    head = b'--soak\r\nContent-Disposition: form-data; name="file"; filename="f.bin"\r\n\r\n'
    return ("Content-Type", "multipart/form-data; boundary=soak"), head + data + b"\r\n--soak--\r\n"


def _is(answer: Answer, right: bytes) -> str:
    return "" if (answer.status, answer.body) == (200, right) else f"{answer.status} {answer.body[:200]!r}"


def _says(answer: Answer, right: t.Any) -> str:
    if answer.status != 200:
        return f"{answer.status} {answer.body[:200]!r}"
    said = json.loads(answer.body)
    return "" if said == right else f"{said}, not {right}"


def _has(answer: Answer, status: int, words: bytes) -> str:
    return "" if answer.status == status and words in answer.body else f"{answer.status} {answer.body[:200]!r}"
