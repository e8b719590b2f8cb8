"""The public door: every name that applications and extensions import is where Flask 3.1 has it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
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
        AppContext RequestContext _AppCtxGlobals after_this_request copy_current_request_context has_app_context
        has_request_context
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
    """flask.__version__ still answers, deprecated, with the version that the installed distribution has."""
    import flask

    with pytest.warns(DeprecationWarning, match="__version__"):
        version = flask.__version__
    assert version == metadata.version("flask")


def test_unknown_names_are_refused() -> None:
    """A name that the door does not have is an AttributeError, not a warning or a None."""
    import flask

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not hasattr(flask, "no_such_name")


def test_door_holds_nothing_of_ours_alone() -> None:
    """What "from flask import *" brings is what the table lists, besides submodules."""
    import types

    brought: dict[str, object] = {}
    exec("from flask import *", brought)
    public = {
        name for name, value in brought.items() if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public - {"annotations"} == set(NAMES["flask"].split()) - {"json"}


def in_a_new_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", "Flask request json jsonify helpers sansio.app json.tag cli".split())
def test_first_look_opens_the_door(name: str) -> None:
    """After `import flask` alone, each name and each submodule that upstream has then is there, whoever is first."""
    in_a_new_process(f"import flask; assert flask.{name} is flask.{name}; assert 'Flask' in vars(flask)")


@pytest.mark.parametrize("module", [name for name in NAMES if name != "flask"])
def test_any_module_may_be_the_first(module: str) -> None:
    """A module of the package may be imported before the door is open, and the door opens afterwards."""
    in_a_new_process(f"import {module}, flask; flask.Flask('first')")


LOOKS = {
    "listing": "import flask; assert {'Flask', 'request'} <= set(dir(flask))",
    "private name": """
        import flask, sys
        assert not hasattr(flask, '_request_ctx_stack')
        assert 'flask.app' not in sys.modules
    """,
    "module that upstream does not import": """
        import flask
        assert not hasattr(flask, 'views')
        from flask import views
        assert flask.views is views
    """,
    "reload": "import flask, importlib; before = flask.Flask; assert importlib.reload(flask).Flask is before",
    "name replaced before": """
        import flask
        flask.url_for = 'mine'
        assert flask.Flask and flask.url_for == 'mine' and flask.helpers.url_for != 'mine'
    """,
    "name patched for a while": """
        import flask
        from unittest import mock
        with mock.patch('flask.render_template', return_value='patched'):
            from flask import render_template
            assert render_template() == 'patched'
        from flask import render_template, templating
        assert render_template is templating.render_template
    """,
    "pickle": "import flask, pickle; assert pickle.loads(pickle.dumps(flask.Flask)) is flask.Flask",
    "inspect": "import flask, inspect; assert dict(inspect.getmembers(flask))['Blueprint'] is flask.Blueprint",
    "many threads at the door": """
        import threading
        found = []
        def look():
            from flask import Flask, current_app
            found.append(Flask)
        threads = [threading.Thread(target=look) for _ in range(8)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        assert len(found) == 8 and len(set(found)) == 1
    """,
    "many threads at modules and the door": """
        import threading, importlib, flask
        found = []
        def take(name):
            importlib.import_module(f'flask.{name}')
            found.append(flask.Flask)
        names = 'app ctx wrappers sessions helpers json.tag sansio.app templating'.split()
        threads = [threading.Thread(target=take, args=(name,)) for name in names]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        assert len(found) == len(names) and len(set(found)) == 1
    """,
}


@pytest.mark.parametrize("look", LOOKS)
def test_door_is_no_different_once_open(look: str) -> None:
    """Looking, replacing, patching, reloading and many threads find an ordinary package."""
    in_a_new_process(textwrap.dedent(LOOKS[look]))


def test_a_dependency_that_is_missing_is_named() -> None:
    """What fails while the door opens is told to whoever looks, as it was at the import."""
    code = "import sys; sys.modules['blinker'] = None\ntry: from flask import Flask\nexcept ImportError as e: print(e)"
    assert "blinker" in in_a_new_process(code)
