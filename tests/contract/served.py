"""The entries that servers are given: the contract's app, with async views, with middleware, and bare functions.

Run as a program it is Werkzeug's development server, which has no command of its own.
"""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Callable, Iterable

from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import run_simple

from tests.contract import bare
from tests.contract.mixed import make_mixed
from tests.contract.site import make_site

StartResponse = Callable[..., Callable[[bytes], object]]


class Middleware:
    """Ordinary WSGI middleware: moves what is below /moved, answers some requests alone, and marks each answer."""

    def __init__(self, app: Callable[[dict[str, t.Any], StartResponse], Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, t.Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/alone":
            start_response("202 By the middleware", [("Content-Type", "text/plain"), ("Content-Length", "5")])
            return [b"alone"]
        if path == "/written":
            write = start_response("200 OK", [("Content-Type", "text/plain")])
            write(b"written ")
            return [b"and returned"]
        if path.startswith("/moved/"):
            environ["SCRIPT_NAME"] += "/moved"
            environ["PATH_INFO"] = path.removeprefix("/moved")

        def start(status: str, headers: list[tuple[str, str]], *rest: t.Any) -> Callable[[bytes], object]:
            return start_response(status, [*headers, ("X-Middleware", "was here")], *rest)

        return self.app(environ, start)


site_wsgi = site_rsgi = make_site()
mixed_wsgi = mixed_rsgi = make_mixed()
wrapped_wsgi = wrapped_rsgi = make_mixed()
wrapped_wsgi.wsgi_app = ProxyFix(Middleware(wrapped_wsgi.wsgi_app), x_host=1, x_prefix=1)  # type: ignore[method-assign]
site_asgi = site_wsgi.asgi_app
mixed_asgi = mixed_wsgi.asgi_app
wrapped_asgi = wrapped_wsgi.asgi_app
bare_wsgi, bare_asgi, bare_rsgi = bare.wsgi, bare.asgi, bare.Rsgi()


if __name__ == "__main__":
    entry, port = sys.argv[1:]
    run_simple("127.0.0.1", int(port), globals()[entry.partition(":")[2]], threaded=True)
