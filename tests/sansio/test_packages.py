from __future__ import annotations

import importlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from flask.sansio.scaffold import _find_package_path, find_package


@pytest.fixture
def importable(tmp_path, monkeypatch):
    """Make files below a folder of `sys.path`, and give back that folder's path."""

    def make(folder: str, *files: str) -> str:
        root = tmp_path / folder
        for file in files:
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        monkeypatch.syspath_prepend(str(root))
        importlib.invalidate_caches()
        return str(root)

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("dewar_t_")]:
        del sys.modules[name]


@pytest.mark.parametrize("name", ["dewar_t_pkg", "dewar_t_pkg.mod", "dewar_t_pkg.sub.mod", "dewar_t_mod"])
def test_developed_in_place(importable, name):
    """Code that is imported from where it is developed has no prefix, and lies in the entry of sys.path."""
    root = importable("src", "dewar_t_pkg/__init__.py", "dewar_t_pkg/sub/__init__.py", "dewar_t_mod.py")
    assert find_package(name) == (None, root)


@pytest.mark.parametrize(
    ("site", "prefix"),
    [
        ("venv/lib/python3.13/site-packages", "venv"),
        ("venv/lib/pypy3/site-packages", "venv"),
        ("venv/Lib/site-packages", "venv"),
        ("venv/LIB/Site-Packages", "venv"),
        ("odd/site-packages", "odd"),
    ],
)
def test_installed_elsewhere(importable, tmp_path, site, prefix):
    """The prefix of an installed package is what holds `lib`, whatever the platform calls the folders between."""
    root = importable(site, "dewar_t_pkg/__init__.py", "dewar_t_mod.py")
    assert find_package("dewar_t_pkg") == (str(tmp_path / prefix), root)
    assert find_package("dewar_t_mod") == (str(tmp_path / prefix), root)


def test_installed_here(importable, tmp_path, monkeypatch):
    """Whatever lies below sys.prefix counts as installed there; a folder whose name only starts alike does not."""
    root = importable("env/anywhere", "dewar_t_mod.py")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env") + os.sep)
    assert find_package("dewar_t_mod") == (str(tmp_path / "env"), root)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "en"))
    assert find_package("dewar_t_mod") == (None, root)


def test_prefix_is_made_absolute(importable, tmp_path, monkeypatch):
    """A relative sys.prefix is compared, and given back, as an absolute path."""
    importable("env/anywhere", "dewar_t_mod.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "prefix", "env")
    assert find_package("dewar_t_mod")[0] == str(tmp_path / "env")


@pytest.mark.parametrize("name", ["dewar_t_none", "dewar_t_none.sub", "", ".", ".x", "a..b", "__main__x"])
def test_unknown_is_here(name, tmp_path, monkeypatch):
    """What cannot be imported is taken to be in the current directory."""
    monkeypatch.chdir(tmp_path)
    assert Path(_find_package_path(name)) == Path.cwd()


def test_module_without_spec(monkeypatch, tmp_path):
    """A module without a spec, such as a script run as `__main__`, is taken to be in the current directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "dewar_t_blank", type(sys)("dewar_t_blank"))
    assert Path(_find_package_path("dewar_t_blank")) == Path.cwd()


def test_namespace_package(importable):
    """Of the folders that share a namespace, the one that holds the package asked for is found."""
    one = importable("one", "dewar_t_ns/first/__init__.py", "dewar_t_ns/inner/mod.py")
    two = importable("two", "dewar_t_ns/second/__init__.py")
    assert find_package("dewar_t_ns.first") == (None, one)
    assert find_package("dewar_t_ns.second") == (None, two)
    assert find_package("dewar_t_ns.inner") == (None, one)


def test_namespace_itself(importable):
    """A namespace as a whole, and what is not in it, are placed in its first folder."""
    importable("one", "dewar_t_ns/first/__init__.py")
    two = importable("two", "dewar_t_ns/second/__init__.py", "dewar_t_ns/mod.py")
    for name in ("dewar_t_ns", "dewar_t_ns.missing", "dewar_t_ns.mod", "dewar_t_ns.mod.missing"):
        assert find_package(name) == (None, two)


def test_nothing_is_imported(importable):
    """Asking where a module lies does not run it."""
    importable("src", "dewar_t_mod.py")
    find_package("dewar_t_mod")
    assert "dewar_t_mod" not in sys.modules


def test_zipped(tmp_path, monkeypatch):
    """A package inside an archive is imported from the archive."""
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("dewar_t_zip/__init__.py", "")
    monkeypatch.syspath_prepend(str(archive))
    assert find_package("dewar_t_zip") == (None, str(archive))
