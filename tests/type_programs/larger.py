"""A larger application: blueprints, views as classes, own sessions, JSON, signals, commands."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, assert_type

import click

from flask import Blueprint, Config, Flask, Request, Response, has_request_context, signals, template_rendered
from flask.blueprints import BlueprintSetupState
from flask.cli import AppGroup, FlaskGroup, ScriptInfo, pass_script_info, with_appcontext
from flask.ctx import RequestContext, after_this_request, copy_current_request_context
from flask.globals import app_ctx, request_ctx
from flask.json.provider import DefaultJSONProvider, JSONProvider
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SessionInterface, SessionMixin
from flask.testing import EnvironBuilder, FlaskClient
from flask.typing import ResponseReturnValue, RouteCallable
from flask.views import MethodView, View

admin = Blueprint("admin", __name__, url_prefix="/admin", template_folder="pages", cli_group="manage")
pages = Blueprint("pages", __name__, static_folder="static", url_defaults={"page": 1})
admin.register_blueprint(pages, url_prefix="/pages")


@admin.before_request
def guard() -> ResponseReturnValue | None:
    if not has_request_context():
        return "no", 403
    return None


@admin.before_app_request
def everywhere() -> None: ...


@admin.after_app_request
def stamp(response: Response) -> Response:
    return response


@admin.app_errorhandler(404)
def missing(error: Exception) -> tuple[str, int]:
    return "nothing", 404


@admin.record_once
def recorded(state: BlueprintSetupState) -> None:
    state.add_url_rule("/recorded", "recorded", view_func=lambda: "recorded")


@admin.app_template_filter("money")
def money(value: Decimal) -> str:
    return f"{value:.2f}"


@admin.cli.command("purge")
@with_appcontext
def purge() -> None: ...


class Page(View):
    """A view as a class with an argument for its constructor."""

    methods = ("GET", "POST")
    init_every_request = False

    def __init__(self, template: str) -> None:
        self.template = template

    def dispatch_request(self, **values: str) -> ResponseReturnValue:
        return self.template.format(values["name"])


class LaterPage(View):
    """An asynchronous one."""

    async def dispatch_request(self, **values: str) -> ResponseReturnValue:
        return values["name"], 200


class Users(MethodView):
    """One method for each HTTP method."""

    decorators: ClassVar[list[Any]] = []

    def get(self, number: int | None = None) -> ResponseReturnValue:
        return {"number": number}

    async def post(self) -> tuple[dict[str, str], int]:
        return {"made": "yes"}, 201


view: RouteCallable = Page.as_view("page", "<p>{}</p>")
pages.add_url_rule("/<name>", view_func=view)
pages.add_url_rule("/later/<name>", view_func=LaterPage.as_view("later"))
pages.add_url_rule("/users/", view_func=Users.as_view("users"))


class Bag(dict[str, Any], SessionMixin):
    """A session kept somewhere else."""


class Sessions(SessionInterface):
    """A session interface of one's own."""

    session_class = Bag

    def open_session(self, app: Flask, request: Request) -> Bag | None:
        return Bag() if self.get_cookie_name(app) in request.cookies else None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if self.should_set_cookie(app, session):
            response.set_cookie(
                self.get_cookie_name(app),
                "value",
                expires=self.get_expiration_time(app, session),
                httponly=self.get_cookie_httponly(app),
                samesite=self.get_cookie_samesite(app),
            )


class Answers(DefaultJSONProvider):
    """JSON with one more type."""

    sort_keys = False

    @staticmethod
    def default(o: Any) -> Any:
        return str(o) if isinstance(o, complex) else DefaultJSONProvider.default(o)


class Wire(JSONProvider):
    """JSON from scratch."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return repr(obj)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return s


class TagComplex(JSONTag):
    """One more type for what a session cookie can hold."""

    key = " c"

    def check(self, value: Any) -> bool:
        return isinstance(value, complex)

    def to_json(self, value: Any) -> Any:
        return [value.real, value.imag]

    def to_python(self, value: Any) -> Any:
        return complex(*value)


class Client(FlaskClient):
    """A client that always sends one header."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("headers", {})["X-Test"] = "1"
        return super().open(*args, **kwargs)


class Settings(Config):
    """A configuration class of one's own."""


class Shop(Flask):
    """The application class that holds it all together."""

    config_class = Settings
    json_provider_class = Answers
    session_interface = Sessions()
    test_client_class = Client


def create_app(setting: str | None = None) -> Shop:
    """A factory, as most applications have one."""
    app = Shop(__name__)
    app.config.from_object(setting or "settings")
    app.config.from_file("settings.json", load=app.json.load, silent=True)
    app.register_blueprint(admin, name="management", subdomain="www")
    app.json = Wire(app)
    app.wsgi_app = _middleware(app.wsgi_app)  # type: ignore[method-assign]
    return app


def _middleware(inner: Any) -> Any:
    return inner


def heard(sender: Flask, template: Any, context: dict[str, Any], **extra: Any) -> None:
    """A receiver of a signal."""


def started(sender: Flask, **extra: Any) -> None:
    """A receiver of another."""


template_rendered.connect(heard)
signals.request_started.connect(started)
serializer = TaggedJSONSerializer()
serializer.register(TagComplex, index=0)
assert_type(serializer.dumps({"a": 1}), str)

group = AppGroup("tools")
main = FlaskGroup(create_app=create_app)


@group.command()
@click.option("--name", default="x")
@pass_script_info
def show(info: ScriptInfo, name: str) -> None:
    assert_type(info.load_app(), Flask)


def in_a_view() -> str:
    """What is looked up from within a request."""

    @after_this_request
    def later(response: Response) -> Response:
        return response

    @copy_current_request_context
    def elsewhere(number: int) -> str:
        return str(number)

    assert_type(elsewhere(1), str)
    assert_type(app_ctx.app, Flask)
    assert_type(request_ctx.request, Request)
    return repr((later, SecureCookieSession({"a": 1}).modified))


def whose(context: RequestContext) -> Flask:
    """A context handed on to a function."""
    return context.app


def built(app: Flask) -> Request:
    """A request made by hand."""
    builder = EnvironBuilder(app, "/", method="POST", json={"a": 1})
    with app.request_context(builder.get_environ()) as context:
        return context.request
