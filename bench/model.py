"""What is asked of an application and what it must answer, the same for every side; nothing here knows a framework."""

from __future__ import annotations

import io
import json
import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from flask import Flask

Environ = dict[str, t.Any]
StartResponse = t.Callable[..., t.Any]
Wsgi = t.Callable[[Environ, StartResponse], t.Iterable[bytes]]
Headers = list[tuple[str, str]]
Make = t.Callable[[], Wsgi]

HTML = "text/html; charset=utf-8"
_BROWSER: Environ = {
    "SCRIPT_NAME": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "127.0.0.1:8000",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
    "HTTP_ACCEPT_LANGUAGE": "en-US,en;q=0.5",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.errors": io.StringIO(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


@dataclass(frozen=True)
class Request:
    """One request and its right answer.

    `body` None accepts any body. Applications of Flask's API and the bare function give it to the byte; of the peers a
    body that is "json" has to say the same, and one that is their "own", a page of the framework, may be any. A header
    of `headers` is right when its value ends with the given text, an empty one when it is there; `own_headers` are not
    asked of the peers.
    """

    path: str = "/"
    method: str = "GET"
    query: str = ""
    kind: str = ""
    sent: bytes = b""
    status: int = 200
    body: bytes | None = None
    page: t.Literal["text", "json", "own"] = "text"
    headers: t.Mapping[str, str] = field(default_factory=dict)
    own_headers: t.Mapping[str, str] = field(default_factory=dict)

    def environ(self, known: t.Mapping[str, str]) -> Environ:
        """The request's environment without its input, with what the visitor already knows (cookies, validators)."""
        found = {
            **_BROWSER,
            "REQUEST_METHOD": self.method,
            "PATH_INFO": self.path,
            "QUERY_STRING": self.query,
            **known,
        }
        if self.kind:
            found["CONTENT_TYPE"] = self.kind
        if self.sent:
            found["CONTENT_LENGTH"] = str(len(self.sent))
        return found

    def wrong(self, status: str, headers: Headers, data: bytes, *, peer: bool) -> str:
        """What is wrong with an answer; empty if nothing. `peer`: whether it is of another framework than Flask."""
        if not status.startswith(f"{self.status} "):
            return f"status {status}, not {self.status}: {data[:200]!r}"
        if self.body is not None and not self._says_the_same(data, peer):
            return f"body {data[:400]!r}, not {self.body[:400]!r}"
        given = {name.lower(): value for name, value in headers}
        for name, end in {**self.headers, **({} if peer else self.own_headers)}.items():
            if name.lower() not in given or not given[name.lower()].lower().endswith(end.lower()):
                return f"header {name}: {given.get(name.lower())!r}, not …{end!r}"
        if int(given.get("content-length", len(data))) != len(data):
            return f"Content-Length {given['content-length']} of {len(data)} bytes"
        return ""

    def _says_the_same(self, data: bytes, peer: bool) -> bool:
        if not peer or self.page == "text":
            return data == self.body
        return self.page == "own" or bool(json.loads(data) == json.loads(self.body or b""))


@dataclass(frozen=True)
class Scenario:
    """An ordinary application, what a visitor asks of it, and the least that ours must be faster than upstream.

    Several `requests` are measured as one, the cookies of each answer being sent with the next. `prime` is asked once,
    before measuring: the cookies and validators of its answer are sent along, as a browser would.
    """

    flask: Make
    bare: Make | None
    requests: tuple[Request, ...]
    bar: float
    prime: Request | None = None

    def fresh(self, known: t.Mapping[str, str]) -> t.Callable[[], list[Environ]]:
        """A function that gives a new environment for each of the requests, as a server would."""
        bases = [(request.environ(known), request.sent) for request in self.requests]

        def environs() -> list[Environ]:
            made = []
            for base, sent in bases:
                environ = base.copy()
                environ["wsgi.input"] = io.BytesIO(sent)
                made.append(environ)
            return made

        return environs


def flask_app(**options: t.Any) -> Flask:
    """An application of Flask's API, upstream's or ours, with a secret key."""
    from flask import Flask

    app = Flask("bench_app", **options)
    app.secret_key = "a key that only this measurement uses"
    return app


def bare(make: t.Callable[[Environ], bytes], kind: str = HTML, status: str = "200 OK", **headers: str) -> Make:
    """Makes a bare WSGI function around what gives the body."""
    more = [(name.replace("_", "-"), value) for name, value in headers.items()]

    def application(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        body = make(environ)
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *more])
        return [body]

    return lambda: application
