"""`import flask.legacy`, before all else, brings back what Flask removed and what extensions tell an old Flask by.

For applications with extensions that nobody maintains. All of it warns of its deprecation. It changes every app of the
process, so a library must never import it. `FLASK_LEGACY=1` in the process's environment does the same.
"""

from __future__ import annotations

import importlib
import io
import json as _json
import os
import sys
import threading
import typing as t
from collections import abc
from functools import update_wrapper
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from weakref import WeakSet

from werkzeug.datastructures import ImmutableDict

from . import _former, _legacy, _removed
from .app import Flask
from .blueprints import Blueprint
from .config import Config
from .ctx import RequestContext
from .globals import _now
from .json import _strict
from .json.provider import DefaultJSONProvider
from .sansio import scaffold as _scaffold
from .sansio.app import App, _make_timedelta
from .sansio.blueprints import Blueprint as _SansioBlueprint
from .wrappers import Request

__all__: list[str] = []


def _tell(message: str) -> None:
    """Warn; where deprecations are errors, it is the error of Flask 3.1."""
    try:
        _removed.warn(message)
    except DeprecationWarning as error:
        raise AttributeError(message) from error


def _warn(name: str) -> None:
    since, instead = _removed.ATTRIBUTES[name]
    _tell(f"The attribute {name!r} was removed in Flask {since}: use {instead}.")


# ---- attributes


def _method(function: t.Callable[..., t.Any]) -> t.Any:
    """The function as a method that warns at each call."""
    name = function.__name__.removeprefix("_")

    def method(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        _warn(name)
        return function(self, *args, **kwargs)

    return update_wrapper(method, function)


def _property(
    name: str, read: t.Callable[[t.Any], t.Any], write: t.Callable[[t.Any, t.Any], None] | None = None
) -> t.Any:
    """A property that warns when it is read or set."""

    def get(self: t.Any) -> t.Any:
        _warn(name)
        return read(self)

    def set_(self: t.Any, value: t.Any) -> None:
        _warn(name)
        t.cast("t.Any", write)(self, value)

    return property(get, None if write is None else set_)


def _setting(name: str, key: str, convert: t.Callable[[t.Any], t.Any] = lambda value: value) -> t.Any:
    """A property for one key of `app.config`."""
    return _property(name, lambda app: convert(app.config[key]), lambda app, value: app.config.__setitem__(key, value))


class _Class:
    """The attribute `json_encoder` or `json_decoder` of an app or blueprint that says nothing of it itself."""

    def __init__(self, name: str, default: type | None) -> None:
        self._name = name
        self._default = default

    def __get__(self, obj: t.Any, owner: type | None = None) -> t.Any:
        _warn(self._name)
        return self._default if obj is None else vars(obj).get(self._name, self._default)

    def __set__(self, obj: t.Any, value: t.Any) -> None:
        _warn(self._name)
        vars(obj)[self._name] = value


def _said_by(obj: t.Any, name: str) -> t.Any:
    """The encoder or decoder that somebody has set on an app or blueprint, or on a class of it; else None."""
    if name in vars(obj):
        return vars(obj)[name]
    for kind in obj.__class__.__mro__:  # not `type`: a provider holds its app by a proxy
        if name in vars(kind):
            return None if isinstance(vars(kind)[name], _Class) else vars(kind)[name]
    return None


_running = threading.RLock()
_begun: WeakSet[Flask] = WeakSet()


def _functions_of(app: Flask) -> list[t.Any]:
    functions: list[t.Any] = vars(app).setdefault("before_first_request_funcs", [])
    return functions


def _run_first(app: Flask) -> None:
    """Run the functions of `before_first_request` once; where one fails, all run again with the next request."""
    functions = _functions_of(app)
    if not functions:
        return

    def run() -> None:
        with _running:
            if app not in _begun:
                _begun.add(app)
                try:
                    for function in functions:
                        app.ensure_sync(function)()
                except BaseException:
                    _begun.discard(app)
                    raise

    context = _now()._top_request_ctx
    if context is None or context._exchange is None:
        run()
    else:
        context._exchange.in_thread(run)  # whoever waits for the lock must not hold up the loop


def _know_registered(self: Flask) -> None:
    _run_first(self)
    _own_know_registered(self)


_own_know_registered = Flask._know_registered


def _before_first_request(self: Flask, f: t.Any) -> t.Any:
    self._check_setup_finished("before_first_request")
    _functions_of(self).append(f)
    return f


def _before_app_first_request(self: Blueprint, f: t.Any) -> t.Any:
    self.record_once(lambda state: _functions_of(t.cast(Flask, state.app)).append(f))
    return f


def _try_trigger_before_first_request_functions(self: Flask) -> None:
    if not self._got_first_request:
        _run_first(self)


def _make_null_session(self: Flask) -> t.Any:
    return self.session_interface.make_null_session(self)


def _open_session(self: Flask, request: t.Any) -> t.Any:
    return self.session_interface.open_session(self, request)


def _save_session(self: Flask, session: t.Any, response: t.Any) -> None:
    self.session_interface.save_session(self, session, response)


def _from_json(self: Config, filename: str, silent: bool = False) -> bool:
    return self.from_file(filename, _json.load, silent=silent)


def _auto_pop(self: RequestContext, exc: BaseException | None) -> None:
    self.pop(exc)


def _set_g(self: RequestContext, value: t.Any) -> None:
    self._top_app_ctx.g = value


def _propagates(app: Flask) -> bool:
    value: bool | None = app.config["PROPAGATE_EXCEPTIONS"]
    return app.testing or app.debug if value is None else value


def _preserves(app: Flask) -> bool:
    value: bool | None = app.config.get("PRESERVE_CONTEXT_ON_EXCEPTION")
    return app.debug if value is None else value


def _reload_templates(app: Flask, value: bool) -> None:
    app.config["TEMPLATES_AUTO_RELOAD"] = value
    app.jinja_env.auto_reload = value


_ATTRIBUTES: dict[type, dict[str, t.Any]] = {
    Flask: {
        "before_first_request": _method(_before_first_request),
        "before_first_request_funcs": _property("before_first_request_funcs", _functions_of),
        "env": _property(
            "env",
            lambda app: app.config.get("ENV") or _legacy.get_env(),
            lambda app, value: app.config.__setitem__("ENV", value),
        ),
        "error_handlers": _property("error_handlers", lambda app: app.error_handler_spec[None]),
        "got_first_request": _property("got_first_request", lambda app: app._got_first_request),
        "json_decoder": _Class("json_decoder", _legacy.JSONDecoder),
        "json_encoder": _Class("json_encoder", _legacy.JSONEncoder),
        "make_null_session": _method(_make_null_session),
        "open_session": _method(_open_session),
        "preserve_context_on_exception": _property("preserve_context_on_exception", _preserves),
        "propagate_exceptions": _property("propagate_exceptions", _propagates),
        "request_globals_class": _property(
            "request_globals_class",
            lambda app: app.app_ctx_globals_class,
            lambda app, value: setattr(app, "app_ctx_globals_class", value),
        ),
        "save_session": _method(_save_session),
        "send_file_max_age_default": _setting(
            "send_file_max_age_default", "SEND_FILE_MAX_AGE_DEFAULT", _make_timedelta
        ),
        "session_cookie_name": _setting("session_cookie_name", "SESSION_COOKIE_NAME"),
        "static_path": _property(
            "static_path", lambda app: app.static_url_path, lambda app, value: setattr(app, "static_url_path", value)
        ),
        "templates_auto_reload": _property(
            "templates_auto_reload", lambda app: app.config["TEMPLATES_AUTO_RELOAD"], _reload_templates
        ),
        "try_trigger_before_first_request_functions": _method(_try_trigger_before_first_request_functions),
        "use_x_sendfile": _setting("use_x_sendfile", "USE_X_SENDFILE"),
    },
    Blueprint: {
        "before_app_first_request": _method(_before_app_first_request),
        "json_decoder": _Class("json_decoder", None),
        "json_encoder": _Class("json_encoder", None),
        "warn_on_modifications": False,
    },
    Config: {"from_json": _method(_from_json)},
    Request: {"module": _property("module", lambda request: request.blueprint)},
    RequestContext: {
        "auto_pop": _method(_auto_pop),
        "g": _property("g", lambda context: context._find_g(), _set_g),
        "preserved": False,
    },
}

# ---- JSON, and its settings


class _Setting:
    """An attribute of the provider that a key of `app.config` says, unless the provider itself was told."""

    def __init__(self, key: str, default: t.Any) -> None:
        self._key = key
        self._default = default

    def __get__(self, obj: t.Any, owner: type | None = None) -> t.Any:
        value = None if obj is None else obj._app.config.get(self._key)
        return self._default if value is None else value


class _Compact(_Setting):
    def __get__(self, obj: t.Any, owner: type | None = None) -> t.Any:
        return False if super().__get__(obj, owner) else None


class _Provider(DefaultJSONProvider):
    """JSON by the classes that app and blueprint name, and by the settings of Flask 2.1."""

    ensure_ascii: t.Any = _Setting("JSON_AS_ASCII", True)
    sort_keys: t.Any = _Setting("JSON_SORT_KEYS", True)
    mimetype: t.Any = _Setting("JSONIFY_MIMETYPE", "application/json")
    compact: t.Any = _Compact("JSONIFY_PRETTYPRINT_REGULAR", False)

    def _class(self, name: str) -> t.Any:
        context = _now()._top_request_ctx
        blueprint = None if context is None else self._app.blueprints.get(context.request.blueprint)
        return (blueprint and _said_by(blueprint, name)) or _said_by(self._app, name)

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Data as JSON text, by the argument `cls`, or by `json_encoder` where one was set."""
        encoder = kwargs.pop("cls", None) or self._class("json_encoder")
        if encoder is None:
            return super().dumps(obj, **kwargs)
        kwargs.setdefault("ensure_ascii", self.ensure_ascii)
        kwargs.setdefault("sort_keys", self.sort_keys)
        return _json.dumps(obj, cls=encoder, **kwargs)

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Data from JSON text or bytes, by `json_decoder` where one was set."""
        decoder = self._class("json_decoder")
        if decoder is not None:
            kwargs.setdefault("cls", decoder)
        return super().loads(s, **kwargs)

    def _loads_request(self, data: str | bytes) -> t.Any:
        if self._class("json_decoder") is None and self._app.config.get("JSON_STRICT", True):
            return _strict.loads(data)
        return self.loads(data)


_SETTINGS = {
    "ENV": _legacy.get_env(),
    "JSON_AS_ASCII": True,
    "JSON_SORT_KEYS": True,
    "JSONIFY_MIMETYPE": "application/json",
    "JSONIFY_PRETTYPRINT_REGULAR": False,
    "PRESERVE_CONTEXT_ON_EXCEPTION": None,
}

# ---- modules


def _reraise(tp: type, value: BaseException, tb: t.Any = None) -> t.NoReturn:
    raise value.with_traceback(tb)


def _with_metaclass(meta: type, *bases: type) -> t.Any:
    """A base for a class that is to be of `meta`, and to have these bases alone."""

    class Temporary(type):
        def __new__(cls, name: str, _: t.Any, namespace: dict[str, t.Any]) -> t.Any:
            return meta(name, bases, namespace)

    return type.__new__(Temporary, "temporary_class", (), {})


def _same(value: t.Any) -> t.Any:
    return value


_COMPAT: dict[str, t.Any] = {
    "BROKEN_PYPY_CTXMGR_EXIT": False,
    "PY2": False,
    "StringIO": io.StringIO,
    "_identity": _same,
    "collections_abc": abc,
    "fspath": os.fspath,
    "implements_to_string": _same,
    "integer_types": (int,),
    "iteritems": lambda mapping: iter(mapping.items()),
    "iterkeys": lambda mapping: iter(mapping.keys()),
    "itervalues": lambda mapping: iter(mapping.values()),
    "json_available": True,
    "reraise": _reraise,
    "string_types": (str,),
    "text_type": str,
    "with_metaclass": _with_metaclass,
}


def _add_module(name: str, find: t.Callable[[str], t.Any]) -> None:
    """Put a module into the package, which has the names that are found."""
    package = sys.modules[__name__.rpartition(".")[0]]
    module = ModuleType(f"{package.__name__}.{name}")
    module.__getattr__ = find  # type: ignore[method-assign]
    module.__path__ = []  # it may be imported from as a package
    sys.modules[module.__name__] = module
    setattr(package, name, module)


def _in_compat(name: str) -> t.Any:
    if name not in _COMPAT:
        raise AttributeError(f"module 'flask._compat' has no attribute {name!r}")
    _tell(f"'flask._compat.{name}' was removed in Flask 2.0: use what Python 3 has.")
    return _COMPAT[name]


def _in_scaffold(name: str) -> t.Any:
    found = getattr(_scaffold, name)
    if not name.startswith("__"):
        _tell(f"'flask.scaffold' was removed in Flask 3.0: use 'flask.sansio.scaffold.{name}'.")
    return found


def _in_ext(name: str) -> t.NoReturn:
    raise AttributeError(f"module 'flask.ext' has no attribute {name!r}")


class _Extensions:
    """Finds `flask.ext.name` as `flask_name`, or as `flaskext.name`."""

    @staticmethod
    def find_spec(fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not fullname.startswith("flask.ext."):
            return None
        name = fullname.removeprefix("flask.ext.")
        try:
            _removed.warn(f"'flask.ext' was removed in Flask 1.0: import 'flask_{name}'.")
        except DeprecationWarning:
            return None
        for real in (f"flask_{name}", f"flaskext.{name}"):
            try:
                return ModuleSpec(fullname, _Same(importlib.import_module(real)))
            except ModuleNotFoundError as error:
                if not real.startswith(error.name or "?"):
                    raise  # it is there, and lacks something
        return None


class _Same(Loader):
    """Loads a module that is there already, and leaves it what it is."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """It has run; only the import has marked it as its own."""
        module.__spec__ = self._spec


# ---- all of it


def _register(self: t.Any, app: App, options: t.Any, first_registration: bool = False) -> None:
    _own_register(self, app, options)


_own_register = _SansioBlueprint.register


def _bring_back() -> None:
    _former.has_legacy = True
    _former.open_modules("app blueprints ctx json sessions signals")
    for kind, attributes in _ATTRIBUTES.items():
        for name, attribute in attributes.items():
            setattr(kind, name, attribute)
        del kind.__dir__
    Flask._know_registered = _know_registered  # type: ignore[method-assign]
    Flask.default_config = ImmutableDict({**Flask.default_config, **_SETTINGS})
    if Flask.json_provider_class is DefaultJSONProvider:
        Flask.json_provider_class = _Provider
    _SansioBlueprint.register = update_wrapper(_register, _own_register)  # type: ignore[method-assign]
    _add_module("_compat", _in_compat)
    _add_module("scaffold", _in_scaffold)
    _add_module("ext", _in_ext)
    sys.meta_path.insert(0, _Extensions)


if not _former.has_legacy:  # else it is imported again
    _bring_back()
