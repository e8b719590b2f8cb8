from __future__ import annotations

import typing as t

import pytest
from werkzeug.local import LocalProxy

import flask
from flask import Flask, current_app, g, request, session
from flask.globals import _cv_app, _cv_request, app_ctx, request_ctx

MISSING = {
    "current_app": "application",
    "g": "application",
    "app_ctx": "application",
    "request": "request",
    "session": "request",
    "request_ctx": "request",
}


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"
    return app


@pytest.mark.parametrize("name", MISSING)
def test_outside_of_a_context_the_error_teaches(name: str) -> None:
    """Whatever is done with a proxy that is not bound says which context is missing; its repr and truth do not fail."""
    proxy: t.Any = getattr(flask.globals, name)
    for use in (lambda: proxy.name, lambda: proxy._get_current_object(), lambda: setattr(proxy, "name", 1)):
        with pytest.raises(RuntimeError, match=f"Working outside of {MISSING[name]} context"):
            use()
    assert repr(proxy) == "<LocalProxy unbound>"
    assert not proxy
    assert isinstance(proxy, LocalProxy)


@pytest.mark.parametrize("use", [lambda: session["a"], lambda: "a" in session, lambda: len(session)])
def test_a_session_outside_of_a_request(use: t.Callable[[], object]) -> None:
    """Each way to read a session without a request is the same error."""
    with pytest.raises(RuntimeError, match="Working outside of request context"):
        use()


def test_they_stand_for_the_real_objects(app: Flask) -> None:
    """Each proxy stands for the one object of its context, in comparison, class, truth and attributes."""
    with app.test_request_context("/p") as context:
        pairs: list[tuple[t.Any, t.Any]] = [
            (current_app, app),
            (request, context.request),
            (session, context.session),
            (request_ctx, context),
            (g, app_ctx.g),
        ]
        for proxy, real in pairs:
            assert proxy._get_current_object() is real
            assert proxy == real
            assert isinstance(proxy, type(real))
        assert repr(request) == repr(context.request)
        assert dir(request) == dir(context.request)
        assert bool(current_app)


def test_writing_through_a_proxy(app: Flask) -> None:
    """Attributes and items that are set or deleted through a proxy are set on, and deleted from, the real object."""
    with app.test_request_context() as context:
        g.a = 1
        request.a = 2  # type: ignore[attr-defined]
        current_app.a = 3  # type: ignore[attr-defined]
        session["a"] = 4
        assert (app_ctx.g.a, context.request.a, app.a, context.session["a"]) == (1, 2, 3, 4)  # type: ignore[attr-defined]
        del g.a
        del session["a"]
        assert "a" not in g
        assert "a" not in session
        assert len(session) == 0
        session.update(b=1)
        assert dict(context.session) == {"b": 1}


def test_the_innermost_context_counts(app: Flask) -> None:
    """With contexts of several apps inside one another, each proxy answers for the innermost."""
    other = Flask("other")
    with app.test_request_context("/outer"):
        with other.app_context():
            assert (current_app.name, request.path) == ("other", "/outer")
            with other.test_request_context("/inner"):
                assert (current_app.name, request.path) == ("other", "/inner")
            assert request.path == "/outer"
        assert current_app.name == app.name


def test_the_variables_by_their_private_names(app: Flask) -> None:
    """Applications that read the two context variables find the contexts, a default, or LookupError."""
    assert (_cv_app.get(None), _cv_request.get("default")) == (None, "default")
    for variable in (_cv_app, _cv_request):
        with pytest.raises(LookupError):
            variable.get()
    with app.test_request_context() as context:
        assert _cv_request.get() is context
        assert _cv_app.get() is app_ctx._get_current_object()  # type: ignore[attr-defined]
    context = app.test_request_context("/set")
    token = _cv_request.set(context)
    assert request.path == "/set"
    _cv_request.reset(token)
    assert not flask.has_request_context()


def test_the_questions(app: Flask) -> None:
    """`has_app_context` and `has_request_context` tell what is there."""
    assert (flask.has_app_context(), flask.has_request_context()) == (False, False)
    with app.app_context():
        assert (flask.has_app_context(), flask.has_request_context()) == (True, False)
    with app.test_request_context():
        assert (flask.has_app_context(), flask.has_request_context()) == (True, True)
