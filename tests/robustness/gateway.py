"""Calls a WSGI app as a strict server would: whatever the request holds, the answer is collected whole and checked."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

STATUS_LINE = re.compile(r"[1-9]\d\d .*")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
SESSION = re.compile(r"session=[^;]*")


@dataclass(frozen=True)
class Sent:
    """A request as it arrives: everything raw, nothing quoted or completed."""

    target: str = "/state"
    """Path and query as they stand in the request line, each character a byte."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    app: str = "plain"
    environ: tuple[tuple[str, Any], ...] = ()
    """Keys of the environ that a server would have set otherwise; None removes one."""


@dataclass
class Seen:
    """The answer, and what was written to the server's error stream."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    errors: str = ""
    faults: list[str] = field(default_factory=list)
    """What no server would let pass."""


def environ_of(sent: Sent, errors: io.StringIO | None = None) -> dict[str, Any]:
    """What PEP 3333 makes of the request."""
    path, _, query = sent.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": sent.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent.body),
        "wsgi.errors": io.StringIO() if errors is None else errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if sent.body:
        environ["CONTENT_LENGTH"] = str(len(sent.body))
    for name, value in sent.headers:
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    for key, value in sent.environ:
        if value is None:
            environ.pop(key, None)
        else:
            environ[key] = value
    return environ


def call(app: Callable[..., Iterable[bytes]], sent: Sent) -> Seen:
    """Send one request through the app and read its answer to the end."""
    errors = io.StringIO()
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda data: None

    body = app(environ_of(sent, errors), start_response)
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    status, headers = started[-1]
    faults = faults_of(sent, started, content)
    return Seen(
        int(status[:3]),
        [settled(*header) for header in headers],
        content.decode("utf-8", "backslashreplace"),
        errors.getvalue(),
        faults,
    )


def settled(name: str, value: str) -> tuple[str, str]:
    """The header without what changes from run to run: the time, a signature, the order of a set."""
    if name == "Date":
        return name, "…"
    if name == "Allow":
        return name, ", ".join(sorted(value.split(", ")))
    return name, SESSION.sub("session=…", value)


def faults_of(sent: Sent, started: list[tuple[str, list[tuple[str, str]]]], content: bytes) -> list[str]:
    """What in an answer breaks PEP 3333 or HTTP."""
    faults = [] if len(started) == 1 else [f"start_response called {len(started)} times"]
    status, headers = started[-1]
    if not STATUS_LINE.fullmatch(status):
        faults.append(f"status line {status!r}")
    for name, value in headers:
        if type(name) is not str or not HEADER_NAME.fullmatch(name):
            faults.append(f"header name {name!r}")
        if type(value) is not str or CONTROL.search(value) or not all(ord(character) < 256 for character in value):
            faults.append(f"header {name}: {value!r}")
    code = int(status[:3])
    bodiless = sent.method == "HEAD" or code in {204, 304} or code < 200
    if bodiless and content:
        faults.append(f"a body where none may be: {content[:80]!r}")
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    if len(lengths) > 1 or (lengths and not bodiless and int(lengths[0]) != len(content)):
        faults.append(f"Content-Length {lengths} of a body of {len(content)}")
    return faults
