"""Which files are a project's: those that deploy it, and the application's own sources."""

from __future__ import annotations

import sys
from pathlib import Path

from click.testing import CliRunner

from flask.cli import cli
from flask.cli.check.project import Project, is_of_others, read, sources_of

from ..conftest import Write
from .checking import sound_app


def names(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_sources_of_a_package(write: Write, folder: Path) -> None:
    """The whole package counts, and what else was imported from the project; environments and caches do not."""
    write("shop/__init__.py", "import settings\nfrom flask import Flask\napp = Flask(__name__)\n")
    for file in ("shop/lazy.py", "shop/deep/er.py", "settings.py"):
        write(file, "")
    for file in (
        "venv/lib/site-packages/other.py",
        "shop/.cache/x.py",
        "shop/node_modules/y.py",
        "unused.py",
        "shop/a.txt",
    ):
        write(file, "")
    sys.path.insert(0, str(folder))
    import shop  # type: ignore[import-not-found]

    assert names(sources_of(shop.app, Project(folder)), folder) == [
        "settings.py",
        "shop/__init__.py",
        "shop/deep/er.py",
        "shop/lazy.py",
    ]


def test_sources_of_an_installed_package(write: Write, folder: Path) -> None:
    """An app that is installed is read as well, wherever the command runs; its neighbours are not."""
    site = write("venv/site-packages/shop/__init__.py", "").parents[1]
    write("venv/site-packages/shop/web/__init__.py", "")
    write("venv/site-packages/shop/web/app.py", "from flask import Flask\napp = Flask(__name__)\n")
    write("venv/site-packages/neighbour.py", "")
    sys.path.insert(0, str(site))
    import neighbour  # type: ignore[import-not-found]
    from shop.web.app import app  # type: ignore[import-not-found]

    assert names(sources_of(app, Project("/nonexistent")), site) == [
        "shop/__init__.py",
        "shop/web/__init__.py",
        "shop/web/app.py",
    ]
    assert is_of_others(app, neighbour.__file__)
    assert not is_of_others(app, app.root_path + "/app.py")


def test_neither_python_nor_the_framework(folder: Path) -> None:
    """In a folder that has the interpreter or this package somewhere below it, these are not the app's."""
    found = sources_of(sound_app("nowhere"), Project("/"))
    own = Path(sys.modules["flask"].__file__ or "").resolve().parent
    assert not [path for path in found if path.is_relative_to(own) or path.name == "dataclasses.py"]


def test_files_of_development(write: Write, folder: Path) -> None:
    """Files whose name says development or test deploy nothing; for what is installed they count."""
    for file in ("Procfile", "Procfile.dev", "deploy/Procfile", "deeper/er/Procfile", "nginx/PROCFILE"):
        write(file, "")
    (folder / "deploy" / "Procfile.d").mkdir()
    project = Project(folder)
    assert sorted(names(project.files(r"Procfile(\..+)?"), folder)) == ["Procfile", "deploy/Procfile", "nginx/PROCFILE"]
    assert "Procfile.dev" in names(project.files(r"Procfile(\..+)?", of_development=True), folder)


def test_unreadable_files(folder: Path) -> None:
    """What cannot be read is empty; bytes that are no UTF-8 are shown as such."""
    assert read(folder / "missing") == ""
    (folder / "latin").write_bytes(b"caf\xe9")
    assert read(folder / "latin") == "caf\ufffd"


def test_another_folder(write: Write) -> None:
    """The files of deployment are looked for in the folder that was named."""
    write("app.py", "from flask import Flask\napp = Flask(__name__)\n")
    write("elsewhere/Procfile", "web: flask run\n")
    result = CliRunner().invoke(cli, ["check", "--project", "elsewhere"])
    assert "flask.D003" in result.output
    assert "flask.D003" not in CliRunner().invoke(cli, ["check"]).output
