"""Static files of the app and its blueprints, sent by the server before any code of the app runs.

The answer is the one that the app's own static route gives, made by the same machinery; where that is not certain, it
is the app that gives it. Whatever is refused, or found in no folder, is the app's to answer too.
"""

from __future__ import annotations

import typing as t
from datetime import timedelta

from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.utils import send_from_directory
from werkzeug.wsgi import FileWrapper, get_host

from ... import _files
from ..._contracts import stock
from ..._hosts import is_host
from ..._routing import ROUTER, arguments_of

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ...app import Flask

_METHODS = frozenset({"GET", "HEAD"})
# PERF: bytes of a file that are handed over at once. With Werkzeug's 8 KiB a large file takes four times the time.
_BLOCK = 128 * 1024


class StaticFiles:
    """The static routes of an app as they are when it has been loaded; false where it has none that are Flask's own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._owners: dict[t.Any, tuple[t.Any, t.Any]] = {}  # by endpoint: the view, and whose folder it is
        prefixes = set()
        for rule in app.url_map.iter_rules():
            view = app.view_functions.get(rule.endpoint)
            owner = _owner(app, view)
            if owner is not None and rule.arguments == {"filename"} and not rule.defaults:
                self._owners[rule.endpoint] = view, owner
                prefixes.add(rule.rule.partition("<")[0])
        self._prefixes = tuple(sorted(prefixes))

    def __bool__(self) -> bool:
        return bool(self._owners)

    def before(self, app: WSGIApplication) -> WSGIApplication:
        """An application that answers for the files, and else is the app."""
        prefixes = self._prefixes

        def through(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
            if environ["PATH_INFO"].startswith(prefixes):
                response = self._response_in_its_place(environ)
                if response is not None:
                    return response(environ, start_response)  # type: ignore[no-any-return]
            return app(environ, start_response)

        return through

    def _response_in_its_place(self, environ: WSGIEnvironment) -> t.Any:
        """The same where files may be read: not on an event loop."""
        exchange = environ.get("flask.exchange")
        if exchange is None or not exchange.is_on_loop:
            return self.response(environ)
        return exchange.in_thread(self.response, environ)

    def response(self, environ: WSGIEnvironment) -> t.Any:
        """The response to a request, or None."""
        app = self._app
        if environ["REQUEST_METHOD"] not in _METHODS or "HTTP_UPGRADE" in environ or not self._is_for(environ):
            return None
        path = environ["PATH_INFO"]
        if not path.isascii():
            try:
                path = path.encode("latin-1").decode()
            except UnicodeError:
                return None
        found: t.Any = ROUTER.match(app.url_map, environ["REQUEST_METHOD"], path)
        if type(found) is not tuple:
            return None
        endpoint = found[0].endpoint
        view, owner = self._owners.get(endpoint, (None, None))
        if view is None or app.view_functions.get(endpoint) is not view or not _is_stock(owner, app):
            return None  # the application has replaced something since
        folder, filename = owner.static_folder, arguments_of(found)["filename"]
        if folder is None:
            return None
        try:
            return _response(app, environ, folder, filename)
        except HTTPException:
            return None

    def _is_for(self, environ: WSGIEnvironment) -> bool:
        """Whether the app would take a request for this host, and route it as any other."""
        app = self._app
        if app.subdomain_matching or not is_host(environ.get("HTTP_HOST")):
            return False
        trusted = app.config["TRUSTED_HOSTS"]
        if trusted is None:
            trusted = app.request_class.trusted_hosts
        if trusted is None:
            return True
        try:
            get_host(environ, trusted)
        except SecurityError:
            return False
        return True


def _owner(app: Flask, view: t.Any) -> t.Any:
    """The app or blueprint whose static files a view serves, if it is Flask's own view and serves them Flask's way."""
    if view is None:
        return None
    owner: t.Any = app if view in stock.static_views else getattr(view, "__self__", None)
    if owner is None or (owner is not app and getattr(view, "__func__", None) is not stock.blueprint_static):
        return None
    return owner if _is_stock(owner, app) else None


def _is_stock(owner: t.Any, app: Flask) -> bool:
    kind, own = type(owner), owner.__dict__
    if owner is app:
        sends, says_age = stock.send_static_file, stock.get_send_file_max_age
    else:
        sends, says_age = stock.blueprint_static, stock.blueprint_max_age
    return (
        kind.send_static_file is sends
        and kind.get_send_file_max_age is says_age
        and "send_static_file" not in own
        and "get_send_file_max_age" not in own
    )


def _response(app: Flask, environ: WSGIEnvironment, folder: str, filename: str) -> t.Any:
    age = app.config["SEND_FILE_MAX_AGE_DEFAULT"]
    if isinstance(age, timedelta):
        age = int(age.total_seconds())
    response: t.Any = _files.send_static(app, environ, folder, filename, age, age_is_said=True)
    if response is not None:
        body = response.response
        if type(body) is FileWrapper and not hasattr(body, "small"):
            body.buffer_size = _BLOCK
        return response
    return send_from_directory(
        folder,
        filename,
        environ,
        max_age=age,
        use_x_sendfile=app.config["USE_X_SENDFILE"],
        response_class=app.response_class,
        _root_path=app.root_path,
    )
