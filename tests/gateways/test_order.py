"""The order of everything that an application can see of a request is the same on every protocol."""

from __future__ import annotations

import asyncio
import functools
import typing as t

import pytest

import flask
from flask import Blueprint, Flask, Response, abort, flash, redirect, render_template_string, request, url_for
from flask.ctx import RequestContext
from flask.sessions import SecureCookieSessionInterface
from tests.gateways import loops, raw, rsgi_drive
from tests.gateways.raw import Answer

METHODS = """
    __call__ wsgi_app request_context create_url_adapter full_dispatch_request preprocess_request dispatch_request
    raise_routing_exception make_default_options_response handle_user_exception handle_http_exception handle_exception
    trap_http_exception log_exception finalize_request make_response process_response should_ignore_error
    do_teardown_request do_teardown_appcontext update_template_context inject_url_defaults handle_url_build_error
    url_for redirect
""".split()
SIGNALS = """
    request_started request_finished got_request_exception request_tearing_down appcontext_pushed appcontext_popped
    appcontext_tearing_down template_rendered before_render_template message_flashed
""".split()
KINDS = ("synchronous", "asynchronous")


def telling(name: str, method: t.Any, tell: t.Callable[[str], object]) -> t.Any:
    """The method, which tells when it begins and how it ends."""

    @functools.wraps(method)
    def inner(*args: t.Any, **kwargs: t.Any) -> t.Any:
        tell(f"{name} begins")
        try:
            result = method(*args, **kwargs)
        except BaseException as error:
            tell(f"{name} raises {type(error).__name__}")
            raise
        tell(f"{name} ends")
        return result

    return inner


class Sessions(SecureCookieSessionInterface):
    """The session's interface, which `Told` has tell."""


class Told(Response):
    """The response's class, which tells."""


def hook(kind: str, tell: t.Callable[[str], object], text: str) -> t.Any:
    """A hook of a kind, which gives its first argument back as hooks after a request do, and tells the others."""

    def synchronous(*args: t.Any) -> t.Any:
        tell(f"{text} {[type(arg).__name__ for arg in args]}")
        return args[0] if args and isinstance(args[0], Response) else None

    async def asynchronous(*args: t.Any) -> t.Any:
        await asyncio.sleep(0)
        return synchronous(*args)

    return synchronous if kind == "synchronous" else asynchronous


def make_app(hooks: str, overrides: str) -> tuple[Flask, list[str], list[t.Any]]:
    """An app with a view of each kind for each way that a request may go, its tale, and whom to keep alive for it."""
    tale: list[str] = []
    tell = tale.append
    kept: list[t.Any] = []

    class Subclass(Flask):
        response_class = Told

    if overrides == "in a subclass":
        for name in METHODS:
            setattr(Subclass, name, telling(name, getattr(Flask, name), tell))
    app = Subclass(__name__)
    if overrides == "on the instance":
        for name in METHODS[1:]:
            setattr(app, name, telling(name, getattr(app, name), tell))
    app.secret_key = "key"

    class TellingSessions(Sessions):
        open_session = telling("open_session", Sessions.open_session, tell)
        save_session = telling("save_session", Sessions.save_session, tell)

    class TellingResponse(Told):
        __call__ = telling("response", Told.__call__, tell)
        close = telling("close", Told.close, tell)

    if overrides != "none":
        app.session_interface = TellingSessions()
        app.response_class = TellingResponse

    for name in SIGNALS:

        def receive(sender: t.Any, name: str = name, **more: t.Any) -> None:
            tell(f"signal {name}")

        kept.append(receive)
        getattr(flask, name).connect(receive, app)

    part = Blueprint("part", __name__)
    for where, name in ((app, "app"), (part, "part")):
        for text in ("before_request", "after_request", "teardown_request"):
            for number in range(2):
                getattr(where, text)(hook(hooks, tell, f"{text} {number} of the {name}"))
        where.errorhandler(LookupError)(hook_of_error(hooks, tell, name))
        where.context_processor(processor(tell, name))
        where.url_value_preprocessor(lambda endpoint, values, name=name: tell(f"values for the {name}: {values}"))
        where.url_defaults(lambda endpoint, values, name=name: tell(f"defaults of the {name}"))
    app.errorhandler(409)(hook_of_error(hooks, tell, "409"))
    app.teardown_appcontext(hook(hooks, tell, "teardown_appcontext"))

    for kind in KINDS:
        add_views(part, kind, tell)
    app.register_blueprint(part)
    return app, tale, kept


def hook_of_error(kind: str, tell: t.Callable[[str], object], name: str) -> t.Any:
    def synchronous(error: Exception) -> tuple[str, int]:
        tell(f"error handler of the {name}: {type(error).__name__}")
        return "handled", 418

    async def asynchronous(error: Exception) -> tuple[str, int]:
        await asyncio.sleep(0)
        return synchronous(error)

    return synchronous if kind == "synchronous" else asynchronous


def processor(tell: t.Callable[[str], object], name: str) -> t.Callable[[], dict[str, str]]:
    """Synchronous: under WSGI a coroutine that renders cannot wait for another."""

    def synchronous() -> dict[str, str]:
        tell(f"context processor of the {name}")
        return {name: name}

    return synchronous


def add_views(part: Blueprint, kind: str, tell: t.Callable[[str], object]) -> None:
    """One view for each way that a request may go."""

    def text() -> str:
        return "text"

    def late() -> Response:
        @flask.after_this_request
        def after_this(response: Response) -> Response:
            tell("after_this_request")
            return response

        flask.session["a"] = 1
        flash("flashed")
        response = flask.make_response({"a": 1})
        response.call_on_close(lambda: tell("call_on_close"))
        return response

    def template() -> str:
        return render_template_string("{{ app }} {{ url_for('.synchronous_text') }}")

    def fails() -> str:
        raise KeyError

    def breaks() -> str:
        raise ArithmeticError

    def aborts() -> str:
        abort(409)

    def missing() -> str:
        abort(404)

    def redirects() -> t.Any:
        return redirect(url_for(".synchronous_text"))

    def unbuildable() -> str:
        return url_for("nowhere")

    def nothing() -> None:
        return None

    def stream() -> t.Any:
        @flask.stream_with_context
        def pieces() -> t.Iterator[str]:
            for number in range(2):
                tell(f"piece {number} {request.path[-6:]}")
                yield str(number)

        return pieces()

    def wsgi() -> t.Any:
        return Told(b"".join([b"a"]), 203)

    for view in (text, late, template, fails, breaks, aborts, missing, redirects, unbuildable, nothing, stream, wsgi):
        endpoint = f"{kind}_{view.__name__}"
        part.add_url_rule(f"/{kind}/{view.__name__}", endpoint, of_kind(kind, view, tell), methods=["GET", "POST"])


def of_kind(kind: str, view: t.Callable[[], t.Any], tell: t.Callable[[str], object]) -> t.Any:
    def synchronous() -> t.Any:
        tell("view")
        return view()

    async def asynchronous() -> t.Any:
        await asyncio.sleep(0)
        tell("view")
        return view()

    return synchronous if kind == "synchronous" else asynchronous


WAYS = [
    ("GET", "text"),
    ("HEAD", "text"),
    ("OPTIONS", "text"),
    ("DELETE", "text"),
    ("GET", "late"),
    ("GET", "template"),
    ("GET", "fails"),
    ("GET", "breaks"),
    ("GET", "aborts"),
    ("GET", "missing"),
    ("GET", "redirects"),
    ("GET", "unbuildable"),
    ("GET", "nothing"),
    ("GET", "stream"),
    ("GET", "wsgi"),
    ("GET", "nowhere"),
]


def by_wsgi(app: Flask, path: str, method: str) -> Answer:
    answer = raw.call(app, path, method)
    return answer._replace(status=answer.status[:3])


def by_asgi(app: Flask, path: str, method: str) -> Answer:
    return loops.call(app, path, method)


def by_rsgi(app: Flask, path: str, method: str) -> Answer:
    return asyncio.run(rsgi_drive.ask(app, path, method))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hooks", KINDS)
@pytest.mark.parametrize("overrides", ["none", "in a subclass", "on the instance"])
def test_order(overrides: str, hooks: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks, signals, overridden public methods, sessions, responses: each comes as often and at the same place."""
    app, tale, kept = make_app(hooks, overrides)
    if overrides != "none":
        for name in ("push", "pop", "match_request"):
            method = getattr(RequestContext, name)
            monkeypatch.setattr(RequestContext, name, telling(f"context's {name}", method, tale.append))
    for method, way in WAYS:
        path = f"/{kind}/{way}"
        told: list[list[str]] = []
        answers: list[Answer] = []
        for ask in (by_wsgi, by_asgi, by_rsgi):
            answers.append(ask(app, path, method))
            told.append(tale.copy())
            tale.clear()
        for answer, lines in zip(answers, told, strict=True):
            assert (method, way, lines) == (method, way, told[0])
            assert (way, *answer[::2]) == (way, *answers[0][::2])
        assert "signal appcontext_popped" in told[0]
    assert kept
