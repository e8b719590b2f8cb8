"""Modules that import each other are named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flask.cli import NoAppException, ScriptInfo, locate_app
from flask.cli.circles import explain_circle

from .conftest import Write

APP = "from flask import Flask\napp = Flask(__name__)\n"


def said(error: BaseException) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", [])])


@pytest.mark.parametrize(
    "importing", ["from first import app", "import first\nfirst.app", "from first import app as a"]
)
def test_modules(write: Write, folder: Path, importing: str) -> None:
    """Modules that import each other are both named, whichever way Python put it, with all that lie between."""
    sys.path.insert(0, str(folder))
    write("first.py", f"import second\n{APP}")
    write("second.py", "import third\n")
    write("third.py", f"{importing}\n")
    with pytest.raises((NoAppException, AttributeError)) as caught:
        locate_app("first", None)
    assert "circular import: 'third' imports 'first' while 'first' is still being imported" in said(caught.value)
    assert "first -> second -> third -> first" in said(caught.value)
    assert "inside the function that needs it" in said(caught.value)


@pytest.mark.parametrize("given", ["pkg", "pkg/__init__.py", "pkg.views", "pkg/models/base.py"])
def test_a_package(write: Write, folder: Path, given: str) -> None:
    """Three files deep within a package, by relative and absolute imports, from whichever module one begins."""
    write("pkg/__init__.py", f"from .views import index\n{APP}")
    write("pkg/views.py", "from pkg.models.base import db\nindex = 1\n")
    write("pkg/models/__init__.py", "")
    write("pkg/models/base.py", "from .. import app\ndb = 1\n")
    with pytest.raises(NoAppException) as caught:
        ScriptInfo(given).load_app()
    assert "'pkg.models.base' imports 'pkg' while" in said(caught.value)
    assert "(pkg -> pkg.views -> pkg.models.base -> pkg)" in said(caught.value)
    assert said(caught.value).count("  File ") == 3


def test_a_part_of_a_chain(write: Write) -> None:
    """Modules on the way to the circle are no part of it."""
    write("app.py", "import one\n")
    write("one.py", "import two\nx = 1\n")
    write("two.py", "from one import x\n")
    with pytest.raises(NoAppException, match=r"'two' imports 'one' .* \(one -> two -> one\)"):
        ScriptInfo().load_app()


@pytest.mark.parametrize("given", ["made", "made:create_app", "made:create_app()"])
def test_within_a_factory(write: Write, given: str) -> None:
    """A factory that imports is told the same, below its own traceback."""
    write("made.py", "def create_app():\n    import one\n")
    write("one.py", "import two\nx = 1\n")
    write("two.py", "from one import x\n")
    with pytest.raises(ImportError) as caught:
        ScriptInfo(given).load_app()
    assert "'two' imports 'one' while" in said(caught.value)


@pytest.mark.parametrize("text", ["from mine import thing\n", "import mine\nmine.thing()\n"])
def test_a_module_that_means_another_of_its_name(write: Write, text: str) -> None:
    """A file that has the name of what it wants to import gets itself, and is told so."""
    path = write("mine.py", text)
    with pytest.raises((NoAppException, AttributeError)) as caught:
        ScriptInfo("mine").load_app()
    assert f"The module 'mine' imports itself: '{path}'." in said(caught.value)
    assert "rename this file" in said(caught.value)


@pytest.mark.parametrize(
    "error",
    [ImportError("cannot import name 'x' from 'y'"), ImportError("partially initialized module 'y'"), KeyError("x")],
)
def test_what_is_no_circle(error: Exception) -> None:
    """Any other error, and one that only speaks of such a module, is not called a circle."""
    assert explain_circle(error) == ""
