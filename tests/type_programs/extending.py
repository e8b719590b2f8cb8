"""What extensions assign, replace, override and subclass, as their authors would type it."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import IO, Any, ClassVar, assert_type
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, FileSystemLoader
from markupsafe import Markup
from werkzeug.exceptions import Aborter, HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Map, MapAdapter, Rule
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response as WerkzeugResponse

import flask
from flask import Blueprint, Config, Flask, Request, Response, current_app, g, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask.cli import AppGroup, FlaskGroup, ScriptInfo
from flask.ctx import AppContext, RequestContext
from flask.globals import app_ctx, request_ctx
from flask.json.provider import DefaultJSONProvider, JSONProvider
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sansio.app import App
from flask.sansio.blueprints import Blueprint as SansioBlueprint
from flask.sansio.scaffold import Scaffold, setupmethod
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from flask.signals import Namespace
from flask.templating import DispatchingJinjaLoader, Environment
from flask.testing import EnvironBuilder, FlaskClient, FlaskCliRunner
from flask.typing import ResponseReturnValue, RouteCallable
from flask.views import MethodView, View, http_method_funcs

signals = Namespace()
greeted = signals.signal("greeted")


class Greeter:
    """An extension in the form that the documentation gives it."""

    def __init__(self, app: Flask | None = None) -> None:
        self.count = 0
        if app is not None:
            self.init_app(app)

    def init_app(self, app: App) -> None:
        app.config.setdefault("GREETER_WORD", "Hello")
        app.extensions["greeter"] = self
        app.jinja_env.globals["greeter"] = self
        app.jinja_env.filters["greet"] = self.greet
        app.teardown_appcontext(self.leave)
        app.cli.add_command(AppGroup("greeter"))

    def greet(self, name: str) -> Markup:
        word: str = current_app.config["GREETER_WORD"]
        self.count += 1
        greeted.send(current_app._get_current_object())  # type: ignore[attr-defined]  # pyright: ignore
        greeted.send(app_ctx.app, name=name)
        return Markup("<b>{} {}</b>").format(word, name)

    def leave(self, error: BaseException | None) -> None:
        g.pop("greeted", None)


class OwnSession(dict[str, Any], SessionMixin):
    """A session kept elsewhere."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class OwnSessions(SessionInterface):
    kept: ClassVar[dict[str, OwnSession]] = {}

    def open_session(self, app: Flask, request: Request) -> OwnSession:
        key = request.cookies.get(self.get_cookie_name(app), "first")
        return self.kept.setdefault(key, OwnSession(key))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, OwnSession)
        if self.should_set_cookie(app, session):
            response.set_cookie(
                self.get_cookie_name(app),
                session.key,
                domain=self.get_cookie_domain(app),
                path=self.get_cookie_path(app),
                secure=self.get_cookie_secure(app),
                httponly=self.get_cookie_httponly(app),
                samesite=self.get_cookie_samesite(app),
                expires=self.get_expiration_time(app, session),
            )


class OwnProvider(DefaultJSONProvider):
    sort_keys = False
    compact = True
    mimetype = "application/json"

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, **kwargs)

    @staticmethod
    def default(o: Any) -> Any:
        return str(o) if isinstance(o, Path) else DefaultJSONProvider.default(o)


class LooseProvider(JSONProvider):
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return repr(obj)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return s


class TagPath(JSONTag):
    key = " path"

    def check(self, value: Any) -> bool:
        return isinstance(value, Path)

    def to_json(self, value: Any) -> Any:
        return str(value)

    def to_python(self, value: Any) -> Any:
        return Path(value)


class OwnRequest(Request):
    max_form_parts = 10

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        return None


class OwnResponse(Response):
    default_mimetype = "text/plain"
    autocorrect_location_header = False


class OwnRule(Rule):
    """A rule that is always strict."""


class Slug(BaseConverter):
    regex = r"[a-z-]+"

    def to_python(self, value: str) -> str:
        return value.replace("-", " ")

    def to_url(self, value: str) -> str:
        return value.replace(" ", "-")


class OwnClient(FlaskClient):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.token = kwargs.pop("token", None)
        super().__init__(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("headers", {})["X-Token"] = str(self.token)
        return super().open(*args, **kwargs)


class OwnRunner(FlaskCliRunner):
    def __init__(self, app: Flask, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)


class OwnEnvironment(Environment):
    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.trim_blocks = True


class OwnAborter(Aborter):
    """More codes for `abort`."""


class OwnState(BlueprintSetupState):
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        **options: Any,
    ) -> None:
        super().add_url_rule(rule, endpoint, view_func, **options)


class OwnBlueprint(Blueprint):
    def make_setup_state(
        self, app: App, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        return OwnState(self, app, options, first_registration)

    def register(self, app: App, options: dict[str, Any]) -> None:
        super().register(app, options)

    def route(self, rule: str, **options: Any) -> Any:
        return super().route(rule, **options)


class Own(Flask):
    """Nearly everything that can be overridden, is."""

    config_class = Config
    request_class = OwnRequest
    response_class = OwnResponse
    url_rule_class = OwnRule
    url_map_class = Map
    json_provider_class = OwnProvider
    jinja_environment = OwnEnvironment
    jinja_options: dict[str, Any] = {"autoescape": True}
    aborter_class = OwnAborter
    test_client_class = OwnClient
    test_cli_runner_class = OwnRunner
    session_interface = OwnSessions()

    def __init__(self, import_name: str, *, greeting: str = "Hello", **kwargs: Any) -> None:
        super().__init__(import_name, **kwargs)
        self.greeting = greeting

    jinja_loader = DictLoader({"own.html": "{{ 'Ada' | greet }}"})

    def create_jinja_environment(self) -> Environment:
        environment = super().create_jinja_environment()
        environment.globals["greeting"] = self.greeting
        return environment

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        return True

    def make_config(self, instance_relative: bool = False) -> Config:
        return super().make_config(instance_relative)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        return super().create_url_adapter(request)

    def make_response(self, rv: ResponseReturnValue | Path) -> Response:
        return super().make_response(str(rv) if isinstance(rv, Path) else rv)

    def dispatch_request(self) -> ResponseReturnValue:
        return super().dispatch_request()

    def preprocess_request(self) -> ResponseReturnValue | None:
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        response = super().process_response(response)
        response.headers["X-Own"] = "1"
        return response

    def finalize_request(self, rv: ResponseReturnValue | HTTPException, from_error_handler: bool = False) -> Response:
        return super().finalize_request(rv, from_error_handler)

    def full_dispatch_request(self) -> Response:
        return super().full_dispatch_request()

    def handle_exception(self, e: Exception) -> Response:
        return super().handle_exception(e)

    def handle_user_exception(self, e: Exception) -> HTTPException | ResponseReturnValue:
        return super().handle_user_exception(e)

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ResponseReturnValue:
        return super().handle_http_exception(e)

    def log_exception(self, exc_info: Any) -> None:
        super().log_exception(exc_info)

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        return 60

    def app_context(self) -> AppContext:
        return super().app_context()

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        return super().request_context(environ)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return super().ensure_sync(func)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["own"] = True
        return super().wsgi_app(environ, start_response)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


class Page(View):
    methods = ["GET", "POST"]
    init_every_request = False

    def __init__(self, word: str) -> None:
        self.word = word

    def dispatch_request(self, name: str) -> ResponseReturnValue:
        return f"{self.word} {name}"


class Later(View):
    async def dispatch_request(self, name: str) -> ResponseReturnValue:
        return [name]


def noted(view: Callable[..., Any]) -> Callable[..., Any]:
    return view


class Items(MethodView):
    decorators = [noted]
    provide_automatic_options = True

    def get(self, number: int | None = None) -> dict[str, int | None]:
        return {"number": number}

    def post(self) -> tuple[dict[str, str], int]:
        return {"made": "yes"}, 201

    async def put(self, number: int) -> str:
        return str(number)

    def delete(self, number: int) -> ResponseReturnValue:
        return "", 204


class Middleware:
    def __init__(self, inner: WSGIApplication) -> None:
        self.inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.inner(environ, start_response)


def assigned(app: Flask) -> None:
    """What is assigned on an app, be it one's own or somebody else's."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    app.wsgi_app = Middleware(app.wsgi_app)  # type: ignore[method-assign]
    app.session_interface = SecureCookieSessionInterface()
    app.session_interface = OwnSessions()
    app.json = OwnProvider(app)
    app.json = LooseProvider(app)
    app.json = DefaultJSONProvider(app)
    app.json_provider_class = OwnProvider
    app.request_class = OwnRequest
    app.response_class = OwnResponse
    app.test_client_class = OwnClient
    app.test_cli_runner_class = OwnRunner
    app.url_rule_class = OwnRule
    app.jinja_environment = OwnEnvironment
    app.jinja_options = {"trim_blocks": True}
    app.jinja_loader = DictLoader({"page.html": "{{ 'Bob' | greet }}"})
    app.jinja_loader = ChoiceLoader([app.jinja_loader, FileSystemLoader("more")])
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.autoescape = True
    app.logger = logging.getLogger("own")
    app.name = "own"
    app.cli = AppGroup("own")
    app.aborter = OwnAborter()
    app.template_folder = "pages"
    app.static_folder = Path("assets")
    app.static_folder = "assets"
    app.static_url_path = "/files"
    app.debug = False
    app.testing = True
    app.secret_key = b"key"
    app.permanent_session_lifetime = 60
    app.url_map.converters["slug"] = Slug
    app.url_map.strict_slashes = False
    app.url_map.add(Rule("/added", endpoint="added"))
    app.view_functions["added"] = lambda: "added"
    app.subdomain_matching = False
    app.before_request_funcs.setdefault(None, []).append(lambda: None)
    app.after_request_funcs.setdefault(None, []).insert(0, stamp)
    app.teardown_request_funcs.setdefault("pages", []).append(leave)
    app.teardown_appcontext_funcs.append(leave)
    app.template_context_processors[None].append(lambda: {"a": 1})
    app.url_default_functions.setdefault(None, []).insert(0, lambda endpoint, values: None)
    app.url_build_error_handlers.append(lambda error, endpoint, values: "/unknown")
    app.shell_context_processors.append(lambda: {"a": 1})
    app.error_handler_spec[None][404][HTTPException] = lambda error: ("gone", 404)
    app.handle_exception = partial(handle, app.handle_exception)  # type: ignore[method-assign]
    app.asgi_app = app.asgi_app
    app.config["GREETER_WORD"] = "Hallo"


def handle(original: Callable[[Exception], Response], e: Exception) -> Response:
    return original(e)


def stamp(response: Response) -> Response:
    response.headers["X-Stamp"] = "1"
    return response


def leave(error: BaseException | None) -> None: ...


def read(app: Flask) -> list[Any]:
    """What extensions read."""
    assert_type(app.jinja_loader, BaseLoader | None)
    assert_type(app.jinja_env, Environment)
    assert_type(app.create_global_jinja_loader(), DispatchingJinjaLoader)
    assert_type(app.logger, logging.Logger)
    assert_type(app.session_interface, SessionInterface)
    assert_type(app.json, JSONProvider)
    assert_type(app.request_class, type[Request])
    assert_type(app.response_class, type[Response])
    assert_type(app.url_map, Map)
    assert_type(app.view_functions, dict[str, RouteCallable])
    assert_type(app.extensions, dict[str, Any])
    assert_type(app.blueprints["pages"], SansioBlueprint)
    assert_type(app.instance_path, str)
    assert_type(app.has_static_folder, bool)
    assert_type(app.static_folder, str | None)
    assert_type(app.import_name, str)
    assert_type(app.root_path, str)
    assert_type(app.redirect("/"), WerkzeugResponse)
    assert isinstance(app, Scaffold)
    with app.open_resource("extending.py") as file:
        assert_type(file, IO[bytes])
    with app.open_resource("extending.py", "r", encoding="utf-8") as lines:
        first = lines.readline()
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    return [sorted(http_method_funcs), rules, first]


def contexts(app: Flask) -> None:
    """Contexts by hand, as tests and scripts have them."""
    with app.app_context() as context:
        assert_type(context, AppContext)
        assert_type(context.app, Flask)
    context = app.app_context()
    context.push()
    context.pop()
    with app.test_request_context("/path?a=1", method="POST", json={"a": 1}, headers={"X-A": "b"}) as pushed:
        assert_type(pushed, RequestContext)
        assert_type(pushed.request, Request)
        assert_type(request.get_json(), Any)
        assert_type(request.args["a"], str)
        assert_type(request.view_args, dict[str, Any] | None)
        assert_type(request_ctx.request, Request)
        assert_type(url_for("pages.page", name="Ada", _external=True), str)
        session["a"] = 1
        app.preprocess_request()
    with app.request_context(EnvironBuilder(app, "/path").get_environ()):
        assert_type(request.path, str)


def tested(app: Flask) -> Any:
    """The clients, as tests use them."""
    client = app.test_client()
    assert_type(client, FlaskClient)
    with client:
        answer = client.post("/items", json={"a": 1}, query_string={"b": 2}, content_type="application/json")
        assert_type(answer, TestResponse)
        assert_type(answer.status_code, int)
        with client.session_transaction() as transaction:
            assert_type(transaction, SessionMixin)
            transaction["a"] = 1
    with app.test_client(use_cookies=False) as other:
        other.get("/added", headers={"X-A": "b"}, follow_redirects=True)
    runner = app.test_cli_runner()
    assert_type(runner, FlaskCliRunner)
    result = runner.invoke(args=["routes"])
    assert_type(result.output, str)
    return answer.get_json()


def sent(app: Flask) -> list[Response]:
    """`send_file` of each kind."""
    here = Path(__file__)
    return [
        flask.send_file(here, max_age=10, etag="a"),
        flask.send_file(str(here), as_attachment=True, download_name="a.py", conditional=False),
        flask.send_file(io.BytesIO(b"a"), mimetype="text/plain", last_modified=1.5),
        flask.send_file(here.open("rb"), "text/plain", etag=False, max_age=lambda name: 5),
        flask.send_from_directory(here.parent, here.name, as_attachment=True),
        flask.send_from_directory(str(here.parent), Path(here.name)),
        flask.jsonify(),
        flask.jsonify([1]),
        flask.jsonify(a=1),
        flask.jsonify(1, 2),
    ]


@flask.cli.pass_script_info
def told(info: ScriptInfo, number: int) -> Flask:
    assert number
    return info.load_app()


def create_app() -> Own:
    app = Own(__name__, greeting="Ahoi", static_folder=None)
    Greeter(app)
    Greeter().init_app(app)
    assigned(app)
    pages = OwnBlueprint("pages", __name__, url_prefix="/pages", template_folder="pages", static_folder=None)
    nested = Blueprint("nested", __name__)
    pages.jinja_loader = DictLoader({})
    pages.register_blueprint(nested, url_prefix="/nested")
    pages.record(lambda state: state.app.config.setdefault("PAGES", True))
    pages.record_once(lambda state: state.add_url_rule("/recorded", "recorded", lambda: "recorded"))
    pages.add_url_rule("/page/<name>", view_func=Page.as_view("page", "Hello"))
    pages.add_url_rule("/later/<slug:name>", view_func=Later.as_view("later"))
    items = Items.as_view("items")
    app.add_url_rule("/items", view_func=items, methods=["GET", "POST"])
    app.add_url_rule("/items/<int:number>", view_func=items, methods=["GET", "PUT", "DELETE"])
    app.register_blueprint(pages, url_defaults={})
    app.add_url_rule("/greet", view_func=lambda: flask.render_template("page.html"))
    return app


group = FlaskGroup(create_app=create_app)
serializer = TaggedJSONSerializer()
serializer.register(TagPath)
mounted = DispatcherMiddleware(Flask("front"), {"/back": Flask("back")})


def refused(app: Flask) -> None:
    """What the checkers say no to."""
    app.jinja_loader = "pages"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    app.json = DefaultJSONProvider  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    app.request_class = Response  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    app.session_interface = OwnSessions  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    app.view_functions["added"] = lambda: 1  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]
    flask.send_file(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    flask.abort("404")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
