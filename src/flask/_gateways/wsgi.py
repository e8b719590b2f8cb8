"""WSGI (PEP 3333): an environment in, `start_response` called once, an iterable of bytes out. No policy lives here."""

from __future__ import annotations

import typing as t

from werkzeug.wsgi import ClosingIterator

from .._dispatch.lifecycle import run
from ..globals import _cv_app, _cv_request

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask


def serve(app: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
    """Answer one request of a WSGI server."""
    response: t.Any = None

    def start(made: t.Any) -> t.Iterable[bytes]:
        nonlocal response
        response = made
        return made(environ, start_response)  # type: ignore[no-any-return]

    keep = environ.get("werkzeug.debug.preserve_context")
    if keep is None:
        body = run(app, app.request_context(environ), start)
    else:

        def preserve() -> None:
            keep(_cv_app.get())
            keep(_cv_request.get())

        body = run(app, app.request_context(environ), start, preserve)

    if body.__class__ is tuple and getattr(response, "_closes", False):
        # A teardown function asked to be called on close, after the response had been started without a need to close.
        return ClosingIterator(body, response.close)
    return body
