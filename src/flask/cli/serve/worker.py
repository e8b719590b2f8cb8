"""What runs in a worker: the app, and around it only those parts of the server that are switched on.

A part that is off is not there, and costs no request anything. Nothing is changed of how the app begins and ends.
"""

from __future__ import annotations

import typing as t

from . import access, health, logs
from .forwarded import Trusted, forwarded
from .settings import Settings
from .state import State
from .static import StaticFiles

if t.TYPE_CHECKING:
    from ...app import Flask


def target(settings: Settings, state: State) -> t.Any:
    """The object that Granian calls in a worker; `settings.interface` is what the worker speaks."""
    app = state.app
    logs.keep()
    wrap(app, settings)
    entry = app.asgi_app if settings.interface == "asgi" else app
    path = settings.health_path
    if path is None or not health.is_free(app, path):
        return entry
    return health.AROUND[settings.interface or "wsgi"](entry, path, state)


def wrap(app: Flask, settings: Settings) -> None:
    """Put those parts around the app that are about the request as it sees it.

    They stand around `app.wsgi_app`, since every protocol's requests and WebSockets come that way: told once, they
    apply to all three, and outside of whatever the application itself has put there.
    """
    wrapped: t.Any = app.wsgi_app
    if settings.static:
        files = StaticFiles(app)
        if files:
            wrapped = files.before(wrapped)
    if settings.forwarded_allow_ips:
        wrapped = forwarded(wrapped, Trusted(settings.forwarded_allow_ips), settings.forwarded_headers)
    if settings.access_log:
        wrapped = access.logged(wrapped, settings.access_log)
    if wrapped != app.wsgi_app:
        app.wsgi_app = wrapped  # type: ignore[method-assign]
