"""What stands against moving an environment, and what does not."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from flask.cli.check.project import Project
from flask.cli.moving.environments import Environment, environment_of
from flask.cli.moving.judging import Judgement, judge
from flask.cli.moving.report import as_json, as_text
from tests import oracle

HERE = environment_of()


class Site:
    """A folder that stands for another environment's site-packages, and one for the project."""

    def __init__(self, folder: Path) -> None:
        self.site, self.project = folder / "site-packages", folder / "project"
        self.site.mkdir()
        self.project.mkdir()
        self.markers = dict(HERE.markers)

    def install(self, name: str, version: str, *headers: str, files: t.Mapping[str, str] | None = None) -> Path:
        """A distribution with further lines of metadata, and files; the folder of its metadata."""
        info = self.site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *headers]
        (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for file, text in (files or {}).items():
            path = self.site / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files or {}), encoding="utf-8")
        return info

    def judged(self) -> Judgement:
        """What is said of it."""
        environment = Environment("no-such-python", self.markers, [str(self.site)])
        return judge(environment, Project(self.project), [self.project])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An environment with nothing in it."""
    return Site(tmp_path.resolve())


def ids(judgement: Judgement) -> list[str]:
    """The numbers of what was found."""
    return [finding.id.removeprefix("flask.") for finding in judgement.findings]


def test_an_empty_environment_can_move(site: Site) -> None:
    """Where nobody asks for Flask, nothing stands against it."""
    judgement = site.judged()
    assert (judgement.rows, judgement.findings, judgement.failed) == ([], [], False)
    assert "nothing stands against it" in as_text(judgement)


def test_a_sound_extension(site: Site) -> None:
    """An extension that accepts 3.1.3 and touches what is here is a row without a finding."""
    site.install("Flask", "3.1.3", files={"flask/__init__.py": "import nothing_of_flask._x"})
    source = "from flask import g\nfrom flask.globals import _cv_app\ng._database = 1\n"
    site.install("Flask-Sound", "1.0", "Requires-Dist: Flask (>=2,<4)", files={"flask_sound/__init__.py": source})
    site.install("other", "1.0", "Requires-Dist: click", files={"other.py": "from flask import nothing"})
    judgement = site.judged()
    assert judgement.findings == []
    (row,) = judgement.rows
    assert (row.name, row.specifier, row.fits, row.private) == (
        "Flask-Sound",
        ">=2,<4",
        True,
        ["flask.globals._cv_app"],
    )


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Flask>3.1.3", ["M001"]),
        ("flask<3", ["M001"]),
        ("FLASK==3.1.3", []),
        ('flask<3; python_version < "3"', []),
        ("flask<3; what is this", ["M001"]),
        ("flask @ https://example.com/flask-3.1.3.tar.gz", ["M001"]),
        ("flask-login<0.1", []),
    ],
)
def test_requirements(site: Site, header: str, found: list[str]) -> None:
    """What is asked for here has to admit this version; markers of other places do not count. M001."""
    site.install("Shop", "1.0", f"Requires-Dist: {header}")
    assert ids(site.judged()) == found


def test_requirements_of_extras(site: Site) -> None:
    """What only an extra asks for is a warning, as nobody knows whether it is in use. M002."""
    extra = ("Provides-Extra: web", 'Requires-Dist: flask<3; extra == "web"')
    site.install("Shop", "1.0", *extra)
    judgement = site.judged()
    assert (ids(judgement), judgement.failed, judgement.rows[0].specifier) == (["M002"], False, "with an extra")


def test_names_that_are_missing(site: Site) -> None:
    """A name that is not here fails once for each who touches it; guarded ones and those of tests do not. M003."""
    files = {
        "shop/a.py": "from flask.helpers import _nothing\nfrom flask.helpers import _nothing",
        "shop/b.py": "try:\n    from flask import _other\nexcept ImportError:\n    pass",
        "shop/tests/test_a.py": "from flask import _untold",
        "shop/page.txt": "from flask import _untold",
    }
    site.install("Shop", "1.0", "Requires-Dist: flask", files=files)
    (site.project / "app.py").write_text("import flask\n\nflask.helpers._nothing()\n")
    judgement = site.judged()
    assert ids(judgement) == ["M003", "M003"]
    places = {(Path(finding.where.file or "").name, finding.where.line) for finding in judgement.findings}
    assert places == {("app.py", 3), ("a.py", 1)}
    assert {finding.where.name for finding in judgement.findings} == {"flask.helpers._nothing"}
    assert judgement.failed
    assert "2 things stand against" in as_text(judgement)


def test_names_that_are_gone(site: Site) -> None:
    """What Flask has taken out itself is told with what stands for it, and stands against nothing. M004."""
    site.install(
        "Old", "1.0", "Requires-Dist: flask", files={"old.py": "from flask import _request_ctx_stack, _app_ctx_stack"}
    )
    judgement = site.judged()
    assert (ids(judgement), judgement.failed) == (["M004", "M004"], False)
    assert "flask.globals.request_ctx" in as_text(judgement)


def test_names_that_upstream_never_had(tmp_path: Path) -> None:
    """Where the environment holds upstream, what is missing there too is no matter of moving."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "app.py").write_text("from flask.helpers import _never_heard_of\n")
    judgement = judge(environment_of(str(oracle.require())), Project(project), [project])
    assert judgement.installed == oracle.UPSTREAM
    assert [finding.id for finding in judgement.findings] == ["flask.M004"]


def test_an_older_python(site: Site) -> None:
    """A Python that the build refuses stands against it. M005."""
    site.markers |= {"python_full_version": "3.10.14", "python_version": "3.10"}
    assert ids(site.judged()) == ["M005"]


def test_libraries_that_come_with_it(site: Site) -> None:
    """An older Werkzeug becomes a later one, M007; whoever refuses that stands against it, M006."""
    site.install("Werkzeug", "3.0.6")
    assert ids(site.judged()) == ["M007"]
    site.install("Pinned", "1.0", "Requires-Dist: werkzeug<3.1")
    assert ids(site.judged()) == ["M006", "M007"]


def test_libraries_that_are_there(site: Site) -> None:
    """What suits already is nobody's business, whoever pins it."""
    site.install("Werkzeug", "3.1.9")
    site.install("Pinned", "1.0", "Requires-Dist: werkzeug==3.1.9")
    assert ids(site.judged()) == []


def test_another_owner_of_the_package(site: Site) -> None:
    """Another distribution with files in flask/ stands against it; one with flaskext/ or flask_x/ does not. M008."""
    site.install("flask-old", "1.0", files={"flaskext/old.py": "", "flask_old/__init__.py": ""})
    assert ids(site.judged()) == []
    site.install("flask-inside", "1.0", files={"flask/inside.py": ""})
    assert ids(site.judged()) == ["M008"]


def test_an_editable_distribution(site: Site) -> None:
    """What was installed in place is read where it lies, without its environment and its tests."""
    folder = site.site.parent / "here it lies"
    for file in ("src/shop/a.py", "tests/b.py", ".venv/c.py"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(f"from flask import _{file[-4]}\n")
    info = site.install("Shop", "1.0", "Requires-Dist: flask")
    (info / "direct_url.json").write_text(json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}}))
    assert [finding.where.name for finding in site.judged().findings] == ["flask._a"]


def test_unreadable_files(site: Site) -> None:
    """A file that is no Python is told, and the others are read. M009."""
    files = {"shop/a.py": "import flask\nprint 'old'\n", "shop/b.py": "from flask import _b"}
    site.install("Shop", "1.0", "Requires-Dist: flask", files=files)
    assert ids(site.judged()) == ["M003", "M009"]


def test_who_reads_the_version(site: Site) -> None:
    """Lines that read the version of the distribution are shown, as it has a label. M010."""
    (site.project / "a.py").write_text(
        "from importlib import metadata\nfrom importlib.metadata import version as v, version\n"
        "tuple(map(int, metadata.version('Flask').split('.')))\n"
        "version('flask')\nversion('flask-login')\nprint('flask')\n"
    )
    judgement = site.judged()
    assert [(finding.id, finding.where.line) for finding in judgement.findings] == [
        ("flask.M010", 3),
        ("flask.M010", 4),
    ]
    assert not judgement.failed


def test_what_would_put_upstream_back(site: Site) -> None:
    """Locks and pins of the project are told by the same ids as `flask check` has for them."""
    (site.project / "requirements.txt").write_text("flask==3.1.3\n")
    judgement = site.judged()
    assert (ids(judgement), judgement.failed) == (["I001"], True)
    (site.project / "requirements.txt").write_text("flask @ git+https://example.com/dewar.git@main\n")
    assert ids(site.judged()) == []


def test_as_json(site: Site) -> None:
    """All of it for programs, under keys that stay."""
    site.install("Flask", "3.1.3")
    site.install("Shop", "1.0", "Requires-Dist: flask<3", files={"shop.py": "from flask import _x, safe_join, g"})
    told = json.loads(as_json(site.judged()))
    assert (told["failed"], told["installed"], told["python"]["executable"]) == (True, "3.1.3", "no-such-python")
    (row,) = told["distributions"]
    assert row == {
        "name": "Shop",
        "version": "1.0",
        "specifier": "<3",
        "fits": False,
        "names": ["flask._x", "flask.g", "flask.safe_join"],
        "private": ["flask._x"],
        "missing": ["flask._x"],
        "gone": ["flask.safe_join"],
    }
    assert {finding["id"] for finding in told["findings"]} == {"flask.M001", "flask.M003", "flask.M004"}
