"""WSGI (PEP 3333): an environment in, `start_response` called once, an iterable of bytes out. No policy lives here."""

from __future__ import annotations

import typing as t
from functools import partial

from werkzeug.wsgi import ClosingIterator

from .._dispatch.lifecycle import run
from .._sending import Closing
from ..globals import _cv_app, _cv_request
from . import framing

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask


def wsgi_app(self: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
    """The WSGI application itself, for middleware to wrap: `app.wsgi_app = Middleware(app.wsgi_app)`."""
    if "HTTP_TRANSFER_ENCODING" in environ and framing.is_doubtful(environ):
        return framing.refuse(environ, start_response)
    if "flask.exchange" in environ:  # an event loop's server, which knows where this runs
        return environ["flask.exchange"].handle(self, environ, start_response)  # type: ignore[no-any-return]
    if not self._is_served:
        self._begin_serving()
    keep = None
    if "werkzeug.debug.preserve_context" in environ:
        keep = partial(_give_contexts, environ["werkzeug.debug.preserve_context"])
    context = self.request_context(environ)
    try:
        response, body = run(self, context, environ, start_response, keep, None)
    except BaseException:
        if getattr(context, "_jobs", None):
            self._begin_jobs(context)
        raise
    try:
        if context._is_followed:
            return Followed(context, environ, body if response is None else ended_by(response, body))
    except AttributeError:  # a context of another family
        pass
    return body if response is None else ended_by(response, body)


def ended_by(response: t.Any, body: t.Iterable[bytes]) -> t.Iterable[bytes]:
    """The body that a response gave, which closes the response if there is a need by now."""
    try:
        if response._closes and not isinstance(body, (Closing, ClosingIterator)):
            # A teardown function asked to be called on close, after the response had been started without that need.
            return ClosingIterator(body, response.close)
    except AttributeError:
        pass  # a response of another family
    return body


class Followed:
    """A body after which there may be background tasks to begin: when the server closes it, the response has gone."""

    def __init__(self, context: t.Any, environ: WSGIEnvironment, body: t.Iterable[bytes]) -> None:
        self._context = context
        self._body = body
        tell = environ.get("flask.test.followed")
        if tell is not None:
            tell(self)

    def __iter__(self) -> t.Iterator[bytes]:
        return iter(self._body)

    @property
    def is_whole(self) -> bool:
        """Whether all of it was there at once."""
        return type(self._body) is list

    def begin(self) -> None:
        """Begin the tasks; once."""
        self._context.app._begin_jobs(self._context)

    def close(self) -> None:
        """Close the body first."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self.begin()


def _give_contexts(keep: t.Callable[[t.Any], object]) -> None:
    """Werkzeug's debugger keeps the contexts of a failed request, to go on in them."""
    keep(_cv_app.get())
    keep(_cv_request.get())
