"""The public door: every name that applications and extensions import is where Flask 3.1 has it."""

from __future__ import annotations

import importlib
import warnings
from importlib import metadata

import pytest

SIGNALS = (
    "appcontext_popped appcontext_pushed appcontext_tearing_down before_render_template got_request_exception "
    "message_flashed request_finished request_started request_tearing_down template_rendered"
)

# One row for each module: the names that are documented, those that extensions import although they are private, and
# those that a module merely passes on and that are imported from there nevertheless.
NAMES = {
    "flask": f"""
        Flask Blueprint Config Request Response current_app g request session abort flash get_flashed_messages
        get_template_attribute make_response redirect send_file send_from_directory stream_with_context url_for
        after_this_request copy_current_request_context has_app_context has_request_context render_template
        render_template_string stream_template stream_template_string jsonify json {SIGNALS}
        non_blocking stream_request after_this_websocket has_websocket_context websocket websocket_started
        websocket_finished websocket_tearing_down
    """,
    "flask.app": "Flask Rule",
    "flask.blueprints": "Blueprint BlueprintSetupState",
    "flask.cli": """
        NoAppException find_best_app find_app_by_string prepare_import locate_app get_version version_option ScriptInfo
        pass_script_info with_appcontext AppGroup FlaskGroup load_dotenv show_server_banner CertParamType
        SeparatedPathType run_command shell_command routes_command cli main click
    """,
    "flask.config": "Config ConfigAttribute",
    "flask.ctx": """
        AppContext RequestContext AppGlobals _AppCtxGlobals after_this_request copy_current_request_context
        has_app_context has_request_context
    """,
    "flask.debughelpers": """
        UnexpectedUnicodeError DebugFilesKeyError FormDataRoutingRedirect attach_enctype_error_multidict
        explain_template_loading_attempts
    """,
    "flask.globals": "current_app g request session app_ctx request_ctx _cv_app _cv_request",
    "flask.helpers": """
        get_debug_flag get_load_dotenv stream_with_context make_response url_for redirect abort get_template_attribute
        flash get_flashed_messages send_file send_from_directory get_root_path _split_blueprint_path request
    """,
    "flask.json": "dumps dump loads load jsonify",
    "flask.json.provider": "JSONProvider DefaultJSONProvider _default",
    "flask.json.tag": """
        JSONTag TagDict PassDict TagTuple PassList TagBytes TagMarkup TagUUID TagDateTime TaggedJSONSerializer
    """,
    "flask.logging": "wsgi_errors_stream has_level_handler default_handler create_logger",
    "flask.sansio.app": "App",
    "flask.sansio.blueprints": "Blueprint BlueprintSetupState DeferredSetupFunction",
    "flask.sansio.scaffold": """
        Scaffold setupmethod _endpoint_from_view_func find_package _sentinel _find_package_path T_route
    """,
    "flask.sessions": """
        SessionMixin SecureCookieSession NullSession SessionInterface SecureCookieSessionInterface
        session_json_serializer
    """,
    "flask.signals": f"{SIGNALS} Namespace",
    "flask.templating": """
        Environment DispatchingJinjaLoader render_template render_template_string stream_template
        stream_template_string _default_template_ctx_processor _render
    """,
    "flask.async_testing": "AsyncFlaskClient StreamedResponse",
    "flask.testing": "EnvironBuilder FlaskClient FlaskCliRunner",
    "flask.typing": """
        ResponseValue HeaderValue HeadersValue ResponseReturnValue ResponseClass AppOrBlueprintKey AfterRequestCallable
        BeforeFirstRequestCallable BeforeRequestCallable ShellContextProcessorCallable TeardownCallable
        TemplateContextProcessorCallable TemplateFilterCallable TemplateGlobalCallable TemplateTestCallable
        URLDefaultCallable URLValuePreprocessorCallable ErrorHandlerCallable RouteCallable
    """,
    "flask.views": "View MethodView http_method_funcs",
    "flask.wrappers": "Request Response RequestBase ResponseBase",
}
REGISTRIES = """
    view_functions error_handler_spec before_request_funcs after_request_funcs teardown_request_funcs
    teardown_appcontext_funcs template_context_processors url_value_preprocessors url_default_functions
    url_build_error_handlers shell_context_processors blueprints extensions url_map
"""


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, row in NAMES.items() for name in row.split()])
def test_name_is_importable(module: str, name: str) -> None:
    """Each name of the table is an attribute of the module that Flask's users import it from."""
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("module", sorted(NAMES))
def test_module_opens_with_its_purpose(module: str) -> None:
    """Each public module says in its first sentence what it is for."""
    first = (importlib.import_module(module).__doc__ or "").strip().split("\n\n")[0]
    assert first.endswith((".", ":"))


@pytest.mark.parametrize("registry", REGISTRIES.split())
def test_registry_is_public_data(registry: str) -> None:
    """Each registry that extensions read and change is a plain attribute of an application."""
    import flask

    assert getattr(flask.Flask("registries", root_path="."), registry) is not None


def test_version_is_told_with_a_warning() -> None:
    """flask.__version__ still answers, deprecated, with the API's version, all of whose parts are numbers."""
    import flask

    with pytest.warns(DeprecationWarning, match="__version__"):
        version = flask.__version__
    assert version == metadata.version("flask").partition("+")[0]
    assert tuple(map(int, version.split("."))) == (3, 1, 3)


def test_unknown_names_are_refused() -> None:
    """A name that the door does not have is an AttributeError, not a warning or a None."""
    import flask

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not hasattr(flask, "no_such_name")


def test_door_holds_nothing_of_ours_alone() -> None:
    """What "from flask import *" would bring is what the table lists, besides submodules."""
    import types

    import flask

    public = {
        name
        for name, value in vars(flask).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public - set(NAMES["flask"].split()) <= {"annotations"}
