"""Variables from files."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from flask.cli import environment, load_dotenv
from flask.cli.environment import handed_over, set_variable

from .conftest import Command, Write


def ours() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("T_")}


@pytest.fixture
def files(write: Write) -> None:
    write(".flaskenv", "T_A=flaskenv\nT_B=flaskenv\nT_C=flaskenv\nT_D=flaskenv\n")
    write(".env", "T_A=env\nT_B=env\nT_C=env\n")
    write("named", "T_A=named\nT_B=named\nT_E=é\n")


@pytest.mark.usefixtures("files")
def test_precedence() -> None:
    """The environment goes before the named file, that before .env, that before .flaskenv."""
    os.environ["T_A"] = "real"
    assert load_dotenv("named") is True
    assert ours() == {"T_A": "real", "T_B": "named", "T_C": "env", "T_D": "flaskenv", "T_E": "é"}


@pytest.mark.usefixtures("files")
def test_only_the_named_file() -> None:
    """Without the defaults only the named file counts, and without that nothing does."""
    assert load_dotenv(load_defaults=False) is False
    assert ours() == {}
    assert load_dotenv(Path("named"), load_defaults=False) is True
    assert set(ours()) == {"T_A", "T_B", "T_E"}


@pytest.mark.usefixtures("files")
def test_the_defaults_are_found_above(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The default files are looked for upwards, and the working directory stays what it is."""
    below = folder / "one" / "two"
    below.mkdir(parents=True)
    (below / ".flaskenv").write_text("T_D=near\n")
    monkeypatch.chdir(below)
    assert load_dotenv() is True
    assert ours() == {"T_A": "env", "T_B": "env", "T_C": "env", "T_D": "near"}
    assert Path.cwd() == below


@pytest.mark.usefixtures("folder")
def test_nothing_to_read() -> None:
    """No file, or one that does not exist, is no error."""
    assert load_dotenv() is False
    assert load_dotenv("not there") is False


def test_what_python_dotenv_understands(write: Write) -> None:
    """Quotes, comments, export, references and names without a value are python-dotenv's to read."""
    write(".env", "export T_A='a b' # c\nT_B=${T_A}!\nT_C\nT_D=\n")
    assert load_dotenv() is True
    assert ours() == {"T_A": "a b", "T_B": "a b!", "T_D": ""}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_in_place_of_a_file(folder: Path) -> None:
    """A default file may be a pipe, into which some other program writes when it is read; no reloader watches it."""
    os.mkfifo(folder / ".env")
    writer = threading.Thread(target=(folder / ".env").write_text, args=("T_A=secret\n",), daemon=True)
    writer.start()
    assert load_dotenv()
    writer.join(10)
    assert os.environ["T_A"] == "secret"
    assert environment._files_read == []


@pytest.mark.parametrize("given", [None, "named"])
def test_another_encoding(write: Write, command: Command, given: str | None) -> None:
    """A file in another encoding than UTF-8, as some editors of Windows write, is named, and nothing of ours shown."""
    path = write(given or ".env", "")
    path.write_bytes("T_A=1\n".encode("utf-16"))
    with pytest.raises(UnicodeDecodeError) as caught:
        load_dotenv(given)
    assert caught.value.__notes__ == [f"The file '{path}' is not written in UTF-8: save it in that encoding."]
    done = command(*(["-e", given] if given else []), "routes")
    assert done.returncode == 2
    assert caught.value.__notes__[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_which_file_sets_a_variable(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """A variable is traced to the file whose value it has; to none if it is the environment's, or was changed since."""
    below, above = write(".env", "T_A=1\nT_B=1\n"), write(".flaskenv", "T_A=2\nT_C=2\n")
    monkeypatch.setenv("T_B", "real")
    load_dotenv()
    traced = [environment.file_that_sets(name) for name in ("T_A", "T_B", "T_C", "T_D")]
    assert traced == [str(below), None, str(above), None]
    monkeypatch.setenv("T_A", "changed")
    assert environment.file_that_sets("T_A") is None


@pytest.mark.usefixtures("files")
def test_without_python_dotenv(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without python-dotenv nothing is read, and one line says which files would have been."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    assert load_dotenv() is False
    assert ours() == {}
    error = capsys.readouterr().err
    assert "'.flaskenv', '.env' are not read" in error
    assert "pip install python-dotenv" in error


@pytest.mark.usefixtures("folder")
def test_without_python_dotenv_and_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has no such files is not told about them."""
    monkeypatch.setitem(sys.modules, "dotenv", None)
    assert load_dotenv() is False
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("files")
def test_the_next_process_finds_what_was_there() -> None:
    """While a reloader runs variables are put back, but not those that somebody else changed since."""
    os.environ["T_A"] = "real"
    load_dotenv("named")
    set_variable("T_A", "ours")
    set_variable("T_A", "ours again")
    set_variable("T_C", "ours")
    os.environ["T_B"] = "somebody's"
    with handed_over():
        assert ours() == {"T_A": "real", "T_B": "somebody's"}
    assert ours() == {"T_A": "ours again", "T_B": "somebody's", "T_C": "ours", "T_D": "flaskenv", "T_E": "é"}


@pytest.mark.usefixtures("files")
def test_a_restarted_process_keeps_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that serves has what the files say."""
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    load_dotenv()
    with handed_over():
        assert ours() == {"T_A": "env", "T_B": "env", "T_C": "env", "T_D": "flaskenv"}


@pytest.mark.usefixtures("files")
def test_files_read_are_known(folder: Path) -> None:
    """The reloader is told each file that was read, once and by its full path."""
    load_dotenv("named")
    load_dotenv("named")
    load_dotenv("not there", load_defaults=False)
    with handed_over() as files:
        assert sorted(files) == sorted(str(folder / name) for name in (".flaskenv", ".env", "named"))
