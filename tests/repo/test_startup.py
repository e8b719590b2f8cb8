"""What `import flask` brings along, and that putting off the rest shows nowhere."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import types
from pathlib import Path

import pytest

from flask import _startup


def in_a_new_process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package whose body imports a submodule, and whose submodules ask for each other as Werkzeug's do."""
    root = tmp_path / "putoff"
    root.mkdir()
    (root / "__init__.py").write_text(
        "import sys, time\nfrom .server import serve as serve\nruns = globals().get('runs', 0) + 1\n"
        "early = hasattr(sys.modules[__name__], 'too_early')\ntime.sleep(0.05)\ntoo_early = True\n"
    )
    (root / "server.py").write_text("serve = 'served'\n")
    (root / "http.py").write_text("from . import structures\nname = 'http'\n")
    (root / "structures.py").write_text("from . import http\n")
    (root / "alone.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "putoff"
    for name in [name for name in sys.modules if name == "putoff" or name.startswith("putoff.")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "module", ["jinja2", "click", "asyncio", "http.server", "ssl", "werkzeug.serving", "werkzeug.test", "pathlib"]
)
def test_what_only_some_need_is_not_imported(module: str) -> None:
    """Importing Flask imports no template engine, no command line, no loop, and nothing of a development server."""
    assert in_a_new_process(f"import flask, sys; print({module!r} in sys.modules)").strip() == "False"


@pytest.mark.parametrize(
    "look",
    [
        "werkzeug.run_simple.__module__",
        "werkzeug.Client.__module__",
        "werkzeug.Request.__module__",
        "werkzeug.serving.run_simple.__module__",
        "werkzeug.test.Client.__module__",
        "sorted(name for name in dir(werkzeug) if name[:1].isupper() or name == 'run_simple')",
        "hasattr(werkzeug, 'no_such_name')",
        "werkzeug.__file__",
        "werkzeug.__spec__.name, werkzeug.__name__, werkzeug.__package__, werkzeug.__doc__",
        "isinstance(werkzeug, type(sys))",
        "repr(werkzeug)",
        "importlib.reload(werkzeug).Client.__module__",
        "(exec('from werkzeug import Request, Response, run_simple', vars()), Request.__name__)[1]",
        "(exec('from werkzeug import *', vars()), sorted(n for n in vars() if n in ('Client', 'Request', 'test')))[1]",
    ],
)
def test_werkzeug_shows_no_difference(look: str) -> None:
    """A look at Werkzeug's package finds the same after our import as without it."""
    plain, ours = (
        in_a_new_process(f"import importlib, sys\nimport {first}\nimport werkzeug\nprint({look})")
        for first in ("werkzeug", "flask")
    )
    assert ours == plain


def test_a_package_that_is_there_already_is_left_alone() -> None:
    """Whoever imported Werkzeug first keeps the very module."""
    code = "import werkzeug; first = werkzeug, type(werkzeug); import flask; import werkzeug; "
    assert in_a_new_process(code + "print(first == (werkzeug, type(werkzeug)))").strip() == "True"


def test_submodules_come_without_the_body(package: str) -> None:
    """A submodule is imported by its name, or found by an attribute, without running the package's body."""
    _startup.put_off(package)
    http = importlib.import_module("putoff.http")
    assert http.structures.http is http
    assert sys.modules[package].alone.__name__ == "putoff.alone"
    assert "putoff.server" not in sys.modules


def test_body_runs_at_the_first_look_and_once(package: str) -> None:
    """Many threads that ask for a name of the body all get it, and the body has run once."""
    _startup.put_off(package)
    module = sys.modules[package]
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(module.serve * module.too_early)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["served"] * 8
    assert module.runs == 1
    assert not module.early
    assert type(module) is types.ModuleType


def test_an_error_in_the_body_is_met_by_whoever_asks(package: str, tmp_path: Path) -> None:
    """A body that fails fails for each who asks, and can be mended."""
    source = tmp_path / "putoff" / "__init__.py"
    source.write_text("raise ImportError('not today')\n")
    _startup.put_off(package)
    module = sys.modules[package]
    for _ in range(2):
        with pytest.raises(ImportError, match="not today"):
            _ = module.serve
    source.write_text("serve = 'mended, at last'\n")
    importlib.invalidate_caches()
    assert module.serve == "mended, at last"


def test_other_loaders_see_the_import_as_they_expect_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an import hook loads the package, it is left to Python, as is one that does not exist."""
    find = importlib.util.find_spec

    def hooked(name: str, package: str | None = None) -> object:
        spec = find(name, package)
        if spec is not None:

            class Hook(type(spec.loader)):  # type: ignore[misc]
                pass

            spec.loader = Hook(spec.loader.name, spec.loader.path)  # type: ignore[union-attr]
        return spec

    monkeypatch.setattr(importlib.util, "find_spec", hooked)
    _startup.put_off(package)
    _startup.put_off("no_such_package_anywhere")
    assert package not in sys.modules
    assert "no_such_package_anywhere" not in sys.modules


def test_a_command_is_imported_when_somebody_looks_for_it() -> None:
    """`flask.cli` and `--version` import none of the commands; all are there at the first look."""
    code = """if True:
        import sys, flask.cli
        try:
            flask.cli.cli.main(["--version"])
        except SystemExit:
            pass
        modules = {f"flask.cli.{name}" for name in ("run", "serve", "shell", "routes", "check", "moving")}
        print(modules & set(sys.modules))
        print(sorted(flask.cli.cli.commands), flask.cli.run_command is flask.cli.cli.commands["run"])
    """
    said = in_a_new_process(code).splitlines()
    assert said[-2:] == ["set()", "['check', 'migrate-check', 'routes', 'run', 'serve', 'shell'] True"]
