"""The names that Flask had and removed, from 1.0 on: since when, what to use instead, and what is said of it.

Imported once somebody has asked for a name that is not there. What the names mean is told by `_legacy`.
"""

from __future__ import annotations

import sys
import typing as t
import warnings

_APP_STACK = "'flask.g', or 'flask.globals.app_ctx'"
_REQUEST_STACK = "'flask.g', or 'flask.globals.request_ctx'"
_STACKS = {"_app_ctx_stack": ("3.0", _APP_STACK), "_request_ctx_stack": ("3.0", _REQUEST_STACK)}
_BORROWED_STACKS = {"_app_ctx_stack": ("2.2", _APP_STACK), "_request_ctx_stack": ("2.2", _REQUEST_STACK)}
_BORROWED_STACK = {"_request_ctx_stack": ("2.2", _REQUEST_STACK)}
_ENCODER = "a subclass of 'flask.json.provider.DefaultJSONProvider' as 'json_provider_class'"
_TYPES = "'flask.typing', or types of your own"

#: By module: what is there always, since nobody is known to take another way where he finds it.
ALWAYS: dict[str, dict[str, tuple[str, str]]] = {
    "flask": {
        "Markup": ("3.0", "'markupsafe.Markup'"),
        "Session": ("1.1", "'flask.sessions.SecureCookieSession'"),
        "escape": ("3.0", "'markupsafe.escape'"),
        "json_available": ("2.0", "'flask.json', which is always there"),
    },
    "flask.cli": {
        "DispatchingApp": ("2.2", "the app itself, which the 'flask' command loads"),
        "call_factory": ("2.1", "a call of the factory"),
        "get_env": ("2.2", "'flask.helpers.get_debug_flag', or a setting of your own"),
    },
    "flask.debughelpers": {
        "explain_ignored_app_run": ("2.2", "nothing: 'app.run' says it itself"),
    },
    "flask.globals": {
        "_app_ctx_err_msg": ("2.2", "a text of your own"),
        "_find_app": ("2.2", "'flask.current_app'"),
        "_lookup_app_object": ("2.2", "'flask.g'"),
        "_lookup_req_object": ("2.2", "'flask.g', or 'flask.globals.request_ctx'"),
        "_request_ctx_err_msg": ("2.2", "a text of your own"),
    },
    "flask.helpers": {
        "get_env": ("2.3", "'flask.helpers.get_debug_flag', or a setting of your own"),
        "is_ip": ("3.0", "'ipaddress.ip_address'"),
        "locked_cached_property": ("3.0", "'werkzeug.utils.cached_property', with a lock of your own where it matters"),
        "safe_join": ("2.1", "'werkzeug.utils.safe_join', which gives None where this raises NotFound"),
        "total_seconds": ("2.1", "'timedelta.total_seconds'"),
    },
    "flask.testing": {
        "make_test_environ_builder": ("2.0", "'flask.testing.EnvironBuilder'"),
    },
    "flask.typing": {
        "ErrorHandlerDecorator": ("2.2", _TYPES),
        "GenericException": ("2.1", _TYPES),
        "HeaderName": ("2.1", "'str'"),
        "RouteDecorator": ("2.2", "'flask.typing.RouteCallable'"),
        "StatusCode": ("2.1", "'int'"),
        "ViewCallable": ("2.2", "'flask.typing.RouteCallable'"),
    },
    "flask.views": {
        "MethodViewType": ("2.2", "'issubclass(view, flask.views.MethodView)'"),
    },
    "flask.wrappers": {
        "JSONMixin": ("2.0", "'flask.Request' and 'flask.Response', which read JSON themselves"),
    },
}

#: By module: what is there only after `import flask.legacy`. Published code looks for it and takes another way where it
#: finds it; or it is private, or was only passed on, so that whoever finds it believes that this is an old Flask.
WITH_LEGACY: dict[str, dict[str, tuple[str, str]]] = {
    "flask": {
        **_STACKS,
        "safe_join": ("2.1", "'werkzeug.utils.safe_join', which gives None where this raises NotFound"),
        "signals_available": ("3.0", "True: signals are always there"),
    },
    "flask.app": {
        **_BORROWED_STACK,
        "Config": ("3.0", "'flask.Config'"),
        "ConfigAttribute": ("3.0", "'flask.config.ConfigAttribute'"),
        "DefaultJSONProvider": ("3.0", "'flask.json.provider.DefaultJSONProvider'"),
        "DispatchingJinjaLoader": ("3.0", "'flask.templating.DispatchingJinjaLoader'"),
        "JSONProvider": ("3.0", "'flask.json.provider.JSONProvider'"),
        "Scaffold": ("3.0", "'flask.sansio.scaffold.Scaffold'"),
        "_AppCtxGlobals": ("3.0", "'flask.ctx._AppCtxGlobals'"),
        "_PackageBoundObject": ("2.0", "'flask.sansio.scaffold.Scaffold'"),
        "_default_template_ctx_processor": ("2.0", "'flask.templating._default_template_ctx_processor'"),
        "_endpoint_from_view_func": ("3.0", "'flask.sansio.scaffold._endpoint_from_view_func'"),
        "_split_blueprint_path": ("3.0", "'flask.helpers._split_blueprint_path'"),
        "create_logger": ("3.0", "'flask.logging.create_logger'"),
        "find_package": ("3.0", "'flask.sansio.scaffold.find_package'"),
        "get_env": ("2.2", "'flask.helpers.get_debug_flag', or a setting of your own"),
        "json": ("2.3", "'flask.json'"),
        "jsonify": ("2.2", "'flask.jsonify'"),
        "locked_cached_property": ("2.3", "'werkzeug.utils.cached_property'"),
        "setupmethod": ("3.0", "'flask.sansio.scaffold.setupmethod'"),
        "url_for": ("2.2", "'flask.url_for'"),
    },
    "flask.blueprints": {
        "DeferredSetupFunction": ("3.0", "'flask.sansio.blueprints.DeferredSetupFunction'"),
        "Scaffold": ("3.0", "'flask.sansio.scaffold.Scaffold'"),
        "_PackageBoundObject": ("2.0", "'flask.sansio.scaffold.Scaffold'"),
        "_endpoint_from_view_func": ("3.0", "'flask.sansio.scaffold._endpoint_from_view_func'"),
        "setupmethod": ("3.0", "'flask.sansio.scaffold.setupmethod'"),
    },
    "flask.ctx": _BORROWED_STACKS,
    "flask.debughelpers": _BORROWED_STACK,
    "flask.globals": {**_STACKS, "LocalStack": ("2.2", "'werkzeug.local.LocalStack'")},
    "flask.helpers": {
        **_BORROWED_STACKS,
        "_PackageBoundObject": ("2.0", "'flask.sansio.scaffold.Scaffold'"),
        "_endpoint_from_view_func": ("2.0", "'flask.sansio.scaffold._endpoint_from_view_func'"),
        "_find_package_path": ("2.0", "'flask.sansio.scaffold._find_package_path'"),
        "find_package": ("2.0", "'flask.sansio.scaffold.find_package'"),
    },
    "flask.json": {
        "JSONDecoder": ("2.3", _ENCODER),
        "JSONEncoder": ("2.3", _ENCODER),
        "_dump_arg_defaults": ("2.2", "'app.json.dumps'"),
        "_jinja_htmlsafe_dumps": ("2.3", "'jinja2.utils.htmlsafe_json_dumps'"),
        "_load_arg_defaults": ("2.2", "'app.json.loads'"),
        "detect_encoding": ("2.0", "'json.detect_encoding'"),
        "htmlsafe_dump": ("2.3", "'jinja2.utils.htmlsafe_json_dumps'"),
        "htmlsafe_dumps": ("2.3", "'jinja2.utils.htmlsafe_json_dumps'"),
        "tojson_filter": ("2.0", "the filter 'tojson' of templates"),
    },
    "flask.sessions": {
        "is_ip": ("2.3", "'ipaddress.ip_address'"),
        "total_seconds": ("2.0", "'timedelta.total_seconds'"),
    },
    "flask.signals": {"signals_available": ("3.0", "True: signals are always there")},
    "flask.templating": _BORROWED_STACKS,
    "flask.testing": {**_BORROWED_STACK, "json_dumps": ("2.2", "'flask.json.dumps'")},
}

_JSON_CLASS = ("2.3", _ENCODER)
_FIRST = "code that runs when the app is made, or '@app.before_serving'"
_INTERFACE = "the method of 'app.session_interface'"
_KEPT = "nothing: contexts are kept for the debugger and within 'with client'"

#: Attributes of objects, which are there only after `import flask.legacy`: `hasattr`, and `getattr` with a default, are
#: how they are looked for. Which class had them, `_former` tells.
ATTRIBUTES: dict[str, tuple[str, str]] = {
    "auto_pop": ("2.2", "'pop'"),
    "before_app_first_request": ("2.3", _FIRST),
    "before_first_request": ("2.3", _FIRST),
    "before_first_request_funcs": ("2.3", _FIRST),
    "env": ("2.3", "'app.debug', or a setting of your own"),
    "error_handlers": ("1.0", "'app.error_handler_spec'"),
    "from_json": ("2.1", "'config.from_file(name, load=json.load)'"),
    "g": ("2.2", "'flask.g'"),
    "got_first_request": ("3.0", "a note of your own"),
    "json_decoder": _JSON_CLASS,
    "json_encoder": _JSON_CLASS,
    "make_null_session": ("2.0", _INTERFACE),
    "module": ("1.0", "'request.blueprint'"),
    "open_session": ("2.0", _INTERFACE),
    "preserve_context_on_exception": ("2.2", _KEPT),
    "preserved": ("2.2", _KEPT),
    "propagate_exceptions": ("2.3", "'app.config[\"PROPAGATE_EXCEPTIONS\"]'"),
    "request_globals_class": ("1.0", "'app.app_ctx_globals_class'"),
    "save_session": ("2.0", _INTERFACE),
    "send_file_max_age_default": ("2.3", "'app.config[\"SEND_FILE_MAX_AGE_DEFAULT\"]'"),
    "session_cookie_name": ("2.3", "'app.config[\"SESSION_COOKIE_NAME\"]'"),
    "static_path": ("1.0", "'app.static_url_path'"),
    "templates_auto_reload": ("2.3", "'app.config[\"TEMPLATES_AUTO_RELOAD\"]'"),
    "try_trigger_before_first_request_functions": ("2.2", _FIRST),
    "use_x_sendfile": ("2.3", "'app.config[\"USE_X_SENDFILE\"]'"),
    "warn_on_modifications": ("2.2", "nothing: a late change of a blueprint is an error"),
}

#: Arguments that were renamed, and are understood by either name.
RENAMED: dict[str, tuple[str, str]] = {
    "add_etags": ("2.2", "etag"),
    "attachment_filename": ("2.2", "download_name"),
    "cache_timeout": ("2.2", "max_age"),
    "filename": ("2.2", "path"),
    "filename_or_fp": ("2.0", "path_or_file"),
}

#: Arguments that were removed, and are understood nevertheless.
ARGUMENTS: dict[str, tuple[str, str]] = {
    "app": ("2.3", "the functions of 'app.json'"),
    "as_tuple": ("2.1", "'response.request.environ'"),
    "encoding": ("2.1", "'str.encode' and 'bytes.decode'"),
}


def admit(module: str, name: str, has_legacy: bool) -> None:
    """Warn of a removed name that is there nevertheless; `AttributeError` for one that is not.

    Where deprecations are errors none is there, as in Flask 3.1: who looks for one then takes the other way.
    """
    always = ALWAYS.get(module, {}).get(name)
    entry = always or WITH_LEGACY.get(module, {}).get(name)
    if entry is None or not (always or has_legacy):
        raise _absent(module, name)
    since, instead = entry
    try:
        warn(f"'{module}.{name}' was removed in Flask {since}: use {instead}.")
    except DeprecationWarning as error:
        raise _absent(module, name) from error


def _absent(module: str, name: str) -> AttributeError:
    said = name if module == "flask" else f"module {module!r} has no attribute {name!r}"  # as Flask 3.1 does
    return AttributeError(said + about(module, name), name=name, obj=sys.modules.get(module))


def absent_attribute(obj: object, owner: type, name: str) -> AttributeError:
    """The error of Flask 3.1 for an attribute that its objects had once, with a word about it."""
    where = f"type object {owner.__name__!r}" if obj is None else f"{owner.__name__!r} object"
    message = f"{where} has no attribute {name!r}{_remedy(*ATTRIBUTES[name])}"
    return AttributeError(message, name=name, obj=owner if obj is None else obj)


def renamed(function: str, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
    """The arguments by their present names, with a `DeprecationWarning` for each that had another.

    `TypeError` where deprecations are errors, as in Flask 3.1.
    """
    understood = {}
    for name, value in arguments.items():
        if name in RENAMED:
            since, name_now = RENAMED[name]
            try:
                warn(f"The argument {name!r} of 'flask.{function}' was removed in Flask {since}: use {name_now!r}.")
            except DeprecationWarning as error:
                raise unexpected(function, name) from error
            name = name_now
        understood[name] = value
    return understood


def unexpected(function: str, name: str) -> TypeError:
    """Python's error for an argument that a function does not have."""
    return TypeError(f"{function}() got an unexpected keyword argument {name!r}")


def warn_of_argument(function: str, name: str) -> None:
    """Warn of an argument that is understood although it was removed; `TypeError` where deprecations are errors."""
    since, instead = ARGUMENTS[name]
    try:
        warn(f"The argument {name!r} of 'flask.{function}' was removed in Flask {since}: use {instead}.")
    except DeprecationWarning as error:
        raise unexpected(function, name) from error


def warn_of_environment() -> None:
    """Say that `FLASK_ENV` is ignored; nothing where deprecations are errors, since Flask 3.1 does not fail either."""
    try:
        warn(
            "FLASK_ENV was removed in Flask 2.3 and switches nothing on: use 'flask --debug' or FLASK_DEBUG=1 for debug"
            " mode, and a setting of your own for the rest."
        )
    except DeprecationWarning:
        pass


def about(module: str, name: str) -> str:
    """What to say of a name that a module does not have: nothing, unless it had it once."""
    if name in ALWAYS.get(module, {}):
        since, instead = ALWAYS[module][name]
        return f". Flask {since} removed it: use {instead}"
    if name in WITH_LEGACY.get(module, {}):
        return _remedy(*WITH_LEGACY[module][name])
    return ""


def _remedy(since: str, instead: str) -> str:
    return f". Flask {since} removed it: use {instead}; 'import flask.legacy' brings it back"


def warn(message: str) -> None:
    """Warn of a deprecation, in the name of the nearest line outside of Flask."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__") or ""):
        frame = frame.f_back
    where = frame.f_globals
    registry = where.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message, DeprecationWarning, frame.f_code.co_filename, frame.f_lineno, where.get("__name__"), registry
    )


def _is_ours(module: str) -> bool:
    return module == "flask" or module.startswith(("flask.", "importlib."))
