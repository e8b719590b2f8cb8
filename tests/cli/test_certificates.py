"""What --cert and --key may say."""

from __future__ import annotations

import ssl
import sys
import types
import typing as t

import click
import pytest

from flask.cli import run_command

from .conftest import Write

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


@pytest.fixture(autouse=True)
def things(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("c.pem", "")
    write("k.pem", "")
    module = types.ModuleType("tls_module")
    module.context, module.number = CONTEXT, 5  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tls_module", module)
    monkeypatch.setitem(sys.modules, "cryptography", types.ModuleType("cryptography"))


def cert(*args: str) -> t.Any:
    return run_command.make_context("run", list(args)).params["cert"]


def test_a_file_and_its_key(folder: object) -> None:
    """A certificate file and its key file become a pair of full paths, in whichever order they are given."""
    pair = (f"{folder}/c.pem", f"{folder}/k.pem")
    assert cert("--cert", "c.pem", "--key", "k.pem") == pair
    assert cert("--key", "k.pem", "--cert", "c.pem") == pair


@pytest.mark.parametrize(
    ("value", "result"),
    [("adhoc", "adhoc"), ("ADHOC", "adhoc"), ("tls_module:context", CONTEXT), ("tls_module.context", CONTEXT)],
)
def test_what_needs_no_key(value: str, result: object) -> None:
    """`adhoc` and an SSLContext stand alone."""
    assert cert("--cert", value) == result
    with pytest.raises(click.BadParameter, match='"--key" is not used'):
        cert("--cert", value, "--key", "k.pem")


def test_neither() -> None:
    """Without --cert there is no TLS."""
    assert cert() is None


@pytest.mark.parametrize(
    ("args", "option", "said"),
    [
        (["--cert", "c.pem"], "--key", 'Required when using "--cert".'),
        (["--key", "k.pem"], "--key", '"--cert" must also be specified.'),
        (["--key", "nope"], "--key", "does not exist"),
        (["--cert", "nope"], "--cert", "does not exist"),
        (["--cert", "."], "--cert", "is a directory"),
        (["--cert", ""], "--cert", "is a directory"),
        (["--cert", "..x"], "--cert", "does not exist"),
        (["--cert", "tls_module:number"], "--cert", "does not exist"),
        (["--cert", "tls_module:nope"], "--cert", "does not exist"),
        (["--cert", "no_such_module:x"], "--cert", "does not exist"),
    ],
)
def test_what_is_refused(args: list[str], option: str, said: str) -> None:
    """Anything else is refused, and the message names the option."""
    with pytest.raises(click.BadParameter) as caught:
        cert(*args)
    assert option in caught.value.format_message()
    assert said in caught.value.format_message()


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python without cryptography, or without ssl, says so."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(click.BadParameter, match="requires the cryptography library"):
        cert("--cert", "adhoc")
    monkeypatch.setitem(sys.modules, "ssl", None)
    with pytest.raises(click.BadParameter, match="compiled with SSL support"):
        cert("--cert", "c.pem", "--key", "k.pem")
    assert cert() is None
