"""From a path or a dotted name to a module."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from flask.cli import NoAppException, locate_app, prepare_import

from .conftest import Write

APP = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.fixture
def tree(write: Write, folder: Path) -> Path:
    write("hello.py", APP)
    write("pkg/__init__.py", APP)
    write("pkg/sub/__init__.py", "")
    write("pkg/sub/web.py", APP)
    write("plain/web.py", APP)
    return folder


@pytest.mark.parametrize(
    ("given", "root", "name"),
    [
        ("hello", "", "hello"),
        ("hello.py", "", "hello"),
        ("./hello.py", "", "hello"),
        ("hello/", "", "hello"),
        ("pkg", "", "pkg"),
        ("pkg/", "", "pkg"),
        ("pkg/__init__.py", "", "pkg"),
        ("pkg/__init__", "", "pkg"),
        ("pkg.sub.web", "", "pkg.sub.web"),
        ("pkg/sub/web.py", "", "pkg.sub.web"),
        ("pkg/sub/web", "", "pkg.sub.web"),
        ("plain/web.py", "plain", "web"),
        ("plain/web.txt", "plain", "web.txt"),
        ("../x.py", "..", "x"),
        ("not/there.py", "not", "there"),
    ],
)
def test_prepare_import(tree: Path, given: str, root: str, name: str) -> None:
    """The name starts at the first folder that is no package, and that folder heads the import path."""
    assert prepare_import(given) == name
    assert sys.path[0] == os.path.realpath(tree / root)


def test_prepare_import_from_within_a_package(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one stands makes no difference to a file's name."""
    monkeypatch.chdir(tree / "pkg" / "sub")
    assert prepare_import("web.py") == "pkg.sub.web"
    assert sys.path[0] == str(tree)


def test_the_import_path_grows_once(tree: Path) -> None:
    """A folder that heads the import path already is not added again."""
    prepare_import("hello")
    before = list(sys.path)
    prepare_import("pkg/sub/web.py")
    assert sys.path == before


@pytest.mark.parametrize("name", ["hello", "pkg", "pkg.sub.web"])
def test_locate_app(tree: Path, name: str) -> None:
    """A module is imported, and its app found."""
    sys.path.insert(0, str(tree))
    assert locate_app(name, None).import_name == name
    assert locate_app(name, "app") is locate_app(name, None)


def test_a_missing_module_may_be_none(tree: Path) -> None:
    """Only a module that does not exist is forgiven."""
    sys.path.insert(0, str(tree))
    assert locate_app("nope_x", None, raise_if_not_found=False) is None
    (tree / "broken.py").write_text("import nope_x\n")
    with pytest.raises(NoAppException, match="While importing 'broken', an ImportError was raised"):
        locate_app("broken", None, raise_if_not_found=False)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nope_x", "Could not import 'nope_x'."),
        ("helo", "Did you mean 'hello'?"),
        ("pkg.sub.wob", "Did you mean 'pkg.sub.web'?"),
        ("hello.app", "For the name 'app' in it, write '--app hello:app'."),
        ("hello.nope", "'hello' is a module, not a package."),
        ("pkg.nope.more", "There is no module or package 'nope' in"),
    ],
)
def test_what_is_missing_is_said(tree: Path, name: str, said: str) -> None:
    """A module that does not exist: its name, where it was looked for, and the names that are close."""
    sys.path.insert(0, str(tree))
    with pytest.raises(NoAppException) as caught:
        locate_app(name, None)
    assert caught.value.message.startswith(f"Could not import {name!r}.")
    assert said in caught.value.message


def test_an_import_error_shows_the_users_lines_alone(tree: Path) -> None:
    """A failed import within the app shows where in the app, and nothing of ours."""
    sys.path.insert(0, str(tree))
    (tree / "outer.py").write_text("import inner\n")
    (tree / "inner.py").write_text("import nope_x\n")
    with pytest.raises(NoAppException) as caught:
        locate_app("outer", None)
    text = caught.value.message
    assert "ModuleNotFoundError: No module named 'nope_x'" in text
    assert text.count("  File ") == 2
    assert os.path.join("flask", "cli") not in text
    assert sys.executable in text  # which Python lacks it


def test_the_import_of_a_removed_name_says_what_to_do(tree: Path) -> None:
    """A name that Flask had once: Python's sentence says nothing of that, so the command does."""
    sys.path.insert(0, str(tree))
    (tree / "outer.py").write_text("from flask import _request_ctx_stack\n")
    with pytest.raises(NoAppException) as caught:
        locate_app("outer", None)
    assert caught.value.message.endswith(
        "Flask 3.0 removed it: use 'flask.g', or 'flask.globals.request_ctx'; 'import flask.legacy' brings it back."
    )


@pytest.mark.parametrize("text", ["def (\n", "1 / 0\n", "raise KeyError('x')\n"])
def test_other_errors_are_the_apps_own(tree: Path, text: str) -> None:
    """Whatever else goes wrong in a module while it is imported is raised as it is."""
    sys.path.insert(0, str(tree))
    (tree / "other.py").write_text(text)
    with pytest.raises((SyntaxError, ZeroDivisionError, KeyError)):
        locate_app("other", None)
