"""What a shell offers while a command is being typed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from flask.cli import cli

from .conftest import Write, child_environment

APP = "from flask import Flask\napp = Flask(__name__)\n@app.cli.command()\ndef mine():\n    'My own.'\n"


def offered(runner: CliRunner, words: str, shell: str = "bash") -> list[str]:
    """What `flask` offers for the last of the words, as it tells a shell."""
    last = "" if words.endswith(" ") else words.split()[-1]
    env = {"_FLASK_COMPLETE": f"{shell}_complete", "COMP_WORDS": words}
    env["COMP_CWORD"] = last if shell == "fish" else str(len(words.split()) - bool(last))
    result = runner.invoke(cli, [], prog_name="flask", env=env)
    assert result.stderr == ""
    return [line for line in result.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        ("flask min", ["plain,mine"]),
        ("flask r", ["plain,routes", "plain,run"]),
        ("flask --app other th", ["plain,theirs"]),
        ("flask routes --m", ["plain,--match"]),
        ("flask routes --sort ", [f"plain,{order}" for order in ("endpoint", "methods", "domain", "rule", "match")]),
        ("flask run --deb", ["plain,--debug", "plain,--debugger"]),
        ("flask run --cert ", ["file,"]),
        ("flask run --cert ad", ["plain,adhoc"]),
        ("flask run --key ", ["file,"]),
        ("flask run --extra-files ", ["file,"]),
        ("flask --env-file ", ["file,"]),
        ("flask --app ", ["plain,app", "plain,other", "plain,notes", "plain,pkg"]),
        ("flask --app ot", ["plain,other"]),
        ("flask -A pkg/w", ["file,pkg/w"]),
    ],
)
def test_what_is_offered(write: Write, runner: CliRunner, words: str, offers: list[str]) -> None:
    """Commands, the app's among them, options, and their values; for an app modules, those that make one first."""
    write("app.py", APP)
    write("other.py", APP.replace("mine", "theirs"))
    write("notes.py", "")
    write("pkg/__init__.py", "")
    assert offered(runner, words) == offers


@pytest.mark.parametrize(
    "text",
    ["1 / 0\n", "import nope_x\n", "x = 1\n", "def (\n", "print('noise')\nimport sys\nsys.stderr.write('x')\n" + APP],
)
def test_nothing_is_said_meanwhile(write: Write, runner: CliRunner, text: str) -> None:
    """Neither what an app prints nor what is wrong with it gets into the line that somebody types."""
    write("app.py", text)
    assert offered(runner, "flask ro") == ["plain,routes"]
    assert offered(runner, "flask min") == (["plain,mine"] if text.endswith(APP) else [])
    assert offered(runner, "flask mine --h") == ["plain,--help"]


def test_nor_of_a_missing_app(folder: Path, runner: CliRunner) -> None:
    """Where there is no app the command's own names are offered."""
    ours = ["check", "migrate-check", "routes", "run", "serve", "shell"]
    assert offered(runner, "flask ") == [f"plain,{name}" for name in ours]
    assert offered(runner, "flask --app nope_x r") == ["plain,routes", "plain,run"]


@pytest.mark.parametrize(
    ("shell", "offers"),
    [("bash", ["plain,mine"]), ("zsh", ["plain", "mine", "My own."]), ("fish", ["plain,mine\tMy own."])],
)
def test_each_shell(write: Write, runner: CliRunner, shell: str, offers: list[str]) -> None:
    """Bash, zsh and fish get a script of their own, and answers in their own form."""
    write("app.py", APP)
    assert offered(runner, "flask min", shell) == offers
    script = runner.invoke(cli, [], prog_name="flask", env={"_FLASK_COMPLETE": f"{shell}_source"})
    assert script.exit_code == 0
    assert f"_FLASK_COMPLETE={shell}_complete" in script.stdout


@pytest.mark.parametrize("shell", ["bash", "fish"])
@pytest.mark.skipif(sys.platform == "win32", reason="shells of POSIX")
def test_in_the_shell_itself(write: Write, folder: Path, shell: str) -> None:
    """The script makes the shell complete the commands, the app's among them, options and values."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    write("app.py", APP)
    scripts = {
        "bash": """
        eval "$(_FLASK_COMPLETE=bash_source flask)"
        for words in "flask min" "flask r" "flask routes --m" "flask routes --sort d"; do
            COMP_WORDS=($words); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
            _flask_completion flask
            echo "${COMPREPLY[@]}"
        done
        """,
        "fish": """
        _FLASK_COMPLETE=fish_source flask | source
        for words in "flask min" "flask r" "flask routes --m" "flask routes --sort d"
            echo (complete -C $words | cut -f 1)
        end
        """,
    }
    search = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        [path, "--norc" if shell == "bash" else "--no-config", "-c", textwrap.dedent(scripts[shell])],
        cwd=folder,
        env=child_environment(PATH=search, HOME=str(folder)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["mine", "routes run", "--match", "domain"]
