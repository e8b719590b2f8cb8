"""Shapes in which extensions lean on the framework, each tried without the extension that does so."""

from __future__ import annotations

import typing as t

import pytest

import flask


def test_a_response_is_made_where_no_request_is() -> None:
    """A plain result becomes a response with only an app context, or with none at all; no request is asked for."""
    app = flask.Flask(__name__)
    results = [
        "text",
        b"bytes",
        {"a": 1},
        [1],
        ("", 204),
        ("", 204, {"X": "1"}),
        iter(["part"]),
        flask.Response("made"),
    ]
    for result in results:
        assert isinstance(app.make_response(result), flask.Response)
    with app.app_context():
        assert flask.make_response("", 204).status == "204 NO CONTENT"


@pytest.mark.parametrize("proxy", ["request", "session", "g", "current_app"])
def test_a_proxy_has_a_docstring_that_is_text(proxy: str) -> None:
    """Documentation tools and tracers that wrap whatever they find read the docstring, bound or not."""
    found: t.Any = getattr(flask, proxy)
    assert isinstance(found.__doc__, str)
    with flask.Flask(__name__).test_request_context():
        assert found.__doc__ == type(found._get_current_object()).__doc__


def test_a_session_outside_of_a_request_cannot_be_iterated() -> None:
    """Serializers that try whether a value can be iterated get the TypeError that they expect."""
    with pytest.raises(TypeError, match="not iterable"):
        iter(flask.session)
    app = flask.Flask(__name__)
    app.secret_key = "key"
    with app.test_request_context():
        flask.session["name"] = "Ada"
        assert list(flask.session) == ["name"]


def test_a_namespace_of_ones_own_can_fall_back_on_the_base() -> None:
    """A subclass for `app_ctx_globals_class` may call the base's `__getattr__`; the error's argument is the name."""

    class Namespace(flask.ctx._AppCtxGlobals):
        def __getattr__(self, name: str) -> t.Any:
            return "made up" if name == "known" else super().__getattr__(name)

    app = flask.Flask(__name__)
    app.app_ctx_globals_class = Namespace
    with app.app_context():
        assert flask.g.known == "made up"
        with pytest.raises(AttributeError) as raised:
            flask.g.unknown
        assert raised.value.args == ("unknown",)
        assert not hasattr(flask.g, "unknown")


def test_a_request_class_that_trusts_hosts_refuses_the_others() -> None:
    """`trusted_hosts` on a request class is checked for each request, also where nothing asks for the host."""

    class Guarded(flask.Request):
        trusted_hosts = ["example.org"]

    app = flask.Flask(__name__)
    app.request_class = Guarded
    app.add_url_rule("/", "index", lambda: "here")
    client = app.test_client()
    assert client.get("/", headers={"Host": "example.org"}).status_code == 200
    assert client.get("/", headers={"Host": "example.net"}).status_code == 400


@pytest.mark.parametrize("name", ["push", "pop"])
def test_a_patched_app_context_is_pushed_and_popped_for_each_request(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tracer that wraps `AppContext.push` or `pop` on the class sees the one that a request implies."""
    seen = []
    own = getattr(flask.ctx.AppContext, name)

    def wrapped(self: flask.ctx.AppContext, *args: t.Any) -> None:
        seen.append(self.app)
        own(self, *args)

    app = flask.Flask(__name__)
    app.add_url_rule("/", "index", lambda: "here")
    monkeypatch.setattr(flask.ctx.AppContext, name, wrapped)
    assert app.test_client().get("/").text == "here"
    assert seen == [app]
