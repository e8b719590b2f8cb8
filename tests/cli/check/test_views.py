"""Views whose names are an accident, and those whose names are meant."""

from __future__ import annotations

import functools
import typing as t

from flask import Blueprint, Flask
from flask.views import View

from .checking import findings, ids, sound_app


def unwrapped(view: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        return view(*args, **kwargs)

    return wrapper


def unwrapped_with(role: str) -> t.Callable[..., t.Any]:
    def decorator(view: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def guarded(*args: t.Any, **kwargs: t.Any) -> t.Any:
            return view(*args, **kwargs)

        return guarded

    return decorator


def wrapped(view: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(view)
    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        return view(*args, **kwargs)

    return wrapper


def index() -> str:
    return "first"


first = index


def index() -> str:  # type: ignore[no-redef]
    return "second"


def test_a_decorator_without_wraps() -> None:
    """An endpoint that is called as a decorator's inner function is found, also of a decorator with arguments."""
    app = sound_app()
    app.route("/")(unwrapped(index))
    app.route("/b")(unwrapped_with("admin")(index))
    blueprint = Blueprint("shop", __name__)
    blueprint.route("/c")(unwrapped(first))
    app.register_blueprint(blueprint)
    assert [(each.id, each.where.name) for each in findings("views", app)] == [
        ("flask.R006", "wrapper"),
        ("flask.R006", "guarded"),
        ("flask.R006", "shop.wrapper"),
    ]


def test_decorators_that_are_in_order() -> None:
    """With wraps, or where the endpoint was given by name, nothing is said."""
    app = sound_app()
    app.route("/")(wrapped(index))
    app.route("/b", endpoint="b")(unwrapped(index))
    assert ids("views", app) == []


def test_views_within_a_factory() -> None:
    """A view that is written within a factory, and uses what is around it, is no decorator's."""

    def create_app(read: t.Callable[[], str]) -> Flask:
        app = sound_app()

        def shout() -> str:
            return read().upper()

        @app.get("/")
        def index() -> str:
            return shout() + read()

        @app.get("/<path:name>")
        def anything(**values: t.Any) -> str:
            return shout()

        return app

    assert ids("views", create_app(lambda: "")) == []


def test_views_of_a_factory_of_views() -> None:
    """Several views that one function makes, each under an endpoint of its own, are meant to be alike."""

    def listing(model: str) -> t.Callable[[], str]:
        def view() -> str:
            return model

        return view

    class Own(View):
        def dispatch_request(self) -> str:
            return ""

    app = sound_app()
    for name in "abc":
        app.add_url_rule(f"/{name}", name, listing(name))
        app.add_url_rule(f"/own/{name}", f"own_{name}", Own.as_view(f"own_{name}"))
        app.add_url_rule(f"/lambda/{name}", f"lambda_{name}", lambda: "")
    assert ids("views", app) == []


def test_two_views_of_one_name() -> None:
    """Two functions of one name in one module, both of them views, are found with the place of the second."""
    app = sound_app()
    app.add_url_rule("/first", "first", first)
    app.add_url_rule("/second", "second", index)
    [finding] = findings("views", app)
    assert finding.id == "flask.R005"
    assert finding.message == f"2 views are called 'index' in {__name__!r}: of 'first', 'second'"
    assert finding.where.line == index.__code__.co_firstlineno


def test_two_blueprints_of_one_module() -> None:
    """Two blueprints that register views of one name from one module are found, though the endpoints differ."""
    app = sound_app()
    for name, view in (("a", first), ("b", index)):
        blueprint = Blueprint(name, __name__)
        blueprint.add_url_rule(f"/{name}", view_func=view)
        app.register_blueprint(blueprint)
    assert ids("views", app) == ["R005"]


def test_one_view_several_times() -> None:
    """One function under several endpoints, decorated differently or not, is one view."""
    app = sound_app()
    app.add_url_rule("/a", "a", index)
    app.add_url_rule("/b", "b", wrapped(index))
    app.add_url_rule("/c", "c", functools.partial(index))
    blueprint = Blueprint("twice", __name__)
    blueprint.add_url_rule("/d", view_func=index)
    app.register_blueprint(blueprint, url_prefix="/1")
    app.register_blueprint(blueprint, url_prefix="/2", name="again")
    assert ids("views", app) == []


def test_flasks_own_views() -> None:
    """The view of static files, of the app and of blueprints, is Flask's."""
    app = Flask(__name__, static_folder="/tmp")
    app.register_blueprint(Blueprint("b", __name__, static_folder="/tmp", url_prefix="/b"))
    assert ids("views", app) == []
