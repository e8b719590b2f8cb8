"""Session cookies that are found, and those that are left alone."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin

from .checking import ids, sound_app


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, []),
        ({"SESSION_COOKIE_SECURE": False}, ["S001"]),
        ({"SESSION_COOKIE_HTTPONLY": False}, ["S002"]),
        ({"SESSION_COOKIE_SAMESITE": None}, ["S003"]),
        ({"SESSION_COOKIE_SAMESITE": "Strict"}, []),
        ({"SESSION_COOKIE_SAMESITE": "None"}, []),
        ({"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": False}, ["S004"]),
        ({"PERMANENT_SESSION_LIFETIME": timedelta(days=365)}, ["S005"]),
        ({"PERMANENT_SESSION_LIFETIME": 91 * 86400}, ["S005"]),
        ({"PERMANENT_SESSION_LIFETIME": timedelta(days=90)}, []),
        ({"PERMANENT_SESSION_LIFETIME": 0}, ["S006"]),
        ({"PERMANENT_SESSION_LIFETIME": timedelta(seconds=-1)}, ["S006"]),
        ({"SESSION_COOKIE_DOMAIN": "https://shop.example"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "shop.example:443"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "localhost"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "com"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "10.0.0.1"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "other.example", "SERVER_NAME": "shop.example"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "op.example", "SERVER_NAME": "shop.example"}, ["S007"]),
        ({"SESSION_COOKIE_DOMAIN": "shop.example", "SERVER_NAME": "www.shop.example:443"}, []),
        ({"SESSION_COOKIE_DOMAIN": ".shop.example", "SERVER_NAME": "shop.example"}, []),
        ({"SESSION_COOKIE_DOMAIN": "shop.example"}, []),
        ({"SESSION_COOKIE_PATH": "/elsewhere"}, ["S008"]),
        ({"SESSION_COOKIE_PATH": "shop"}, ["S008"]),
        ({"SESSION_COOKIE_PATH": "/shop"}, []),
        ({"SESSION_COOKIE_PATH": "/shop/cart"}, []),
        ({"SESSION_COOKIE_PATH": "/user/7"}, []),
        ({"SESSION_COOKIE_PATH": "/sho"}, ["S008"]),
        ({"SESSION_COOKIE_PATH": "/mounted", "APPLICATION_ROOT": "/mounted"}, []),
        ({"APPLICATION_ROOT": "/mounted"}, []),
        ({"SESSION_COOKIE_NAME": "__Secure-session"}, []),
        ({"SESSION_COOKIE_NAME": "__Secure-session", "SESSION_COOKIE_SECURE": False}, ["S001", "S009"]),
        ({"SESSION_COOKIE_NAME": "__Host-session"}, []),
        ({"SESSION_COOKIE_NAME": "__Host-session", "SESSION_COOKIE_PATH": "/shop"}, ["S009"]),
        ({"SESSION_COOKIE_NAME": "__host-session", "SESSION_COOKIE_DOMAIN": "shop.example"}, ["S009"]),
        ({"SESSION_COOKIE_PARTITIONED": True}, []),
        ({"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": False}, ["S001", "S009"]),
    ],
)
def test_each_cookie(settings: dict[str, t.Any], found: list[str]) -> None:
    """A cookie is found by its attributes, and left alone with others."""
    app = sound_app(**settings)
    app.add_url_rule("/shop/cart", "cart", lambda: "")
    app.add_url_rule("/user/<int:id>", "user", lambda id: "")
    assert ids("cookies", app) == found


def test_an_app_without_sessions() -> None:
    """Without a key there can be no cookie of Flask's own, so nothing is said of it."""
    assert ids("cookies", sound_app(SECRET_KEY=None, SESSION_COOKIE_SECURE=False)) == []


def test_an_app_that_may_be_mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where something may take a path from the front of the URL nothing is known of the cookie's path."""
    app = sound_app(SESSION_COOKIE_PATH="/elsewhere")
    app.add_url_rule("/", "index", lambda: "")
    assert ids("cookies", app) == ["S008"]
    monkeypatch.setenv("SCRIPT_NAME", "/elsewhere")
    assert ids("cookies", app) == []
    monkeypatch.delenv("SCRIPT_NAME")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    assert ids("cookies", app) == []


def test_an_interface_of_the_apps() -> None:
    """What the session interface says counts, also without a key; one that knows no cookie is left alone."""

    class ServerSide(SessionInterface):
        def get_cookie_secure(self, app: Flask) -> bool:
            return False

    class Unlike:
        def open_session(self, app: Flask, request: t.Any) -> SessionMixin | None:
            return None

    class Derived(SecureCookieSessionInterface):
        def get_cookie_httponly(self, app: Flask) -> bool:
            return False

    app = sound_app(SECRET_KEY=None)
    app.session_interface = ServerSide()
    assert ids("cookies", app) == ["S001"]
    app.session_interface = Unlike()  # type: ignore[assignment]
    assert ids("cookies", app) == []
    app = sound_app()
    app.session_interface = Derived()
    assert ids("cookies", app) == ["S002"]
