"""Names that Flask removed: which are there, what is said of the others, and that nobody pays who uses none."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest

import flask
from flask import _former, _removed
from tests.oracle import require

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "removed-names.md").read_text(encoding="utf-8")
GONE = {
    (where, name): last
    for where, by_version in tomllib.loads(Path(__file__).with_name("gone.toml").read_text(encoding="utf-8")).items()
    for last, names in by_version.items()
    for name in names.split()
}
VERSIONS = ["1.0.4", "1.1.4", "2.0.3", "2.1.3", "2.2.5", "2.3.3", "3.0.3"]

ALWAYS = [(module, name) for module, names in _removed.ALWAYS.items() for name in names]
WITH_LEGACY = [(module, name) for module, names in _removed.WITH_LEGACY.items() for name in names]
ATTRIBUTES = [(kind, name) for kind, names in _former.ATTRIBUTES.items() for name in names.split()]

# Of what Flask made itself, this is not brought back: nobody outside was meant to see it, or it was `flask._compat`'s.
LEFT_OUT = set(
    """
    _before_request_lock _blueprint_order _implicit_app_ctx_stack _is_setup_finished _json_decoder _json_encoder
    _preserved_exc _register_error_handler
    _FakeStack _has_config _matching_loader_thinks_module_is_package _missing _os_alt_seps _path_is_relative_to
    _slash_escape _wrap_reader_for_text _wrap_writer_for_text _DeprecatedBool
    BROKEN_PYPY_CTXMGR_EXIT PY2 implements_to_string integer_types iteritems itervalues reraise string_types
    with_metaclass default_exceptions dotenv ft Flask
    """.split()
)


def said_by(code: str, *options: str, **variables: str) -> str:
    """What a new process prints."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")} | variables
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=False, env=surroundings
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("where", "name"), sorted(GONE))
def test_nothing_is_left_out(where: str, name: str) -> None:
    """Each name that a published Flask made and 3.1 has not is known, with the version that removed it."""
    if name in LEFT_OUT or where in {"flask._compat", "flask.scaffold"} or name in {"_compat", "scaffold"}:
        return
    if where.startswith("@"):
        assert (where[1:], name) in ATTRIBUTES
        since, _ = _removed.ATTRIBUTES[name]
    else:
        since, _ = _removed.ALWAYS.get(where, {}).get(name) or _removed.WITH_LEGACY[where][name]
    last = GONE[where, name]
    following = VERSIONS[VERSIONS.index(last) + 1]
    assert since == following.rpartition(".")[0]


@pytest.mark.parametrize("name", sorted({name for _, name in ALWAYS + WITH_LEGACY + ATTRIBUTES}))
def test_page_has_each_name(name: str) -> None:
    """The page of removed names has each of them, with what happens here."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", sorted({*_removed.RENAMED, *_removed.ARGUMENTS}))
def test_page_has_each_argument(name: str) -> None:
    """The page of removed names has each argument that is understood by an old name."""
    assert f"`{name}=`" in PAGE


def test_the_two_tables_of_attributes_agree() -> None:
    """What stands in the classes for what is gone is what there is something to say of."""
    assert {name for _, name in ATTRIBUTES} == set(_removed.ATTRIBUTES)


@pytest.mark.parametrize(("module", "name"), ALWAYS)
def test_name_is_there_with_a_warning(module: str, name: str) -> None:
    """A name that nobody looks for is there, and warns in the name of the line that looked."""
    where = importlib.import_module(module)
    with pytest.warns(DeprecationWarning, match=rf"'{module}\.{name}' was removed in Flask") as warned:
        getattr(where, name)
    assert warned[0].filename == __file__
    assert _removed.ALWAYS[module][name][1] in str(warned[0].message)


@pytest.mark.parametrize(("module", "name"), WITH_LEGACY)
def test_name_that_tells_an_old_flask_is_not_there(module: str, name: str) -> None:
    """A name that code looks for is missing without a warning, and the error says what to do."""
    where = importlib.import_module(module)
    assert not hasattr(where, name)
    with pytest.raises(AttributeError) as missed:
        getattr(where, name)
    if "__getattr__" in vars(where):
        assert re.search(r"Flask [\d.]+ removed it: use .*'import flask\.legacy' brings it back", str(missed.value))
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from '{module}'") as caught:
        exec(f"from {module} import {name}", {})
    assert type(caught.value) is ImportError
    assert caught.value.name == module
    if hasattr(where, "__path__"):
        assert importlib.util.find_spec(f"{module}.{name}") is None


@pytest.mark.parametrize("module", ["flask._compat", "flask.scaffold", "flask.ext", "flask.ext.sqlalchemy"])
def test_module_that_is_gone_is_not_found(module: str) -> None:
    """A module that Flask removed is not found by whoever looks, as in Flask 3.1."""
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'flask\.\w+'$"):
        importlib.import_module(module)


@pytest.mark.parametrize(("kind", "name"), ATTRIBUTES)
def test_attribute_is_not_there(kind: str, name: str) -> None:
    """An attribute that was removed is missing for `hasattr`, `getattr` and `dir`, and the error says what to do."""
    app = flask.Flask(__name__)
    with app.test_request_context() as context:
        owner = {
            "Flask": app,
            "Blueprint": flask.Blueprint("b", __name__),
            "Config": app.config,
            "Request": flask.request._get_current_object(),
            "RequestContext": context,
        }[kind]
        assert not hasattr(owner, name)
        assert not hasattr(type(owner), name)
        assert getattr(owner, name, "other") == "other"
        assert name not in dir(owner)
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'. Flask"):
            getattr(owner, name)


def test_attribute_of_ones_own_is_ones_own() -> None:
    """An object or a class that has an attribute of a removed name keeps it, without effect, as in Flask 3.1."""

    class Own(flask.Flask):
        json_encoder = "mine"

    app = Own(__name__)
    app.env = "somewhere"
    app.session_cookie_name = "sid"
    assert (app.json_encoder, app.env, app.session_cookie_name) == ("mine", "somewhere", "sid")
    assert app.config["SESSION_COOKIE_NAME"] == "session"
    assert {"json_encoder", "env"} <= set(dir(app))


def test_upstream_answers_the_same() -> None:
    """What is missing here without `flask.legacy` is missing in Flask 3.1, and the errors are of the same types."""
    modules = [list(pair) for pair in WITH_LEGACY if pair[0] != "flask.testing" or pair[1] != "json_dumps"]
    code = f"""if True:
        import importlib, warnings
        warnings.simplefilter("error")
        for module, name in {modules!r}:
            assert not hasattr(importlib.import_module(module), name), (module, name)
            try:
                exec(f"from {{module}} import {{name}}")
            except ImportError as error:
                assert type(error) is ImportError
            else:
                raise AssertionError(name)
        import flask
        app = flask.Flask("app", root_path=".")
        with app.test_request_context() as context:
            objects = {{"Flask": app, "Blueprint": flask.Blueprint("b", "b", root_path="."), "Config": app.config,
                       "Request": flask.request, "RequestContext": context}}
            for kind, name in {[list(pair) for pair in ATTRIBUTES]!r}:
                assert not hasattr(objects[kind], name), name
    """
    subprocess.run([require(), "-c", code], check=True)
    assert said_by(code) == ""


@pytest.mark.parametrize(
    "probe",
    [
        "try:\n from flask import Markup\nexcept ImportError:\n from markupsafe import Markup\nprint(Markup('<')+'<')",
        "try:\n from flask import _request_ctx_stack as s\nexcept ImportError:\n s = None\nprint(s)",
        "try:\n from flask.json import JSONEncoder as s\nexcept ImportError:\n s = None\nprint(s)",
        (
            "try:\n from flask import safe_join\nexcept ImportError:\n from werkzeug.utils import safe_join\n"
            "print(safe_join('a', '..'))"
        ),
        "try:\n from flask.scaffold import x as s\nexcept ModuleNotFoundError:\n s = None\nprint(s)",
        "import importlib.util\nprint(importlib.util.find_spec('flask.scaffold'))",
        "import flask\nprint(hasattr(flask.Flask(__name__), 'before_first_request'))",
        "import flask\nprint(getattr(flask.Flask(__name__), 'json_encoder', None))",
        "import flask\nprint(flask.Flask(__name__).config.get('ENV'))",
        "import flask, inspect\nprint('attachment_filename' in inspect.signature(flask.send_file).parameters)",
    ],
)
@pytest.mark.parametrize("options", [(), ("-W", "error")])
def test_who_looks_takes_the_way_of_flask_3(probe: str, options: tuple[str, ...]) -> None:
    """Code that looks for a removed name and has another way ends as it does on Flask 3.1."""
    upstream = subprocess.run([require(), *options, "-c", probe], capture_output=True, text=True, check=True)
    assert said_by(probe, *options) == upstream.stdout.strip()


def test_where_deprecations_are_errors_nothing_old_is_there() -> None:
    """With deprecations as errors, a removed name and a removed argument are Flask 3.1's errors."""
    code = """if True:
        import flask
        assert not hasattr(flask, "Markup")
        try:
            from flask import Markup
        except ImportError as error:
            assert type(error) is ImportError
        try:
            flask.send_file(b"", attachment_filename="x")
        except TypeError as error:
            assert "attachment_filename" in str(error), error
        else:
            raise AssertionError
    """
    said_by(code, "-W", "error::DeprecationWarning")


def test_a_line_is_warned_of_once() -> None:
    """With Python's own settings each line is warned of once, however often it runs."""
    code = "import flask\nfor _ in range(3):\n    flask.escape\nflask.escape\nfrom flask import escape"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("DeprecationWarning") == 3


def test_nothing_is_imported_before_somebody_looks() -> None:
    """Neither the names nor what is said of them is imported with Flask, nor by an app that runs."""
    code = """if True:
        import sys, flask, flask.cli, flask.views, flask.testing
        app = flask.Flask("app", root_path=".")
        app.add_url_rule("/", view_func=lambda: "")
        app.test_client().get("/")
        print([name for name in ("_legacy", "_removed", "legacy") if f"flask.{name}" in sys.modules])
    """
    assert said_by(code) == "[]"


def test_modules_that_requests_ask_have_no_door() -> None:
    """No look at a module that views use is slower: `flask.json` and most others have no `__getattr__`."""
    with_door = {"flask"} | {f"flask.{name}" for name in _former.MODULES.split()}
    named = {module for module in (*_removed.ALWAYS, *_removed.WITH_LEGACY) if module in sys.modules}
    late = {"flask.cli", "flask.templating", "flask.testing", "flask.views"}
    have = {module for module in named if "__getattr__" in vars(sys.modules[module])}
    assert have <= with_door | late
    assert "flask.json" not in have


def test_unknown_names_are_not_spoken_of() -> None:
    """A name that Flask never had is an error that says nothing of old Flasks."""
    with pytest.raises(AttributeError) as caught:
        flask.never_there
    assert "Flask" not in str(caught.value)
    with pytest.raises(ImportError) as failed:
        exec("from flask import never_there", {})
    assert "removed" not in str(failed.value)


@pytest.mark.parametrize(("value", "warns"), [("development", True), ("production", False), ("", False)])
def test_flask_env_only_warns(value: str, warns: bool) -> None:
    """FLASK_ENV never switches debug mode on; that it is ignored is said where it would have done something."""
    code = "import flask\napp = flask.Flask(__name__)\nprint(app.debug, app.config.get('ENV'))"
    assert said_by(code, FLASK_ENV=value) == "False None"
    for way in ({}, {"FLASK_LEGACY": "1"}):
        done = subprocess.run(
            [sys.executable, "-c", "import flask\nassert not flask.Flask(__name__).debug"],
            env=os.environ | {"FLASK_ENV": value} | way,
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("FLASK_ENV was removed" in done.stderr) is warns
    said_by(code, "-W", "error", FLASK_ENV=value)


def test_settings_of_old_do_nothing(recwarn: pytest.WarningsRecorder) -> None:
    """Without `flask.legacy` the settings that Flask 3.1 ignores are ignored."""
    app = flask.Flask(__name__)
    app.config.update(JSON_SORT_KEYS=False, JSON_AS_ASCII=False, JSONIFY_MIMETYPE="a/b", ENV="development")
    with app.app_context():
        response = flask.jsonify(b="ä", a=1)
    assert response.mimetype == "application/json"
    assert json.loads(response.data) == {"a": 1, "b": "ä"}
    assert response.data == b'{"a":1,"b":"\\u00e4"}\n'
    assert not app.debug
    assert not recwarn.list


def test_doors_stay_as_they_are() -> None:
    """To open the doors again, as a reload does, closes none."""
    _former.open_doors((flask.Flask,))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not hasattr(flask.Flask, "env")
