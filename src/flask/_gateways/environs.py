"""The WSGI environment (PEP 3333) of what came by another protocol: what both protocols have in common of it.

Nothing is read from a connection here, and no header is changed, but those joined that came more than once.
"""

from __future__ import annotations

import io
import sys
import typing as t

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Pairs = list[tuple[str, str]]

_MANY = 512


class _Keys(dict[t.Any, str]):
    """The environment's key for each header's name, text or bytes: known ones are looked up, for they are few.

    Empty where another header would have the same key (RFC 3875 §4.1.18): with an underscore.
    """

    def __missing__(self, name: str | bytes) -> str:
        text = name if isinstance(name, str) else name.decode("latin-1")
        key = "" if "_" in text else text.upper().replace("-", "_")
        if key and key not in _ONCE:
            key = f"HTTP_{key}"
        if len(self) < _MANY:
            self[name] = key
        return key


key_of_header: t.Mapping[t.Any, str] = _Keys()
_ONCE = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})


class _Protocols(dict[str, str]):
    """`SERVER_PROTOCOL` for each version of HTTP."""

    def __missing__(self, version: str) -> str:
        return f"HTTP/{version}"


protocol_of_version: t.Mapping[str, str] = _Protocols({"1.1": "HTTP/1.1", "1": "HTTP/1.0", "2": "HTTP/2"})


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


def join(environ: WSGIEnvironment, key: str, value: str) -> None:
    """Add a header that is there already, as RFC 9110 §5.3 and RFC 9113 §8.2.3 have it; what is no list stays."""
    if key and key not in _ONCE:
        environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value


def set_handshake(environ: WSGIEnvironment, scheme: str) -> None:
    """Have a WebSocket's handshake as HTTP/1.1 has it (RFC 6455 §4.1), whatever carried it."""
    environ["wsgi.url_scheme"] = "https" if scheme in {"wss", "https"} else "http"
    environ["HTTP_CONNECTION"], environ["HTTP_UPGRADE"] = "Upgrade", "websocket"
