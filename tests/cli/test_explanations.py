"""Each way of not finding an app: what was looked for, where, what is there instead, and what to type."""

from __future__ import annotations

import sys
import typing as t
from pathlib import Path

import pytest

from flask.cli import NoAppException, ScriptInfo, surroundings

from .conftest import Command, Write

APP = "from flask import Flask\napp = Flask(__name__)\n"
FUNCTION = "from flask import Flask\ndef start(name, *, size=1): return Flask(name)\n"


class Failure(t.NamedTuple):
    """What lies in the folder, what was given, and what has to be said; `{folder}` is the working directory."""

    files: dict[str, str]
    given: str | None
    said: list[str]


FAILURES = {
    "nothing at all": Failure(
        {},
        None,
        [
            "Could not locate a Flask application.",
            "Neither file is in '{folder}'.",
            "Nothing in '{folder}' looks like an application",
            "name its file, as in '--app path/to/hello.py'.",
        ],
    ),
    "another name": Failure(
        {"hello.py": APP, "notes.py": ""},
        None,
        ["Neither file is in '{folder}'.", "In '{folder}', 'hello' looks like one: try '--app hello'."],
    ),
    "one folder down": Failure(
        {"backend/web.py": APP, "venv/lib.py": APP, ".hidden/x.py": APP},
        None,
        ["In '{folder}', 'backend/web.py' looks like one: try '--app backend/web.py'."],
    ),
    "called flask.py": Failure(
        {"flask.py": APP},
        None,
        ["The file 'flask.py' in '{folder}' has the name of the library", "Rename it, for instance to 'app'."],
    ),
    "flask.py by its name": Failure(
        {"flask.py": APP}, "flask.py", ["in module 'flask'", "The file 'flask.py' in '{folder}'", "Rename it"]
    ),
    "a name in flask.py": Failure(
        {"flask.py": APP}, "flask:app", ["not obtained from 'flask:app'", "The file 'flask.py' in '{folder}'", "Rename"]
    ),
    "a missing name in flask.py": Failure(
        {"flask.py": APP}, "flask:nope", ["attribute 'nope' in 'flask'", "The file 'flask.py' in '{folder}'", "Rename"]
    ),
    "a package called flask": Failure(
        {"flask/__init__.py": APP}, "flask", ["The package 'flask' in '{folder}' has the name of the library", "Rename"]
    ),
    "the library itself": Failure({}, "flask", ["That is the library itself; name your own module."]),
    "hidden by another module": Failure(
        {"json.py": APP},
        "json.py",
        ["in module 'json'", "That is not '{folder}/json.py': another module 'json' was", "Rename that file."],
    ),
    "no such module": Failure(
        {"hello.py": APP},
        "nope_x",
        [
            "Could not import 'nope_x'.",
            "There is no module or package 'nope_x' in '{folder}', and none is installed.",
            "In '{folder}', 'hello' looks like one: try '--app hello'.",
        ],
    ),
    "no such module, and no other": Failure(
        {}, "nope_x", ["Could not import 'nope_x'.", "in '{folder}'", "Nothing in '{folder}' looks like an application"]
    ),
    "misspelt": Failure({"hello.py": APP}, "helo", ["Could not import 'helo'.", "Did you mean 'hello'?"]),
    "no such folder": Failure(
        {"hello.py": APP},
        "src/site/hello.py",
        ["Could not import 'hello'.", "There is no folder '{folder}/src'.", "try '--app hello'."],
    ),
    "in a folder, misspelt": Failure(
        {"src/hello.py": APP},
        "src/helo.py",
        ["Could not import 'helo'.", "'helo' in '{folder}/src'", "Did you mean 'hello'?"],
    ),
    "in a folder, without likeness": Failure(
        {"src/hello.py": APP},
        "src/nope_x.py",
        ["Could not import 'nope_x'.", "In '{folder}/src', 'src/hello.py' looks like one: try '--app src/hello.py'."],
    ),
    "no Python file": Failure(
        {"hello.txt": APP}, "hello.txt", ["'hello.txt'", "The file '{folder}/hello.txt' is no module", "'.py'"]
    ),
    "in a nested package": Failure(
        {"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/web.py": APP},
        "pkg/sub/wob.py",
        ["Could not import 'pkg.sub.wob'.", "'wob' in '{folder}/pkg/sub'", "Did you mean 'pkg.sub.web'?"],
    ),
    "an empty package": Failure(
        {"pkg/__init__.py": "", "pkg/web.py": APP},
        "pkg",
        [
            "in module 'pkg'",
            "Looked in '{folder}/pkg/__init__.py' for a Flask application, and for a function 'create_app' or",
            "There is nothing in it.",
            "try '--app pkg/web.py'.",
        ],
    ),
    "a package with it further down": Failure(
        {"pkg/__init__.py": "", "pkg/sub/web.py": APP}, "pkg", ["try '--app pkg/sub/web.py'."]
    ),
    "a mere folder": Failure(
        {"src/web.py": APP},
        "src",
        ["in module 'src'", "'{folder}/src' (a folder without '__init__.py')", "try '--app src/web.py'."],
    ),
    "nothing before the colon": Failure(
        {"hello.py": APP},
        ":app",
        ["attribute 'app'", "Looked in '{folder}' (a folder without '__init__.py').", "try '--app hello'."],
    ),
    "other names only": Failure(
        {"hello.py": "import os\nsize = 1\n"},
        "hello",
        ["in module 'hello'", "Looked in '{folder}/hello.py'", "In it there is 'os' and 'size'."],
    ),
    "something else by that name": Failure(
        {"hello.py": "app = 5\n"}, "hello", ["Looked in '{folder}/hello.py'", "'app' is a value of type 'int', not a"]
    ),
    "within a function": Failure(
        {"hello.py": "import flask\ndef start():\n    web = flask.Flask('x')\n    web.run()\n"},
        "hello",
        ["Line 3 makes one in the function 'start': let that return it, and try '--app hello:start'."],
    ),
    "where only a script gets to": Failure(
        {"hello.py": "from flask import Flask\nif __name__ == '__main__':\n    app = Flask('x')\n"},
        "hello",
        ["Line 3 makes one, but only where that file itself is run", "Make it at the top level."],
    ),
    "several": Failure(
        {"hello.py": "from flask import Flask\none, two = Flask('1'), Flask('2')\n"},
        "hello",
        [
            "multiple Flask applications in module 'hello'",
            "In '{folder}/hello.py' they are 'one' and 'two'",
            "hello:one",
        ],
    ),
    "a missing name": Failure(
        {"hello.py": APP},
        "hello:ap",
        ["attribute 'ap' in 'hello'", "Looked in '{folder}/hello.py'.", "try '--app hello:app'"],
    ),
    "a name of something else": Failure(
        {"hello.py": f"{APP}db = 5\n"},
        "hello:db",
        [
            "not obtained from 'hello:db': it is a value of type 'int'",
            "Looked in '{folder}/hello.py'.",
            "There is 'app': try '--app hello:app'.",
        ],
    ),
    "a factory that wants arguments": Failure(
        {"hello.py": FUNCTION.replace("start", "create_app")},
        "hello",
        [
            "Detected factory 'create_app' in module 'hello'",
            "In '{folder}/hello.py' it is defined as 'create_app(name, *, size=1)'",
            "'--app \"hello:create_app(...)\"', in quotes.",
        ],
    ),
    "a factory with wrong arguments": Failure(
        {"hello.py": FUNCTION},
        "hello:start(1, 2)",
        ["The factory 'start(1, 2)' in module 'hello'", "'start(name, *, size=1)'", "'--app \"hello:start(...)\"'"],
    ),
    "a factory that returns nothing": Failure(
        {"hello.py": "def create_app(): pass\n"},
        "hello",
        ["Looked in '{folder}/hello.py'", "'create_app()' returned None."],
    ),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_what_is_said(write: Write, folder: Path, failure: Failure) -> None:
    """Each failure says what was looked for, where, what was found instead, and what to type."""
    for name, text in failure.files.items():
        write(name, text)
    with pytest.raises(NoAppException) as caught:
        ScriptInfo(failure.given).load_app()
    said = caught.value.message.replace("\\\\", "/").replace("\\", "/")
    for words in failure.said:
        assert words.format(folder=folder.as_posix()) in said
    assert len(said.splitlines()) <= 5


def test_nothing_is_imported_to_find_out(write: Write) -> None:
    """Files that may be an app are only read, to a bound, and may hold anything."""
    write("boom.py", f"{APP}raise SystemExit('imported')\n")
    write("bytes.py", "").write_bytes(b"\xff\0Flask(")
    write("late.py", f"#{'x' * 200_000}\n{APP}")
    with pytest.raises(NoAppException, match="'boom' and 'bytes' look like one"):
        ScriptInfo().load_app()
    assert "boom" not in sys.modules


def test_folders_of_any_size_are_searched_to_a_bound(
    write: Write, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more files of a folder are read than a bound, and no more folders."""
    for name in "abc":
        write(f"{name}.py", APP)
        write(f"{name}_folder/web.py", APP)
    assert surroundings.app_files(str(folder)) == ["a", "b", "c"]
    assert len(surroundings.app_files_below(str(folder))) == 3
    monkeypatch.setattr(surroundings, "FILES_AT_MOST", 2)
    monkeypatch.setattr(surroundings, "FOLDERS_AT_MOST", 2)
    assert surroundings.app_files(str(folder)) == ["a", "b"]
    assert len(surroundings.app_files_below(str(folder))) == 2


@pytest.mark.parametrize("text", ["def (\n", "\0", "(" * 10_000, ""])
def test_a_file_that_cannot_be_read_as_python(write: Write, text: str) -> None:
    """Whatever a file holds, looking for an app in it does not fail."""
    path = write("odd.py", text)
    assert surroundings.made_out_of_sight(str(path)) is None
    assert surroundings.made_out_of_sight(str(path.parent / "missing.py")) is None


@pytest.mark.parametrize(
    ("args", "env", "said"),
    [
        ([], {"FLASK_APP": "nope_x"}, "The name comes from the variable FLASK_APP.\n"),
        ([], {}, "The name comes from the variable FLASK_APP, which '{file}' sets.\n"),
        (["--app", "nope_y"], {}, ""),
    ],
)
def test_who_named_it(
    write: Write, command: Command, folder: Path, args: list[str], env: dict[str, str], said: str
) -> None:
    """A name that nobody typed is said to come from a variable, and the variable from its file."""
    write(".env", "OTHER=1\n")
    file = write(".flaskenv", "FLASK_APP=nope_z\n")
    done = command(*args, "routes", **env)
    assert done.returncode == 2
    assert "Could not import 'nope_" in done.stderr
    assert done.stderr.endswith(said.format(file=file))
    assert ("FLASK_APP" in done.stderr) is bool(said)
