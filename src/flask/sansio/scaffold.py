"""What an app and a blueprint both register: rules, hooks, error handlers, where their files lie.

Nothing here knows of a request, and no table is ever copied or compiled: the public dicts are the only record.
"""

from __future__ import annotations

import os
import typing as t
from collections import defaultdict
from functools import wraps

from werkzeug.exceptions import HTTPException, default_exceptions

from .. import typing as ft
from ..helpers import get_root_path
from ..templating import _default_template_ctx_processor
from ._packages import _find_package_path as _find_package_path
from ._packages import find_package as find_package

if t.TYPE_CHECKING:
    from click import Group
    from jinja2 import BaseLoader

    R = t.TypeVar("R")

    def cached_property(make: t.Callable[[t.Any], R]) -> R:
        """For type checkers a plain attribute: it can be assigned, which pyright believes of no kind of property."""
        raise NotImplementedError

else:
    from werkzeug.utils import cached_property

_sentinel = object()

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
T_route = t.TypeVar("T_route", bound=ft.RouteCallable)
T_before_request = t.TypeVar("T_before_request", bound=ft.BeforeRequestCallable)
T_after_request = t.TypeVar("T_after_request", bound=ft.AfterRequestCallable[t.Any])
T_teardown = t.TypeVar("T_teardown", bound=ft.TeardownCallable)
T_websocket = t.TypeVar("T_websocket", bound=ft.WebsocketCallable)
T_before_websocket = t.TypeVar("T_before_websocket", bound=ft.BeforeWebsocketCallable)
T_after_websocket = t.TypeVar("T_after_websocket", bound=ft.AfterWebsocketCallable)
T_error_handler = t.TypeVar("T_error_handler", bound=ft.ErrorHandlerCallable)
T_url_value_preprocessor = t.TypeVar("T_url_value_preprocessor", bound=ft.URLValuePreprocessorCallable)
T_url_defaults = t.TypeVar("T_url_defaults", bound=ft.URLDefaultCallable)
T_template_context_processor = t.TypeVar("T_template_context_processor", bound=ft.TemplateContextProcessorCallable)

_HANDLERS_TAKE = "Handlers can only be registered for Exception classes or HTTP error codes."


def setupmethod(f: F) -> F:
    """Mark a method as part of setting up: it first asks `_check_setup_finished` whether it still may run."""
    f_name = f.__name__

    @wraps(f)
    def checked(self: Scaffold, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self._check_setup_finished(f_name)
        return f(self, *args, **kwargs)

    return t.cast(F, checked)


def _endpoint_from_view_func(view_func: ft.RouteCallable | None) -> str:
    """Name an endpoint after its view function, as every rule does that was given no endpoint of its own."""
    assert view_func is not None, "expected view func if endpoint is not provided."
    return view_func.__name__


def _decorator(register: t.Callable[[F], object]) -> t.Callable[[F], F]:
    """Make a decorator that hands the function to `register` and gives the very same function back."""

    def decorator(f: F) -> F:
        register(f)
        return f

    return decorator


def _append(table: dict[ft.AppOrBlueprintKey, list[t.Any]], f: F) -> F:
    """Add a function to what a table holds for everything (its key None), and give it back."""
    table.setdefault(None, []).append(f)
    return f


def _handlers_by_code() -> defaultdict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]]:
    return defaultdict(dict)


class Scaffold:
    """What apps and blueprints have in common: a place on disk, and tables that the set-up methods fill.

    `import_name` is usually the `__name__` of the module that makes the object; `root_path` is found from it unless
    given. `static_folder` and `template_folder` may be relative to `root_path`.

    Each table maps None, or the name of a blueprint, to what was registered there. They are public, and read anew at
    every request: whoever changes one is heard at once.
    """

    # PERF: beyond 29 attributes CPython finds every one of an object more slowly, which is 9 % of a request. What few
    # apps set stands in the class, and what few ask for is made then: extensions bring attributes of their own.
    _static: tuple[str | None, dict[str, str]]  # the folder as it was set, and where it is, by what it was joined to
    _static_url_path: str | None = None
    template_folder: str | os.PathLike[str] | None = None
    name: str  # a blueprint is given it, an app finds it

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ):
        self.import_name = import_name
        self.root_path: str = get_root_path(import_name) if root_path is None else root_path
        if template_folder != self.template_folder:
            self.template_folder = template_folder
        self.static_folder = static_folder
        if static_url_path is not None:
            self.static_url_path = static_url_path

        self.view_functions: dict[str, ft.RouteCallable] = {}
        self.error_handler_spec: dict[
            ft.AppOrBlueprintKey, dict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]]
        ] = defaultdict(_handlers_by_code)
        self.before_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.BeforeRequestCallable]] = defaultdict(list)
        self.after_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.AfterRequestCallable[t.Any]]] = defaultdict(list)
        self.teardown_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.TeardownCallable]] = defaultdict(list)
        self.template_context_processors: dict[ft.AppOrBlueprintKey, list[ft.TemplateContextProcessorCallable]] = (
            defaultdict(list, {None: [_default_template_ctx_processor]})
        )
        self.url_value_preprocessors: dict[ft.AppOrBlueprintKey, list[ft.URLValuePreprocessorCallable]] = defaultdict(
            list
        )
        self.url_default_functions: dict[ft.AppOrBlueprintKey, list[ft.URLDefaultCallable]] = defaultdict(list)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError(f"{type(self).__name__} must say until when {f_name!r} may be called.")

    # Tables that few apps need

    @cached_property
    def before_websocket_funcs(self) -> dict[ft.AppOrBlueprintKey, list[ft.BeforeWebsocketCallable]]:
        """What `before_websocket` registered."""
        return defaultdict(list)

    @cached_property
    def after_websocket_funcs(self) -> dict[ft.AppOrBlueprintKey, list[ft.AfterWebsocketCallable]]:
        """What `after_websocket` registered."""
        return defaultdict(list)

    @cached_property
    def teardown_websocket_funcs(self) -> dict[ft.AppOrBlueprintKey, list[ft.TeardownCallable]]:
        """What `teardown_websocket` registered."""
        return defaultdict(list)

    @cached_property
    def cli(self) -> Group:
        """The commands of this app or blueprint, as a group that the `flask` command shows: `@app.cli.command()`."""
        # PERF: made when asked for: a server has no use for click, a tenth of what it takes to start.
        from ..cli import AppGroup

        return AppGroup(getattr(self, "name", None))

    # Files

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the static files, or None; assigned values may be relative to `root_path`."""
        folder, paths = self._static
        if folder is None:
            return None
        try:
            return paths[self.root_path]  # PERF: each request for a static file asks
        except KeyError:
            path = paths[self.root_path] = os.path.join(self.root_path, folder)
            return path

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static = None if value is None else os.fspath(value).rstrip("/\\"), {}

    @property
    def has_static_folder(self) -> bool:
        """Whether a static folder is set; the folder itself need not exist."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The URL prefix of the static files: the one that was set, else one named after the static folder."""
        if self._static_url_path is not None:
            return self._static_url_path
        folder = self.static_folder
        return None if folder is None else ("/" + os.path.basename(folder)).rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The loader of this object's own templates, made on first use; None without a `template_folder`."""
        if self.template_folder is None:
            return None
        from jinja2 import FileSystemLoader

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    # Rules

    def _method_route(self, method: str, rule: str, options: dict[str, t.Any]) -> t.Callable[[T_route], T_route]:
        if "methods" in options:
            raise TypeError("Use the 'route' decorator to use the 'methods' argument.")
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view for GET: `route` with `methods=["GET"]`."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view for POST: `route` with `methods=["POST"]`."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view for PUT: `route` with `methods=["PUT"]`."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view for DELETE: `route` with `methods=["DELETE"]`."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view for PATCH: `route` with `methods=["PATCH"]`."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Decorate a view to answer a URL rule; the options are those of `add_url_rule`."""
        # The endpoint is for the first function alone: applied again, the decorator names each after itself.
        return _decorator(lambda f: self.add_url_rule(rule, options.pop("endpoint", None), f, **options))

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Register a URL rule and, if given, the view of its endpoint.

        The endpoint is the view's `__name__` unless named; several rules may share one. Further options go to
        `werkzeug.routing.Rule`. `methods` is a list of names, else the view's attribute `methods`, else GET; HEAD comes
        with GET, and OPTIONS is answered automatically unless `provide_automatic_options` (an argument, or an attribute
        of the view) says otherwise.
        """
        raise NotImplementedError(f"{type(self).__name__} must say where rules go.")

    @setupmethod
    def endpoint(self, endpoint: str) -> t.Callable[[F], F]:
        """Decorate the view of an endpoint whose rule is added apart from it, with `add_url_rule`."""
        return _decorator(lambda f: self.view_functions.__setitem__(endpoint, f))

    @setupmethod
    def websocket(self, rule: str, **options: t.Any) -> t.Callable[[T_websocket], T_websocket]:
        """Decorate the function that answers the WebSockets of a URL rule; the options are those of `add_websocket`."""
        return _decorator(lambda f: self.add_websocket(rule, options.pop("endpoint", None), f, **options))

    @setupmethod
    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.WebsocketCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Register a URL rule for WebSockets and, if given, the function of its endpoint.

        It is a rule as any other, with `websocket=True` in the same `url_map`, and its function stands in
        `view_functions`; further options go to `werkzeug.routing.Rule`.
        """
        options["websocket"] = True
        options["_answers_websocket"] = True
        view = t.cast("ft.RouteCallable | None", view_func)
        self.add_url_rule(rule, endpoint, view, provide_automatic_options=False, **options)

    # Hooks

    @setupmethod
    def before_request(self, f: T_before_request) -> T_before_request:
        """Run a function before each request; what it returns, unless None, becomes the response and ends the round.

        On a blueprint: before the requests that the blueprint answers.
        """
        return _append(self.before_request_funcs, f)

    @setupmethod
    def after_request(self, f: T_after_request) -> T_after_request:
        """Run a function on each response before it is sent; it returns that response or another one.

        Not called when an exception went unhandled: `teardown_request` always is. On a blueprint: after the requests
        that the blueprint answers.
        """
        return _append(self.after_request_funcs, f)

    @setupmethod
    def teardown_request(self, f: T_teardown) -> T_teardown:
        """Run a function when the request's context is popped, with the exception that went unhandled or None.

        What it returns is ignored, and it must not fail. On a blueprint: for the requests that the blueprint answers.
        """
        return _append(self.teardown_request_funcs, f)

    @setupmethod
    def before_websocket(self, f: T_before_websocket) -> T_before_websocket:
        """Run a function before each WebSocket's own; what it returns, unless None, is the response that refuses it.

        On a blueprint: before those that the blueprint answers.
        """
        return _append(self.before_websocket_funcs, f)

    @setupmethod
    def after_websocket(self, f: T_after_websocket) -> T_after_websocket:
        """Run a function when a WebSocket's own has ended; given None, or else the response that refuses it.

        It returns that response, or another. Not called when an exception went unhandled after the WebSocket had been
        accepted: `teardown_websocket` always is. On a blueprint: for those that the blueprint answers.
        """
        return _append(self.after_websocket_funcs, f)

    @setupmethod
    def teardown_websocket(self, f: T_teardown) -> T_teardown:
        """Run a function when a WebSocket's context is popped, with the exception that went unhandled or None.

        Where the client has gone while the WebSocket's function ran, it is an `asyncio.CancelledError`. What it returns
        is ignored, and it must not fail. On a blueprint: for those that the blueprint answers.
        """
        return _append(self.teardown_websocket_funcs, f)

    @setupmethod
    def context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Add what a function returns, a dict, to the variables of every template.

        On a blueprint: of the templates that its views render.
        """
        return _append(self.template_context_processors, f)

    @setupmethod
    def url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Run a function on the endpoint and the values of a matched URL before any `before_request`.

        It changes the dict of values in place. On a blueprint: for the requests that the blueprint answers.
        """
        return _append(self.url_value_preprocessors, f)

    @setupmethod
    def url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Run a function on an endpoint and its values before a URL is built; it adds to the dict in place.

        On a blueprint: for the endpoints of the blueprint.
        """
        return _append(self.url_default_functions, f)

    # Errors

    @setupmethod
    def errorhandler(self, code_or_exception: type[Exception] | int) -> t.Callable[[T_error_handler], T_error_handler]:
        """Decorate the function that answers an error, given as an HTTP status code or a class of exceptions.

        It is called with the exception and returns what a view may return. On a blueprint: for errors raised while the
        blueprint answers, which leaves out a URL that nothing matches.
        """
        return _decorator(lambda f: self.register_error_handler(code_or_exception, f))

    @setupmethod
    def register_error_handler(self, code_or_exception: type[Exception] | int, f: ft.ErrorHandlerCallable) -> None:
        """Register the function that answers an error: `errorhandler` without the decorator."""
        kind, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][kind] = f

    @staticmethod
    def _get_exc_class_and_code(exc_class_or_code: type[Exception] | int) -> tuple[type[Exception], int | None]:
        """Turn what a handler was registered for into a class and, for HTTP errors, the status code of that class."""
        kind: t.Any = exc_class_or_code
        if isinstance(kind, int):
            kind = default_exceptions.get(kind)
            if kind is None:
                raise ValueError(
                    f"'{exc_class_or_code}' is not a recognized HTTP error code."
                    " Use a subclass of HTTPException with that code instead."
                )
        elif isinstance(kind, Exception):
            raise TypeError(f"{kind!r} is an instance, not a class. {_HANDLERS_TAKE}")
        if not issubclass(kind, Exception):
            raise ValueError(f"'{kind.__name__}' is not a subclass of Exception. {_HANDLERS_TAKE}")
        return kind, kind.code if issubclass(kind, HTTPException) else None
