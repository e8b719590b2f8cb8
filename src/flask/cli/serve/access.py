"""A line for each request and WebSocket, once it has ended: who asked for what, and what came of it.

Nothing that a client sends gets into a line as it came: no line break, no quote, and nothing that commands a terminal.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
import typing as t
from functools import lru_cache
from urllib.parse import quote

from ..._logged import id_of
from .logs import ACCESS

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(ACCESS)

Form = t.Literal["common", "json"]
# A path is shown as WSGI has it decoded, but for what would end it, or is a blank (RFC 3986 §3.3).
_IN_PATHS = "/!$&'()*+,;=:@~-._"
_is_plain = re.compile(r"[\w/!$&'()*+,;=:@~.-]*", re.ASCII).fullmatch
_odd = re.compile(r"[^ !#-\[\]-~]")  # a quote, a backslash, and what is not printable ASCII
_is_odd = _odd.search
_SHORT = {'"': '\\"', "\\": "\\\\"}


class Visit:
    """One request: what is known of it at its begin, and what its end adds."""

    __slots__ = ("_began", "_environ", "_form", "_method", "_path", "_query", "headers", "size", "status")

    def __init__(self, environ: WSGIEnvironment, form: Form) -> None:
        self._environ = environ
        self._form: Form = form
        self._began = time.perf_counter()
        # What middleware of the application may change.
        self._method: str = environ["REQUEST_METHOD"]
        self._path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        self._query: str = environ.get("QUERY_STRING", "")
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.size = 0

    def starts(self, start_response: StartResponse) -> StartResponse:
        """A `start_response` that notes the status."""

        def start(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> t.Any:
            self.status = status
            self.headers = headers
            return start_response(status, headers) if exc_info is None else start_response(status, headers, exc_info)

        return t.cast("StartResponse", start)

    def end(self, error: BaseException | None = None, is_whole: bool = True) -> None:
        """Log it; `is_whole` is false for an answer of which not all was sent."""
        if not _log.isEnabledFor(logging.INFO):
            return
        environ = self._environ
        path = self._path if _is_plain(self._path) else quote(self._path, _IN_PATHS, "latin-1")
        about: dict[str, t.Any] = {
            "request_id": id_of(environ),
            "remote_addr": environ.get("REMOTE_ADDR") or None,
            "method": self._method,
            "path": f"{path}?{self._query}" if self._query else path,
            "protocol": environ.get("SERVER_PROTOCOL"),
            "status": int(self.status[:3]) if self.status else None,
            "bytes": self.size,
            "duration_ms": round((time.perf_counter() - self._began) * 1000, 3),
            "referrer": environ.get("HTTP_REFERER"),
            "user_agent": environ.get("HTTP_USER_AGENT"),
            "aborted": not is_whole,
        }
        if error is not None:
            about["error"] = type(error).__name__
        record = _record(_MESSAGES[self._form](about))
        record.__dict__.update(about)
        _log.handle(record)


def _record(message: str) -> logging.LogRecord:
    """A record, as the application's own factory makes it if there is one.

    PERF: the standard one is copied with what differs; to make it anew takes 5 µs.
    """
    make = logging.getLogRecordFactory()
    if make is not logging.LogRecord:
        return make(ACCESS, logging.INFO, __file__, 0, message, None, None)
    record: logging.LogRecord = object.__new__(logging.LogRecord)
    values = record.__dict__
    values.update(_PATTERN)
    values["msg"] = message
    values["created"] = now = time.time()
    values["msecs"] = int(now % 1 * 1000) + 0.0
    values["relativeCreated"] = _PATTERN["relativeCreated"] + (now - _PATTERN["created"]) * 1000
    values["process"] = os.getpid()
    values["thread"] = threading.get_ident()
    values["threadName"] = threading.current_thread().name
    return record


_PATTERN = logging.LogRecord(ACCESS, logging.INFO, __file__, 0, "", None, None).__dict__


def _common(about: dict[str, t.Any]) -> str:
    """The Combined Log Format, and behind it the seconds, the id, and `X` for what was broken off, as in Apache's."""
    status = "-" if about["status"] is None else about["status"]
    line = f"{_shown(about['method'])} {_shown(about['path'])} {_shown(about['protocol'])}"
    return (
        f'{_shown(about["remote_addr"])} - - [{_second(int(time.time()))}] "{line}" {status} {about["bytes"]}'
        f' "{_shown(about["referrer"])}" "{_shown(about["user_agent"])}"'
        f" {about['duration_ms'] / 1000:.6f} {about['request_id']} {'X' if about['aborted'] else '-'}"
    )


@lru_cache(4)
def _second(moment: int) -> str:
    return time.strftime("%d/%b/%Y:%H:%M:%S %z", time.localtime(moment))


def _short(about: dict[str, t.Any]) -> str:
    """For JSON, where all has a name of its own."""
    return f"{about['method']} {about['path']} {about['status']}"


_MESSAGES: dict[Form, t.Callable[[dict[str, t.Any]], str]] = {"common": _common, "json": _short}


def _shown(text: str | None) -> str:
    """The text without what ends a quotation or a line: those as Apache writes them."""
    if text is None:
        return "-"
    return _odd.sub(_escape, text) if _is_odd(text) else text


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    return _SHORT.get(letter) or "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", "surrogatepass"))


class _Body:
    """A body that is counted as it goes out; a server closes it at the end, or where it breaks off."""

    def __init__(self, body: t.Iterable[bytes], visit: Visit) -> None:
        self._body = body
        self._visit: Visit | None = visit
        self._error: BaseException | None = None
        self._is_through = False

    @property
    def non_blocking(self) -> bool:
        """As the body says of itself."""
        return getattr(self._body, "non_blocking", False)

    def __iter__(self) -> t.Iterator[bytes]:
        visit = self._visit
        assert visit is not None
        try:
            for piece in self._body:
                visit.size += len(piece)
                yield piece
        except GeneratorExit:
            raise
        except BaseException as error:
            self._error = error
            raise
        self._is_through = True

    def close(self) -> None:
        """Close the body, and log."""
        visit, self._visit = self._visit, None
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            if visit is not None:
                error, self._error = self._error, None
                visit.end(error, self._is_through or _has_all(visit))


def _has_all(visit: Visit) -> bool:
    """Whether as much was sent as was announced: nobody asks for a piece more then."""
    return any(name.lower() == "content-length" and value == str(visit.size) for name, value in visit.headers)


def logged(app: WSGIApplication, form: Form) -> WSGIApplication:
    """An application whose requests are logged."""

    def through(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        visit = Visit(environ, form)
        try:
            body = app(environ, visit.starts(start_response))
        except BaseException as error:
            is_cut = not isinstance(error, Exception)  # the client has gone, or the server ends
            if not visit.status and not is_cut:
                visit.status = "500"  # that the server answers then
            visit.end(error, is_whole=not is_cut or visit.status.startswith("101"))
            raise
        if type(body) is list or type(body) is tuple:
            visit.size = sum(map(len, body))
            visit.end()
            return body
        return _Body(body, visit)

    return through
