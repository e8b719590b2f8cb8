"""What an HTTP request to a WebSocket's URL is told: 426, and how the application is served so that it can upgrade.

Nothing here decides which rule answers a URL.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

_HOW = """\
This URL is a WebSocket's, and it was asked for over plain HTTP. If you are a client: connect to it by its ws:// or \
wss:// URL."""
_WHY = """\
If you did, the application is being served without WebSockets. A WSGI server has none: serve it by ASGI, as with \
"uvicorn module:app.asgi_app", "hypercorn module:app.asgi_app" or "granian --interface asgi module:app.asgi_app". \
uvicorn needs the package "websockets" or "wsproto" for them; a proxy in front must pass on the headers Upgrade and \
Connection."""


class UpgradeRequired(HTTPException):
    """426: the URL is one of a WebSocket, and the request was none (RFC 9110 §15.5.22)."""

    code = 426
    description = f"{_HOW}\n{_WHY}"

    def get_headers(self, environ: t.Any = None, scope: t.Any = None) -> list[tuple[str, str]]:
        """The headers of the response, with the protocol to upgrade to where they may name it."""
        headers = super().get_headers(environ, scope)
        return headers if environ is not None and _forbids_upgrade(environ) else [*headers, ("Upgrade", "websocket")]


def _forbids_upgrade(environ: t.Any) -> bool:
    """Whether a response must not have the header: it is for one connection alone (RFC 9110 §7.6.1).

    HTTP/2 and 3 know no such headers (RFC 9113 §8.2.2); waitress and wsgiref take them from an application as an error.
    """
    return (
        environ.get("SERVER_PROTOCOL", "HTTP/1.1") >= "HTTP/2"
        or "waitress.client_disconnected" in environ
        or getattr(environ.get("wsgi.file_wrapper"), "__module__", "") == "wsgiref.util"
    )


def answers_websocket(rule: Rule) -> bool:
    """Whether a rule was registered by `@app.websocket`. Others for WebSockets have views that are called over WSGI."""
    return getattr(rule, "_answers_websocket", False)
