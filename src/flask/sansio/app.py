"""What only an app sets up: its configuration, its URL map, its template environment, its blueprints.

Nothing here serves a request: whatever needs a context, an environ or a response body belongs to `flask.app`.
"""

from __future__ import annotations

import os
import sys
import typing as t
from datetime import timedelta

from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError, HTTPException
from werkzeug.routing import BuildError, Map, Rule

from .. import typing as ft
from .._contracts import original, stock
from .._redirects import redirect
from .._routing import Rule as _Rule
from ..config import Config, ConfigAttribute
from ..ctx import AppGlobals, _AppCtxGlobals
from ..debughelpers import _explain_unbuilt_url
from ..helpers import _split_blueprint_path, get_debug_flag
from ..json.provider import DefaultJSONProvider, JSONProvider
from ..logging import create_logger
from .scaffold import (
    Scaffold,
    T_teardown,
    _decorator,
    _endpoint_from_view_func,
    cached_property,
    find_package,
    setupmethod,
)

if t.TYPE_CHECKING:
    import logging
    from collections.abc import ValuesView

    from werkzeug.wrappers import Response as BaseResponse

    from ..templating import DispatchingJinjaLoader, Environment
    from ..testing import FlaskClient, FlaskCliRunner
    from ..websockets import WebSocket
    from .blueprints import Blueprint

T_shell_context_processor = t.TypeVar("T_shell_context_processor", bound=ft.ShellContextProcessorCallable)
T_template_filter = t.TypeVar("T_template_filter", bound=ft.TemplateFilterCallable)
T_template_test = t.TypeVar("T_template_test", bound=ft.TemplateTestCallable)
T_template_global = t.TypeVar("T_template_global", bound=ft.TemplateGlobalCallable)
T_serving = t.TypeVar("T_serving", bound=ft.ServingCallable)
T_while_serving = t.TypeVar("T_while_serving", bound=ft.WhileServingCallable)

_TOO_LATE = (
    "The setup method {!r} can no longer be called on the application. It has already handled its first request,"
    " any changes will not be applied consistently.\n"
    "Make sure all imports, decorators, functions, etc. needed to set up the application are done before running it."
)
_AUTOESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")
_DEFAULT_METHODS = ("GET",)


def _make_timedelta(value: timedelta | int | None) -> timedelta | None:
    """Read a setting that is a timedelta, or a number of seconds."""
    if value is None or isinstance(value, timedelta):
        return value
    return timedelta(seconds=value)


class _JinjaEnvironment:
    """`App.jinja_environment` where nobody set one: looked up when asked for, so that Jinja is imported only then."""

    def __get__(self, app: App | None, kind: type[App]) -> type[Environment]:
        from ..templating import Environment

        return Environment


class _WebSocketClass:
    """`Flask.websocket_class` where nobody set one: looked up when asked for, so that it is imported only then."""

    def __get__(self, app: App | None, kind: type[App]) -> type[WebSocket]:
        from ..websockets import WebSocket

        return WebSocket


class App(Scaffold):
    """An application as far as it can be set up without knowing how requests come in.

    `flask.Flask` adds WSGI; other frameworks add theirs. The class attributes are meant to be overridden: each names
    the class, or the options, that the app uses for the thing concerned.

    `static_host` is for whoever adds the route of the static files. `instance_path` must be absolute, and is searched
    for beside the package, or under the installation prefix, unless given. `instance_relative_config` has configuration
    files looked for there instead of in `root_path`.
    """

    config_class = Config
    url_map_class = Map
    url_rule_class: type[Rule] = _Rule
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    aborter_class = Aborter
    app_ctx_globals_class: type[AppGlobals] = _AppCtxGlobals
    jinja_environment: type[Environment] = t.cast("type[Environment]", _JinjaEnvironment())
    #: The class of what `flask.websocket` stands for. Replace it by a subclass to extend it.
    websocket_class: type[WebSocket] = t.cast("type[WebSocket]", _WebSocketClass())
    #: Options for `jinja_environment`; changes after the environment was first used are not seen.
    jinja_options: dict[str, t.Any] = {}
    #: None: the classes of `flask.testing`, imported only when a test asks for one.
    test_client_class: type[FlaskClient] | None = None
    test_cli_runner_class: type[FlaskCliRunner] | None = None

    # Whoever adds a protocol says what these are.
    response_class: type[BaseResponse]
    default_config: dict[str, t.Any]

    testing: ConfigAttribute[bool] = ConfigAttribute("TESTING")
    secret_key: ConfigAttribute[str | bytes | None] = ConfigAttribute("SECRET_KEY")
    permanent_session_lifetime: ConfigAttribute[timedelta] = ConfigAttribute(
        "PERMANENT_SESSION_LIFETIME",
        get_converter=_make_timedelta,  # type: ignore[arg-type]  # None stays None, for who sets it
    )

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(import_name, static_folder, static_url_path, template_folder, root_path)

        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError("If an instance path is provided it must be absolute. A relative path was given instead.")
        self.instance_path = instance_path
        self.config = self.make_config(instance_relative_config)
        self.aborter: Aborter = self.make_aborter()
        self.json: JSONProvider = self.json_provider_class(self)

        self.url_map: Map = self.url_map_class(host_matching=host_matching)
        if subdomain_matching:
            self.subdomain_matching = True
        self._got_first_request = False
        #: For extensions: what they keep with the app, under their own name.
        self.extensions: dict[str, t.Any] = {}
        #: Each blueprint under every name that it was registered with, in order of registration.
        self.blueprints: dict[str, Blueprint] = {}
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(_TOO_LATE.format(f_name))

    # What it is made of; as in `Scaffold`, what few apps need is there when it is asked for.

    subdomain_matching: bool = False
    template_folder = "templates"

    @cached_property
    def shell_context_processors(self) -> list[ft.ShellContextProcessorCallable]:
        """What `shell_context_processor` registered."""
        return []

    @cached_property
    def url_build_error_handlers(self) -> list[t.Callable[[Exception, str, dict[str, t.Any]], str]]:
        """Asked in turn for a URL that could not be built: called with the error, the endpoint and the values."""
        return []

    _may_have_serving_functions = False  # whether somebody has asked for one of the lists

    @cached_property
    def before_serving_funcs(self) -> list[ft.ServingCallable]:
        """What `before_serving` registered."""
        self._may_have_serving_functions = True
        return []

    @cached_property
    def while_serving_gens(self) -> list[ft.WhileServingCallable]:
        """What `while_serving` registered."""
        self._may_have_serving_functions = True
        return []

    @cached_property
    def after_serving_funcs(self) -> list[ft.ServingCallable]:
        """What `after_serving` registered."""
        self._may_have_serving_functions = True
        return []

    def _has_serving_functions(self) -> bool:
        own = self.__dict__
        return bool(own.get("before_serving_funcs") or own.get("while_serving_gens") or own.get("after_serving_funcs"))

    @cached_property
    def name(self) -> str:
        """The name in logs and on the command line: the import name, or the script's file name for `__main__`."""
        script = getattr(sys.modules["__main__"], "__file__", None) if self.import_name == "__main__" else None
        return self.import_name if script is None else os.path.splitext(os.path.basename(script))[0]

    @cached_property
    def logger(self) -> logging.Logger:
        """The standard logger named after the app; it gets a handler of its own only if nothing would print it."""
        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """The template environment, made by `create_jinja_environment` on first use."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        """Make the template environment: for whoever adds a protocol, since its globals need a request."""
        raise NotImplementedError(f"{type(self).__name__} must make its own template environment.")

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make the configuration from `default_config`, `DEBUG` as the environment says (`FLASK_DEBUG`)."""
        root_path = self.instance_path if instance_relative else self.root_path
        return self.config_class(root_path, {**self.default_config, "DEBUG": get_debug_flag()})

    def make_aborter(self) -> Aborter:
        """Make the object behind `flask.abort`; override it to register further codes."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """Say where the instance folder is: under `var` of the prefix if the app is installed, else beside it."""
        prefix, path = find_package(self.import_name)
        if prefix is None:
            return os.path.join(path, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Make the loader that asks the app's `jinja_loader` first, then those of its blueprints."""
        from ..templating import DispatchingJinjaLoader

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether a template is escaped: HTML, XML and SVG by their suffix, and whatever comes from a string."""
        return filename is None or filename.endswith(_AUTOESCAPED) or filename.lower().endswith(_AUTOESCAPED)

    @property
    def debug(self) -> bool:
        """Whether debug mode is on: the setting `DEBUG`. Setting it also has templates reloaded when they change.

        Only before the first request, and unless `TEMPLATES_AUTO_RELOAD` says otherwise.
        """
        return self.config["DEBUG"]

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None:
            self.jinja_env.auto_reload = value

    # Registration

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Register a blueprint: its rules, hooks and handlers, under its name or under the option `name`.

        `url_prefix`, `subdomain`, `url_defaults`, `cli_group` override what the blueprint was made with; everything is
        passed to the functions that the blueprint recorded.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> ValuesView[Blueprint]:
        """The registered blueprints in order of registration, one for each name."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        answers_websocket = options.pop("_answers_websocket", False)
        methods, automatic = self._rule_methods(view_func, options.pop("methods", None), provide_automatic_options)
        made = self.url_rule_class(rule, methods=methods, endpoint=endpoint, **options)
        made.provide_automatic_options = automatic  # type: ignore[attr-defined]  # read back when OPTIONS is asked for
        if answers_websocket:  # other rules for WebSockets have views that find the socket in a WSGI environment
            made._answers_websocket = True  # type: ignore[attr-defined]
        self.url_map.add(made)
        if view_func is not None:
            known = self.view_functions.get(endpoint)
            if known is not None and known != view_func:
                raise AssertionError(f"View function mapping is overwriting an existing endpoint function: {endpoint}")
            self.view_functions[endpoint] = view_func

    def _rule_methods(
        self, view_func: ft.RouteCallable | None, methods: t.Iterable[str] | None, automatic: bool | None
    ) -> tuple[set[str], bool]:
        """The methods of a rule, and whether its OPTIONS is answered for it: arguments first, then the view's marks."""
        if methods is None:
            marked: t.Iterable[str] | None = getattr(view_func, "methods", None)
            methods = marked or _DEFAULT_METHODS
        if isinstance(methods, str):
            raise TypeError('Allowed methods must be a list of strings, for example: @app.route(..., methods=["POST"])')
        chosen = {method.upper() for method in methods}
        if automatic is None:
            automatic = getattr(view_func, "provide_automatic_options", None)
        if automatic is None:
            automatic = "OPTIONS" not in chosen and bool(self.config["PROVIDE_AUTOMATIC_OPTIONS"])
            if automatic:
                chosen.add("OPTIONS")
        chosen.update(getattr(view_func, "required_methods", ()))
        return chosen, automatic

    @setupmethod
    def template_filter(self, name: str | None = None) -> t.Callable[[T_template_filter], T_template_filter]:
        """Decorate a template filter, named after the function unless a name is given."""
        return _decorator(lambda f: self.add_template_filter(f, name=name))

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Register a template filter, named after the function unless a name is given."""
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(self, name: str | None = None) -> t.Callable[[T_template_test], T_template_test]:
        """Decorate a template test, named after the function unless a name is given."""
        return _decorator(lambda f: self.add_template_test(f, name=name))

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Register a template test, named after the function unless a name is given."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(self, name: str | None = None) -> t.Callable[[T_template_global], T_template_global]:
        """Decorate a function for templates to call, under its own name unless one is given."""
        return _decorator(lambda f: self.add_template_global(f, name=name))

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Register a function for templates to call, under its own name unless one is given."""
        self.jinja_env.globals[name or f.__name__] = f

    @setupmethod
    def teardown_appcontext(self, f: T_teardown) -> T_teardown:
        """Run a function when an app context is popped, with the exception that went unhandled or None.

        With a request that is after `teardown_request`. What it returns is ignored, and it must not fail.
        """
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: T_shell_context_processor) -> T_shell_context_processor:
        """Add what a function returns, a dict, to the names of the `flask shell`."""
        self.shell_context_processors.append(f)
        return f

    @setupmethod
    def before_serving(self, f: T_serving) -> T_serving:
        """Run a function once in each process that serves, before its first request, in an app context.

        What it makes on the event loop, such as a pool of connections, works in every request. If it fails, so does
        the start of the server; under WSGI, the request that it ran for.
        """
        self.before_serving_funcs.append(f)
        return f

    @setupmethod
    def while_serving(self, f: T_while_serving) -> T_while_serving:
        """Run a generator function with one `yield`: to there before the first request, the rest after the last.

        Its app context is kept for the whole time. Such functions begin after those of `before_serving`, and end after
        those of `after_serving`, the last that began first.
        """
        self.while_serving_gens.append(f)
        return f

    @setupmethod
    def after_serving(self, f: T_serving) -> T_serving:
        """Run a function once when a process has served its last request, in an app context.

        All run, in the order of their registration; errors are logged.
        """
        self.after_serving_funcs.append(f)
        return f

    # What the tables answer

    def _find_error_handler(self, e: Exception, blueprints: list[str]) -> ft.ErrorHandlerCallable | None:
        """Find the handler of an exception, the blueprints given from the innermost out.

        Handlers of its status code come before those of a class alone; among them the innermost blueprint's before the
        app's; among those the one for the nearest class of its MRO.
        """
        tables = self.error_handler_spec
        if not tables:
            return None
        kind: t.Any = type(e)
        code = kind.code if isinstance(e, HTTPException) else None
        names: tuple[str | None, ...] = (*blueprints, None) if blueprints else (None,)
        for wanted in (None,) if code is None else (code, None):
            for name in names:
                table = tables.get(name)
                by_class = table.get(wanted) if table else None
                if by_class:
                    found = by_class.get(kind)  # PERF: most are registered for the very class
                    if found is not None:
                        return found
                    for base in kind.__mro__:
                        found = by_class.get(base)
                        if found is not None:
                            return found
        return None

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP error is to be treated as an ordinary exception, so that it reaches the debugger.

        All are with `TRAP_HTTP_EXCEPTIONS`, 400s with `TRAP_BAD_REQUEST_ERRORS`; in debug mode a missing form key is,
        unless the latter setting says no.
        """
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trapped = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trapped is None:
            return isinstance(e, BadRequestKeyError) and self.debug
        return bool(trapped) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether an exception is none of the teardown functions' business; override it, it never is by default."""
        return False

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """Make the response that sends a client elsewhere, of the app's `response_class`."""
        kind = self.response_class
        return redirect(location, code, kind, kind is stock.response_class and kind.__init__ is stock.response_init)

    @original
    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None:
        """Have the `url_defaults` functions add to the values that a URL is built from, the app's first."""
        functions = self.url_default_functions
        if not functions:
            return
        blueprint, dot, _ = endpoint.rpartition(".")
        for name in (None, *reversed(_split_blueprint_path(blueprint))) if dot else (None,):
            if name in functions:
                for add_defaults in functions[name]:
                    add_defaults(endpoint, values)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, t.Any]) -> str:
        """Ask the `url_build_error_handlers` for a URL that could not be built: the first answer that is not None.

        A handler may raise a BuildError of its own; the last one is raised if none of them answers.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as raised:
                error = raised
            else:
                if url is not None:
                    return url
        if self.debug:
            _explain_unbuilt_url(self, error, endpoint, values)
        raise error


stock.secret_key = App.secret_key
stock.permanent_session_lifetime = App.permanent_session_lifetime
