"""The WSGI environment (PEP 3333) of what came by another protocol: what both protocols have in common of it.

Nothing is read from a connection here, and no header is changed, but those joined that came more than once.
"""

from __future__ import annotations

import io
import sys
import typing as t
from functools import lru_cache

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Pairs = list[tuple[str, str]]

_ONCE = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
MANY = 512  # names of headers are few, and known ones are looked up


@lru_cache(MANY)
def key_of_header(name: str | bytes) -> str:
    """The environment's key for a header; empty where another header would have the same (RFC 3875 §4.1.18)."""
    text = name if isinstance(name, str) else name.decode("latin-1")
    if "_" in text:
        return ""
    key = text.upper().replace("-", "_")
    return key if key in _ONCE else f"HTTP_{key}"


class _Errors(io.TextIOBase):
    """`wsgi.errors`: whatever is the standard error stream at the time."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def close(self) -> None:
        """Nothing: the stream is not ours, and when the process ends it may be gone before this object."""


# PERF: with all that most requests have, a copy takes what is set without growing.
_common: dict[str, t.Any] = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input": None,
    "wsgi.errors": _Errors(),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
#: A new environment, in which the rest is to be set.
new: t.Callable[[], dict[str, t.Any]] = _common.copy


def latin(text: str) -> str:
    """Text as WSGI has it: its bytes in UTF-8, each a character (PEP 3333, "Unicode Issues")."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def set_root(environ: WSGIEnvironment, root: str) -> None:
    """Take a root, without a slash at its end, from the path; a server may have done that already."""
    environ["SCRIPT_NAME"] = root
    path = environ["PATH_INFO"]
    if path == root or path.startswith(f"{root}/"):
        environ["PATH_INFO"] = path[len(root) :]


def protocol_of(version: str) -> str:
    """`SERVER_PROTOCOL` for a version of HTTP; Granian calls 1.0 `1`."""
    return "HTTP/1.0" if version == "1" else f"HTTP/{version}"


def join(environ: WSGIEnvironment, repeated: dict[str, list[str]]) -> None:
    """Add further values to headers, as RFC 9110 §5.3 and RFC 9113 §8.2.3 have it; what is no list stays.

    APPSEC: each header in one step. One by one, a header that came n times would be copied n times (CVE-2025-14550).
    """
    for key, values in repeated.items():
        if key not in _ONCE:
            environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join([environ[key], *values])


def set_handshake(environ: WSGIEnvironment, scheme: str) -> None:
    """Have a WebSocket's handshake as HTTP/1.1 has it (RFC 6455 §4.1), whatever carried it."""
    environ["wsgi.url_scheme"] = "https" if scheme in {"wss", "https"} else "http"
    environ["HTTP_CONNECTION"], environ["HTTP_UPGRADE"] = "Upgrade", "websocket"
