"""Advisories on sessions and what caches keep of them; docs/security-advisories.md says what each was about."""

from __future__ import annotations

import pytest
from itsdangerous import BadSignature

import flask
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from tests.gateways import raw
from tests.gateways.raw import Answer
from tests.security.attacks import by_asgi, by_rsgi, everywhere, make_app


@pytest.fixture
def app() -> Flask:
    app = make_app()

    @app.get("/login")
    def login() -> str:
        session.permanent = True
        session["user"] = "ada"
        return "in"

    @app.get("/public")
    def public() -> str:
        return "the same for all"

    @app.get("/asks/<how>")
    def asks(how: str) -> str:
        ways = {
            "in": lambda: "user" in session,
            "len": lambda: len(session),
            "bool": lambda: bool(session),
            "iter": lambda: list(session),
            "keys": lambda: list(session.keys()),
            "eq": lambda: session == {},
            "repr": lambda: repr(session),
            "or": lambda: session | {"a": 1},
            "get": lambda: session.get("user"),
            "permanent": lambda: session.permanent,
        }
        return str(ways[how]())

    return app


def cookie_of(answer: Answer) -> str:
    return (answer.header("Set-Cookie") or "").partition(";")[0]


def varies(answer: Answer) -> bool:
    return "cookie" in (answer.header("Vary") or "").lower()


def test_cve_2023_30861(app: Flask) -> None:
    """A permanent session that is only refreshed is not for shared caches: its cookie goes with `Vary: Cookie`."""
    cookie = cookie_of(raw.call(app, "/login"))
    answers = [
        raw.call(app, "/public", headers={"Cookie": cookie}),
        by_asgi(app, path="/public", headers=[(b"cookie", cookie.encode())]),
        by_rsgi(app, path="/public", headers=[("cookie", cookie)]),
    ]
    for answer in answers:
        assert answer.header("Set-Cookie")
        assert varies(answer)


@pytest.mark.parametrize("how", ["in", "len", "bool", "iter", "keys", "eq", "repr", "or", "get", "permanent"])
def test_cve_2026_27205(app: Flask, how: str) -> None:
    """Whatever is asked of a session, also whether a key is there, the answer varies by cookie."""
    for answer in everywhere(app, f"/asks/{how}"):
        assert answer.status.startswith("200")
        assert varies(answer), how


def test_ghsa_4grg_w6v8_c28g(app: Flask) -> None:
    """With SECRET_KEY_FALLBACKS the current key signs; the old ones only open, and what they open is signed anew."""
    old_key, new_key = "an old key, long and random 8d7f2c", "a new key, long and random 1b9e4a"
    app.secret_key = old_key
    old = cookie_of(raw.call(app, "/login"))
    app.secret_key, app.config["SECRET_KEY_FALLBACKS"] = new_key, [old_key, "an older one, of no use 77aa55"]
    new = cookie_of(raw.call(app, "/public", headers={"Cookie": old}))
    assert new

    def opens(key: str, cookie: str) -> bool:
        other = make_app(SECRET_KEY=key)
        signer = SecureCookieSessionInterface().get_signing_serializer(other)
        assert signer is not None
        try:
            return bool(signer.loads(cookie.partition("=")[2]))
        except BadSignature:
            return False

    assert opens(new_key, new)
    assert not opens(old_key, new)


def test_cve_2026_35192(app: Flask) -> None:
    """No response carries a session's cookie without `Vary: Cookie`: not errors, redirects, nor 304 of a page."""

    @app.get("/moved/")
    def moved() -> str:
        return "moved"

    @app.get("/kept")
    def kept() -> flask.Response:
        response = flask.Response("kept")
        response.set_etag("tag")
        response.cache_control.public = True
        return response.make_conditional(flask.request)

    cookie = cookie_of(raw.call(app, "/login"))
    for path, status in (("/nowhere", "404"), ("/moved", "308"), ("/kept", "304"), ("/public", "200")):
        answer = raw.call(app, path, headers={"Cookie": cookie, "If-None-Match": '"tag"'})
        assert answer.status.startswith(status)
        assert answer.header("Set-Cookie"), path
        assert varies(answer), path


def test_cve_2026_48588(app: Flask) -> None:
    """A first visitor, who sends no cookie, gets his new one with `Vary: Cookie` too."""
    for answer in everywhere(app, "/login"):
        assert answer.header("Set-Cookie")
        assert varies(answer)
