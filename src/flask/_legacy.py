"""What Flask's removed names mean: each under its own name, whichever module it is looked for in.

Imported at the first look at one of them, and by nobody inside the house. Which are there, and what is said then, is
for `_removed` and `_former` to decide.
"""

from __future__ import annotations

import json
import os
import threading
import typing as t
from contextvars import ContextVar
from datetime import timedelta
from json import detect_encoding as detect_encoding

from markupsafe import Markup as Markup
from markupsafe import escape as escape
from werkzeug.exceptions import NotFound
from werkzeug.local import LocalStack as LocalStack
from werkzeug.security import safe_join as _safe_join
from werkzeug.utils import cached_property

from . import typing as ft
from ._removed import warn_of_argument
from .blueprints import Blueprint
from .config import Config as Config
from .config import ConfigAttribute as ConfigAttribute
from .ctx import AppContext, RequestContext, _settle
from .ctx import _AppCtxGlobals as _AppCtxGlobals
from .globals import _cv_app, _cv_request, _find_app_ctx, _find_request_ctx, current_app
from .globals import _no_app_message as _app_ctx_err_msg
from .globals import _no_request_message as _request_ctx_err_msg
from .helpers import _split_blueprint_path as _split_blueprint_path
from .helpers import url_for as url_for
from .json import dumps, loads
from .json import jsonify as jsonify
from .json.provider import DefaultJSONProvider as DefaultJSONProvider
from .json.provider import JSONProvider as JSONProvider
from .json.provider import _default
from .logging import create_logger as create_logger
from .sansio.blueprints import DeferredSetupFunction as DeferredSetupFunction
from .sansio.scaffold import Scaffold as Scaffold
from .sansio.scaffold import _endpoint_from_view_func as _endpoint_from_view_func
from .sansio.scaffold import _find_package_path as _find_package_path
from .sansio.scaffold import find_package as find_package
from .sansio.scaffold import setupmethod as setupmethod
from .sessions import SecureCookieSession as Session
from .templating import DispatchingJinjaLoader as DispatchingJinjaLoader
from .templating import _default_template_ctx_processor as _default_template_ctx_processor
from .views import MethodView, http_method_funcs

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .app import Flask
    from .testing import FlaskClient

__all__ = ["Session", "_app_ctx_err_msg", "_request_ctx_err_msg"]

json_available = True
signals_available = True

# ---- contexts


class _Stack:
    """One of the two stacks of contexts: `top` is what is current, whoever made it so.

    `push` and `pop` change what is current, and neither enters a context nor ends it: that is `context.push()`.
    """

    def __init__(self, name: str, variable: t.Any) -> None:
        self._variable = variable
        self._below: ContextVar[tuple[t.Any, ...]] = ContextVar(name, default=())

    @property
    def top(self) -> t.Any:
        """The current context, or None."""
        return self._variable.get(None)

    def push(self, context: t.Any) -> None:
        """Make a context, or an object that does as one, the current one."""
        self._below.set((self.top, *self._below.get()))
        self._variable.set(context)

    def pop(self) -> t.Any:
        """Make current what was so before, and return what was; None where nothing is."""
        context = self.top
        if self._below.get():
            below, *others = self._below.get()
            self._below.set(tuple(others))
        else:
            below = _below(context)
        if self._variable is _cv_app:
            _settle(below, _cv_request.get(None))
        else:
            _settle(_cv_app.get(None), below)
        return context

    @property
    def __ident_func__(self) -> t.Callable[[], int]:
        """What tells one user of the stack from another: Flask-SQLAlchemy keeps its sessions by it."""
        return _identity


def _below(context: t.Any) -> t.Any:
    """The context of the same kind that is current again once this one is left."""
    pushes: t.Any = context._pushes if isinstance(context, (AppContext, RequestContext)) else None
    if not pushes:
        return None
    return pushes[1]._top_request_ctx if isinstance(context, RequestContext) else pushes[-1][1]._top_app_ctx


def _identity() -> int:
    """The current app context, which a request keeps in whichever thread it runs; without one, the thread."""
    context: t.Any = _cv_app.get(None)
    return threading.get_ident() if context is None else id(context)


_app_ctx_stack = _Stack("flask.legacy.app_ctx_stack", _cv_app)
_request_ctx_stack = _Stack("flask.legacy.request_ctx_stack", _cv_request)


def _find_app() -> Flask:
    """The current app itself, or `RuntimeError`."""
    return _find_app_ctx().app


def _lookup_app_object(name: str) -> t.Any:
    """An attribute of the current app context, or `RuntimeError` without one."""
    return getattr(_find_app_ctx(), name)


def _lookup_req_object(name: str) -> t.Any:
    """An attribute of the current request context, or `RuntimeError` without one."""
    return getattr(_find_request_ctx(), name)


# ---- small things


class locked_cached_property(cached_property[t.Any]):
    """A property that is made once, also where threads ask for it at the same time."""

    def __init__(self, fget: t.Callable[[t.Any], t.Any], name: str | None = None, doc: str | None = None) -> None:
        super().__init__(fget, name=name, doc=doc)
        self._lock = threading.RLock()

    def __get__(self, obj: t.Any, type: t.Any = None) -> t.Any:
        if obj is None:
            return self
        with self._lock:
            return super().__get__(obj, type)

    def __set__(self, obj: t.Any, value: t.Any) -> None:
        with self._lock:
            super().__set__(obj, value)

    def __delete__(self, obj: t.Any) -> None:
        with self._lock:
            super().__delete__(obj)


def safe_join(directory: str, *pathnames: str) -> str:
    """Join paths to one below a directory; `werkzeug.exceptions.NotFound` where they lead out of it."""
    path = _safe_join(directory, *pathnames)
    if path is None:
        raise NotFound()
    return path


def total_seconds(td: timedelta) -> int:
    """The whole seconds of a time span."""
    return td.days * 24 * 60 * 60 + td.seconds


def get_env() -> str:
    """What `FLASK_ENV` says, by default `production`. Nothing else follows from it."""
    return os.environ.get("FLASK_ENV") or "production"


def is_ip(value: str) -> bool:
    """Whether a text is an IP address."""
    import ipaddress

    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def explain_ignored_app_run() -> None:
    """Warn that `app.run` does nothing within the `flask` command."""
    from warnings import warn

    if os.environ.get("WERKZEUG_RUN_MAIN") != "true":
        warn("'app.run()' is ignored here, since the app was loaded by the 'flask' command.", stacklevel=3)


class _PackageBoundObject(Scaffold):
    """Something that lies in a package: what apps and blueprints had in common before `Scaffold`."""

    def __init__(self, import_name: str, template_folder: str | None = None, root_path: str | None = None) -> None:
        super().__init__(import_name, template_folder=template_folder, root_path=root_path)
        self.name = import_name

    get_send_file_max_age: t.Any = Blueprint.get_send_file_max_age
    send_static_file: t.Any = Blueprint.send_static_file
    open_resource: t.Any = Blueprint.open_resource


class JSONMixin:
    """Nothing: requests and responses read JSON themselves."""


class _KindOfMethodView(type):
    def __instancecheck__(cls, instance: t.Any) -> bool:
        return isinstance(instance, type) and issubclass(instance, MethodView)


class MethodViewType(type, metaclass=_KindOfMethodView):
    """The class of classes whose methods are named after those of HTTP. Every `MethodView` counts as one."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, t.Any]) -> None:
        super().__init__(name, bases, namespace)
        if "methods" in namespace:
            return
        methods = {method for base in bases for method in getattr(base, "methods", None) or ()}
        methods.update(method.upper() for method in http_method_funcs if hasattr(cls, method))
        if methods:
            cls.methods = methods


def make_test_environ_builder(
    app: Flask,
    path: str = "/",
    base_url: str | None = None,
    subdomain: str | None = None,
    url_scheme: str | None = None,
    *args: t.Any,
    **kwargs: t.Any,
) -> t.Any:
    """What `flask.testing.EnvironBuilder` makes of the same arguments."""
    from .testing import EnvironBuilder

    return EnvironBuilder(app, path, base_url, subdomain, url_scheme, *args, **kwargs)


def client_open(
    client: FlaskClient, args: tuple[t.Any, ...], kwargs: dict[str, t.Any], buffered: bool, follow_redirects: bool
) -> t.Any:
    """`FlaskClient.open` with the argument `as_tuple`: the request's environment and the response."""
    warn_of_argument("testing.FlaskClient.open", "as_tuple")
    as_tuple = kwargs.pop("as_tuple")
    response = client.open(*args, buffered=buffered, follow_redirects=follow_redirects, **kwargs)
    return (response.request.environ, response) if as_tuple else response


# ---- types

HeaderName = str
StatusCode = int
GenericException = t.TypeVar("GenericException", bound=Exception, contravariant=True)
ViewCallable = ft.RouteCallable
RouteDecorator = t.Callable[[ft.RouteCallable], ft.RouteCallable]
ErrorHandlerDecorator = t.TypeVar("ErrorHandlerDecorator", bound=ft.ErrorHandlerCallable)

# ---- the command


def call_factory(
    script_info: t.Any, app_factory: t.Callable[..., Flask], args: t.Sequence[t.Any] | None = None, kwargs: t.Any = None
) -> Flask:
    """Make an app by its factory, which is given the `ScriptInfo` if it has a parameter of this name."""
    import inspect

    kwargs = dict(kwargs or {})
    if "script_info" in inspect.signature(app_factory).parameters:
        kwargs["script_info"] = script_info
    return app_factory(*args or (), **kwargs)


class DispatchingApp:
    """A WSGI application that is loaded when it is first asked, or at once with `use_eager_loading`.

    Where loading fails each request meets the error anew.
    """

    def __init__(self, loader: t.Callable[[], t.Any], use_eager_loading: bool | None = None) -> None:
        self.loader = loader
        self._app: t.Any = None
        self._lock = threading.Lock()
        if use_eager_loading:
            self._load()

    def _load(self) -> t.Any:
        with self._lock:
            if self._app is None:
                self._app = self.loader()
            return self._app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> t.Any:
        return self._load()(environ, start_response)


# ---- JSON


class JSONEncoder(json.JSONEncoder):
    """Writes dates, UUIDs, decimals, dataclasses and what has `__html__`, as `DefaultJSONProvider` does."""

    def default(self, o: t.Any) -> t.Any:
        """What to serialise in place of a value that the json library cannot serialise, or `TypeError`."""
        return _default(o)


class JSONDecoder(json.JSONDecoder):
    """The json library's decoder."""


def _dump_arg_defaults(kwargs: dict[str, t.Any], app: Flask | None = None) -> None:
    """Complete arguments for `json.dumps` by what an app, by default the current one, has."""
    provider: t.Any = (app or current_app).json if app or current_app else None
    kwargs.setdefault("default", getattr(provider, "default", _default))
    kwargs.setdefault("ensure_ascii", getattr(provider, "ensure_ascii", True))
    kwargs.setdefault("sort_keys", getattr(provider, "sort_keys", True))


def _load_arg_defaults(kwargs: dict[str, t.Any], app: Flask | None = None) -> None:
    """Complete arguments for `json.loads` by what an app has: there is nothing left to say."""


def htmlsafe_dumps(obj: t.Any, **kwargs: t.Any) -> Markup:
    """JSON that may stand in HTML, also within `<script>`."""
    from jinja2.utils import htmlsafe_json_dumps

    return htmlsafe_json_dumps(obj, dumps=kwargs.pop("dumps", dumps), **kwargs)


# The functions of `flask.json` with the arguments that they once had.


def json_dumps(obj: t.Any, app: Flask | None = None, encoding: str | None = None, **kwargs: t.Any) -> t.Any:
    """`flask.json.dumps` by a given app; with an encoding, as bytes."""
    _warn_of("json.dumps", app, encoding)
    text = dumps(obj, **kwargs) if app is None else app.json.dumps(obj, **kwargs)
    return text if encoding is None else text.encode(encoding)


def json_dump(
    obj: t.Any, fp: t.IO[t.Any], app: Flask | None = None, encoding: str | None = None, **kwargs: t.Any
) -> None:
    """`flask.json.dump` by a given app; with an encoding, to a file of bytes."""
    fp.write(json_dumps(obj, app, encoding, **kwargs))


def json_loads(s: str | bytes, app: Flask | None = None, encoding: str | None = None, **kwargs: t.Any) -> t.Any:
    """`flask.json.loads` by a given app, of bytes in any encoding."""
    _warn_of("json.loads", app, encoding)
    if encoding is not None and isinstance(s, bytes):
        s = s.decode(encoding)
    return loads(s, **kwargs) if app is None else app.json.loads(s, **kwargs)


def _warn_of(function: str, app: Flask | None, encoding: str | None) -> None:
    if app is not None:
        warn_of_argument(function, "app")
    if encoding is not None:
        warn_of_argument(function, "encoding")


_jinja_htmlsafe_dumps = tojson_filter = htmlsafe_dumps


def htmlsafe_dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write JSON that may stand in HTML to a text file."""
    fp.write(htmlsafe_dumps(obj, **kwargs))
