"""Which names of Flask a file touches, and whether they are here: what is found, and what is left alone."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from flask.cli.moving.names import touches
from flask.cli.moving.standing import REMOVED, Standing, standing
from tests import oracle

HERE, GONE, MISSING = Standing.HERE, Standing.GONE, Standing.MISSING


def touched(source: str) -> dict[str, bool]:
    """The names, and whether each is guarded."""
    return {touch.name: touch.guarded for touch in touches(ast.parse(source))}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import flask", set()),
        ("import flask.globals", {"flask.globals"}),
        ("import flask\nflask.globals._cv_app.get()", {"flask.globals._cv_app.get"}),
        ("import flask as f\nf.json.dumps", {"flask.json.dumps"}),
        ("import flask.json.tag as tag\ntag.JSONTag", {"flask.json.tag", "flask.json.tag.JSONTag"}),
        ("from flask import g as here", {"flask.g"}),
        ("from flask import json\njson._provider", {"flask.json", "flask.json._provider"}),
        ("from flask.helpers import *", {"flask.helpers"}),
        ("def late():\n    from flask.app import _private", {"flask.app._private"}),
        ("import flask\ngetattr(flask.app, '_x')", {"flask.app", "flask.app._x"}),
        ("import flask\nclass A(flask.Flask):\n    pass", {"flask.Flask"}),
        ("import flask\nf = f'{flask.escape}'", {"flask.escape"}),
    ],
)
def test_what_is_touched(source: str, names: set[str]) -> None:
    """Imports in any form and scope, and paths of attributes from what was imported."""
    assert touched(source) == dict.fromkeys(names, False)


@pytest.mark.parametrize(
    "source",
    [
        "import flask_login\nflask_login.utils._x",
        "from .flask import thing\nthing._x",
        "from . import flask\nflask._x",
        "import flasky as flask\nflask._x",
        "'import flask; flask._x'",
        "def view(flask):\n    return flask._x",
        "flask = object()\nflask._x",
        "import os.flask",
    ],
)
def test_what_is_left_alone(source: str) -> None:
    """Other packages, relative imports, strings, and names that only look the same."""
    assert touched(source) == {}


def test_a_name_that_stands_for_two_things_is_not_followed() -> None:
    """Where a file binds a name to something else too, its attributes may be the other's."""
    assert touched("from flask import json\ndef f():\n    import json\n    json._x") == {"flask.json": False}


def test_what_is_assigned_is_the_files_own() -> None:
    """An attribute that the file sets itself need not be Flask's."""
    assert touched("import flask\nflask.Flask._seen = 1\nflask.Flask._seen") == {"flask.Flask": False}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    from flask import _x\nexcept ImportError:\n    _x = None",
        "try:\n    from flask import _x\nexcept (KeyError, ImportError):\n    pass",
        "try:\n    from flask import _x\nexcept:\n    pass",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    from flask import _x",
        "import typing\nif typing.TYPE_CHECKING:\n    from flask import _x",
        "import flask\nif hasattr(flask, '_x'):\n    flask._x",
        "import flask\ngetattr(flask, '_x', None)",
    ],
)
def test_what_is_guarded(source: str) -> None:
    """A file that provides for the absence of a name is right either way, wherever it goes on to use the name."""
    assert touched(source) == {"flask._x": True}


def test_what_only_looks_guarded() -> None:
    """A handler of other errors, and what stands beside the guarded lines, guard nothing."""
    source = "try:\n    from flask import _x\nexcept KeyError:\n    pass\nelse:\n    from flask import _y"
    assert touched(source) == {"flask._x": False, "flask._y": False}


@pytest.mark.parametrize(
    ("dotted", "name", "expected"),
    [
        ("flask.Flask", "flask.Flask", HERE),
        ("flask.globals._cv_app.get", "flask.globals._cv_app", HERE),
        ("flask.json.tag.JSONTag", "flask.json.tag.JSONTag", HERE),
        ("flask.sansio.scaffold", "flask.sansio.scaffold", HERE),
        ("flask.g._database", "flask.g", HERE),
        ("flask.session._fresh", "flask.session", HERE),
        ("flask.current_app._get_current_object", "flask.current_app", HERE),
        ("flask.current_app._got_first_request", "flask.current_app._got_first_request", HERE),
        ("flask.current_app.anything", "flask.current_app", HERE),
        ("flask.Flask._check_setup_finished", "flask.Flask._check_setup_finished", HERE),
        ("flask.current_app._nothing", "flask.current_app._nothing", MISSING),
        ("flask.Blueprint._nothing", "flask.Blueprint._nothing", MISSING),
        ("flask.helpers._nothing", "flask.helpers._nothing", MISSING),
        ("flask.nothing.below", "flask.nothing", MISSING),
        ("flask._request_ctx_stack.top", "flask._request_ctx_stack", GONE),
        ("flask.ext.login", "flask.ext", GONE),
        ("flask.json.JSONEncoder", "flask.json.JSONEncoder", GONE),
        ("flask.scaffold.Scaffold", "flask.scaffold", GONE),
        ("flask.Flask.before_first_request", "flask.Flask.before_first_request", GONE),
        ("flask.current_app.json_encoder", "flask.current_app.json_encoder", GONE),
    ],
)
def test_where_a_name_stands(dotted: str, name: str, expected: Standing) -> None:
    """A name of a module is here, gone from Flask, or missing; so is a private one of an object that is Flask's."""
    found = standing(dotted)
    assert (found.name, found.standing) == (name, expected)
    assert bool(found.instead) is (expected is GONE)


def test_what_is_told_to_be_gone_is_gone_upstream(tmp_path: Path) -> None:
    """No name of the list is in upstream's 3.1.3, or here."""
    program = tmp_path / "has.py"
    program.write_text(
        "import importlib, sys\n"
        "def has(name):\n"
        "    place, *parts = name.replace('current_app', 'Flask').split('.')\n"
        "    place = importlib.import_module(place)\n"
        "    for part in parts:\n"
        "        try:\n"
        "            place = importlib.import_module(f'{place.__name__}.{part}')\n"
        "        except ImportError:\n"
        "            if not hasattr(place, part):\n"
        "                return False\n"
        "            place = getattr(place, part)\n"
        "    return True\n"
        "print([name for name in sys.argv[1:] if has(name)])\n"
    )
    command = [oracle.require(), "-I", program, *REMOVED]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
    assert {standing(name).standing for name in REMOVED} == {GONE}
