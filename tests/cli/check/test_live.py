"""What an app that is deployed tells of its proxies, asked over a real connection."""

from __future__ import annotations

import contextlib
import threading
import typing as t
from collections.abc import Iterator

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import make_server

from flask import Flask
from flask.cli.check import live

from .checking import sound_app

Setter = dict[str, str]


def slashed(**settings: t.Any) -> Flask:
    """An app with a rule that ends with a slash, whose views must not run."""
    app = sound_app(**{"TRUSTED_HOSTS": None, **settings})

    def view(**values: t.Any) -> t.NoReturn:
        raise AssertionError("a view ran")

    app.add_url_rule("/things/<int:number>/", "thing", view)
    app.add_url_rule("/cart/", "cart", view)
    return app


@contextlib.contextmanager
def deployed(app: Flask, behind: Setter | None = None) -> Iterator[str]:
    """The app on a port of this machine, behind something that sets these keys of the environment; its URL."""
    inner = app.wsgi_app

    def proxy(environ: t.Any, start_response: t.Any) -> t.Any:
        environ.update(behind or {})
        return inner(environ, start_response)

    server = make_server("127.0.0.1", 0, proxy)
    server.log_request = None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ids(app: Flask, behind: Setter | None = None) -> list[str]:
    with deployed(app, behind) as url:
        return [finding.id.removeprefix("flask.") for finding in live.find(app, url)]


def fixed(app: Flask, **numbers: int) -> Flask:
    app.wsgi_app = ProxyFix(app.wsgi_app, **{"x_for": 0, "x_proto": 0, **numbers})  # type: ignore[method-assign]
    return app


def test_an_app_that_knows_its_url() -> None:
    """An app that redirects to the URL that it was asked by, whatever a client says, is left alone."""
    assert ids(slashed()) == []


def test_an_inner_host() -> None:
    """An app that redirects to the host by which the proxy asks it is found."""
    assert ids(slashed(), {"HTTP_HOST": "inner.example:8000"}) == ["P006"]
    assert ids(slashed(), {"wsgi.url_scheme": "https"}) == ["P006"]


@pytest.mark.parametrize("number", ["x_host", "x_proto", "x_prefix"])
def test_headers_of_the_clients(number: str) -> None:
    """An app that believes a header which no proxy sets is found, by the redirect or by its refusal."""
    assert ids(fixed(slashed(), **{number: 1})) == ["P007"]
    if number == "x_host":
        assert ids(fixed(slashed(TRUSTED_HOSTS=["127.0.0.1"]), **{number: 1})) == ["P007"]


def test_headers_that_the_proxy_sets() -> None:
    """Where the proxy writes over what the client wrote ProxyFix is right, and left alone."""
    app = fixed(slashed(), x_proto=1, x_prefix=1)
    assert ids(app, {"HTTP_X_FORWARDED_PROTO": "http", "HTTP_X_FORWARDED_PREFIX": ""}) == []


def test_nothing_to_ask_with() -> None:
    """Without a rule that ends with a slash, without a server, or before another answer, no more than that is said."""
    app = sound_app()
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/loose/", "loose", lambda: "", strict_slashes=False)
    assert ids(app) == ["P008"]
    with deployed(slashed()) as url:
        pass
    assert [finding.id for finding in live.find(slashed(), url)] == ["flask.P008"]
    guarded = slashed()
    guarded.before_request(lambda: ("sign in", 401))
    assert ids(guarded) == ["P008"]
    elsewhere = slashed()
    elsewhere.before_request(lambda: ("", 302, {"Location": "/sign-in"}))
    assert ids(elsewhere) == ["P008"]


def test_an_app_below_a_path() -> None:
    """The path of the URL stands in front of the app's own."""
    app = slashed()
    with deployed(app, {"SCRIPT_NAME": "/shop"}) as url:
        assert [finding.id for finding in live.find(app, f"{url}/shop/")] == ["flask.P008"], (
            "nothing takes the path away"
        )
    app.wsgi_app = _below(app.wsgi_app, "/shop")  # type: ignore[method-assign]
    with deployed(app) as url:
        assert list(live.find(app, f"{url}/shop/")) == []


def _below(app: t.Any, prefix: str) -> t.Any:
    def mounted(environ: t.Any, start_response: t.Any) -> t.Any:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = prefix, environ["PATH_INFO"].removeprefix(prefix)
        return app(environ, start_response)

    return mounted
