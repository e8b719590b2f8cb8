"""The options of `flask serve`: what they say, what is refused, and how it is told."""

from __future__ import annotations

import dataclasses
import os
import socket
import sys
import typing as t
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import flask.cli.serve
from flask import cli
from flask.cli import FlaskGroup
from flask.cli.serve import engine, serve_command
from flask.cli.serve.settings import Settings
from tests.cli.conftest import Command, Write
from tests.cli.test_served import write_certificate

posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix domain sockets")


class Asked:
    """The command up to where it would listen."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
        monkeypatch.chdir(folder)
        monkeypatch.setattr(flask.cli.serve, "_serve", self._serve)
        self.found: list[Settings] = []

    def _serve(self, settings: Settings, why: str) -> int:
        self.found.append(settings)
        return 0

    def settings(self, *args: str, **env: str) -> Settings:
        """What the options come to."""
        result = self.run(*args, **env)
        assert result.exit_code == 0, result.output
        return self.found.pop()

    def refusal(self, *args: str, **env: str) -> str:
        """What is said where nothing is served."""
        result = self.run(*args, **env)
        assert result.exit_code == 2, result.output
        assert not self.found
        return " ".join(result.output.split())

    def run(self, *args: str, **env: str) -> Result:
        """Run it."""
        return CliRunner().invoke(cli.cli, ["serve", *args], env=env)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The command on an app of its own."""
    return Asked(tmp_path, monkeypatch)


GIVEN: list[tuple[str, str, str, object]] = [
    ("--host", "::1", "host", "::1"),
    ("--port", "8080", "port", 8080),
    ("--workers", "3", "workers", 3),
    ("--threads", "8", "threads", 8),
    ("--interface", "rsgi", "interface", "rsgi"),
    ("--interface", "auto", "interface", None),
    ("--http", "auto", "http", "auto"),
    ("--access-log", "json", "access_log", "json"),
    ("--graceful-timeout", "2.5", "graceful_timeout", 2.5),
    ("--shutdown-delay", "4", "shutdown_delay", 4),
    ("--max-requests", "1000", "max_requests", 1000),
    ("--forwarded-allow-ips", "10.0.0.0/8, ::1,unix", "forwarded_allow_ips", ("10.0.0.0/8", "::1", "unix")),
    ("--forwarded-headers", "for,host", "forwarded_headers", ("for", "host")),
    ("--health-path", "/up", "health_path", "/up"),
]


@pytest.mark.parametrize(("option", "text", "name", "value"), GIVEN, ids=[f"{case[0]} {case[1]}" for case in GIVEN])
def test_every_option_is_a_variable(asked: Asked, option: str, text: str, name: str, value: object) -> None:
    """`--max-requests` and FLASK_SERVE_MAX_REQUESTS mean the same."""
    variable = f"FLASK_SERVE_{option[2:].upper().replace('-', '_')}"
    assert getattr(asked.settings(option, text), name) == value
    assert getattr(asked.settings(**{variable: text}), name) == value


@posix
def test_a_unix_domain_socket_and_its_mode(asked: Asked) -> None:
    """The mode is octal, as chmod has it."""
    settings = asked.settings("--uds", "web.sock", "--uds-mode", "666")
    assert (settings.uds, settings.uds_mode) == ("web.sock", 0o666)
    assert asked.settings("--uds", "web.sock").uds_mode == 0o660


def test_switches_are_variables_too(asked: Asked) -> None:
    """1 and 0 turn them on and off."""
    assert asked.settings("--static", "--reload").static
    settings = asked.settings(FLASK_SERVE_STATIC="1", FLASK_SERVE_RELOAD="1")
    assert settings.static
    assert settings.reload
    assert not asked.settings().static


def test_all_settings_have_an_option_or_come_from_the_group(asked: Asked) -> None:
    """Nothing can be set that nobody can give."""
    options = {param.name for param in serve_command.params}
    settings = {field.name for field in dataclasses.fields(Settings)}
    assert settings - options == {"app", "create_app", "set_debug_flag", "env_file", "load_dotenv"}
    assert options <= settings


BAD: list[tuple[tuple[str, ...], str]] = [
    (("--port", "99999"), "99999 is not in the range"),
    (("--workers", "0"), "0 is not in the range"),
    (("--threads", "0"), "0 is not in the range"),
    (("--graceful-timeout", "-1"), "is not in the range"),
    (("--max-requests", "many"), "'many' is not a valid integer"),
    (("--interface", "cgi"), "'cgi' is not one of"),
    (("--http", "3"), "'3' is not one of"),
    (("--access-log", "xml"), "'xml' is not one of"),
    (("--forwarded-allow-ips", "proxy.local"), "'proxy.local' does not appear to be an IPv4 or IPv6 network"),
    (("--forwarded-headers", "for,by"), "'by' is none of for, proto, host, port, prefix"),
    (("--health-path", "up"), "It is the path of a URL and begins with a slash: '/up'"),
    (("--uds-mode", "888"), "'888' is no mode of a file"),
    (("--threads", "4", "--interface", "asgi"), "'--threads' is for WSGI"),
    (("--certfile", "app.py"), "'--certfile' and '--keyfile' go together"),
    (("--keyfile", "app.py"), "'--certfile' and '--keyfile' go together"),
    (("--certfile", "app.py", "--keyfile", "app.py"), "are no certificate with its key"),
    (("--certfile", "nowhere.pem", "--keyfile", "app.py"), "'nowhere.pem' does not exist"),
    (("--uds", "web.sock", "--port", "80"), "'--uds' takes the place of '--host' and '--port'"),
]


@pytest.mark.parametrize(("args", "said"), BAD, ids=[" ".join(args) for args, _ in BAD])
def test_what_cannot_be_is_refused_with_its_reason(asked: Asked, args: tuple[str, ...], said: str) -> None:
    """Exit status 2, and nothing was started."""
    assert said in asked.refusal(*args)


def test_a_bad_value_of_a_variable_is_told_with_the_variable(asked: Asked) -> None:
    """Nobody has typed it."""
    assert "It is the value of the variable FLASK_SERVE_PORT" in asked.refusal(FLASK_SERVE_PORT="http")


def test_a_certificate_with_its_key_is_taken_and_with_another_one_refused(asked: Asked, tmp_path: Path) -> None:
    """Looked at before anything starts; a key that asks for a passphrase cannot be read when a worker is replaced."""
    from cryptography.hazmat.primitives import serialization

    write_certificate(tmp_path)
    assert asked.settings("--certfile", "cert.pem", "--keyfile", "key.pem").keyfile == os.path.realpath("key.pem")

    key = serialization.load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    secret = serialization.BestAvailableEncryption(b"secret")
    encrypted = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    said = asked.refusal("--certfile", "cert.pem", "--keyfile", "encrypted.pem")
    assert "the key is encrypted" in said

    (tmp_path / "other").mkdir()
    write_certificate(tmp_path / "other")
    assert "are no certificate with its key" in asked.refusal("--certfile", "cert.pem", "--keyfile", "other/key.pem")


# What is refused however it is asked for


def test_debug_mode_is_refused_however_it_was_turned_on(asked: Asked, tmp_path: Path) -> None:
    """By the option, the variable or a file; the message says why, and where it comes from."""
    result = CliRunner().invoke(cli.cli, ["--debug", "serve"])
    assert result.exit_code == 2
    assert "Debug mode is on" in result.output
    assert "may run code on this machine" in " ".join(result.output.split())
    assert "flask run --debug" in asked.refusal(FLASK_DEBUG="1")
    assert "and with '--reload'" in asked.refusal("--reload", FLASK_DEBUG="1")

    (tmp_path / ".env").write_text("FLASK_DEBUG=1\n")
    said = asked.refusal()
    assert f"Take FLASK_DEBUG out of '{tmp_path / '.env'}'" in said
    assert CliRunner().invoke(cli.cli, ["--no-debug", "serve"]).exit_code == 0


def test_without_granian_the_message_says_what_to_install(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra, and everything else works without it."""
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    assert "Try \"pip install 'flask[serve]'\"" in asked.refusal()


@pytest.mark.parametrize("version", ["2.7.3", "2.5.0", "3.0.0"])
def test_a_granian_that_is_not_known_is_refused(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """Older ones have a hole, later ones may be otherwise inside; the message says which would do."""
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    with pytest.raises(engine.Unavailable, match=r"from 2\.7\.4 up to, but not including, 3") as refused:
        engine.require_known()
    assert version in str(refused.value)


def test_a_granian_without_what_is_used_inside_of_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told before any request, with the name that is missing, and not as an error in the midst of serving."""
    import granian.server.mp as mp

    engine.require_known()
    monkeypatch.delattr(mp, "_new_cbscheduler")
    with pytest.raises(engine.Unavailable, match="it has no _new_cbscheduler"):
        engine.require_known()


def test_an_app_that_is_nowhere_is_told_as_by_every_command(command: Command, write: Write) -> None:
    """Without starting anything."""
    write("other.py", "")
    result = command("--app", "hello", "serve")
    assert result.returncode == 2
    assert "Could not import 'hello'" in result.stderr


def test_a_factory_that_no_other_process_can_import_is_refused(asked: Asked) -> None:
    """Workers make the app themselves; a lambda cannot be sent to them."""
    group = FlaskGroup(create_app=t.cast("t.Any", lambda: None))
    result = CliRunner().invoke(group, ["serve"])
    assert result.exit_code == 2
    assert "Give it a function of a module" in " ".join(result.output.split())


def test_a_port_that_is_taken_is_explained_and_the_status_is_1(command: Command, write: Write) -> None:
    """As by `flask run`: who holds it, and a port that is free."""
    write("app.py", "from flask import Flask\napp = Flask(__name__)\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = command("serve", "--port", str(port))
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr
    assert "flask serve --port" in result.stderr


@posix
def test_a_file_in_the_place_of_the_socket_is_left_alone(command: Command, write: Write, folder: Path) -> None:
    """Only a socket that nobody answers is removed."""
    write("app.py", "from flask import Flask\napp = Flask(__name__)\n")
    result = command("serve", "--uds", "app.py")
    assert result.returncode == 1
    assert "exists and is no socket" in result.stderr
    assert (folder / "app.py").is_file()


def test_the_command_imports_neither_the_app_nor_granian(asked: Asked, tmp_path: Path) -> None:
    """The process that supervises must be able to bring new code, and to outlive broken code."""
    (tmp_path / "app.py").write_text("raise SystemExit('imported')\n")
    before = set(sys.modules)
    asked.settings()
    assert not {name for name in set(sys.modules) - before if name.partition(".")[0] in {"app", "granian"}}


def test_help_says_that_options_are_variables() -> None:
    """Each of them is described."""
    result = CliRunner().invoke(cli.cli, ["serve", "--help"])
    assert "FLASK_SERVE_PORT" in result.output
    assert all(param.help for param in serve_command.params if isinstance(param, click.Option))
