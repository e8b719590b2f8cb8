"""Why a server cannot listen, and who holds its port."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator

import pytest

from flask.cli import ports


@pytest.fixture
def held() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def said(host: str, port: int) -> str:
    return "\n".join(ports.explain(host, port, "serve {port}"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_a_taken_port(held: int, host: str) -> None:
    """Who holds it is named where the system tells, then two ways out, of which the other port is a free one."""
    text = said(host, held)
    if sys.platform == "linux":
        assert text.startswith(f"Port {held} is held by process {os.getpid()} (")
        assert "\nStop it, or choose another port: 'serve " in text
    other = int(text.rpartition(" ")[2].rstrip("'."))
    with socket.socket() as free:
        free.bind(("127.0.0.1", other))


def test_a_taken_port_of_nobody_knows_whom(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a known holder there is still something to stop."""
    monkeypatch.setattr(ports, "find_holder", lambda port: "")
    assert said("127.0.0.1", held).startswith("Stop that program, or choose another port: 'serve ")


def test_the_other_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the next that nobody holds; after a port that is reserved, or among the last, the usual one."""
    taken = {5001, 5002, 5000}
    monkeypatch.setattr(ports, "_refusal", lambda host, port: OSError() if port in taken else None)
    assert [ports._free_after("h", port) for port in (5000, 8080, 80, 65535)] == [5003, 8081, 5003, 5003]
    monkeypatch.setattr(ports, "_refusal", lambda host, port: OSError())
    assert ports._free_after("h", 5000) == 5001


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [
        ("127.0.0.1", 0, ""),
        ("name.invalid", 5000, "No address is known for the host 'name.invalid'."),
        ("http://localhost", 5000, "without a port and without 'http://'. Leave it out"),
        ("192.0.2.1", 5000, "This machine has no address '192.0.2.1'. Leave it out"),
        ("127.0.0.1", 65536, "There is no port 65536: take one from 0, which is any that is free, to 65535."),
        ("127.0.0.1", -1, "There is no port -1"),
        ("unix:///nowhere/x.sock", 5000, ""),
    ],
)
def test_another_reason(host: str, port: int, words: str) -> None:
    """A host or a port that cannot be is told apart from a port in use; nothing is said of what is no reason."""
    text = said(host, port)
    assert words in text
    assert bool(words) is bool(text)
    assert "another port" not in text


def test_a_reserved_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the account may not listen, a port is offered on which it may."""
    refused = PermissionError(errno.EACCES, "no")
    monkeypatch.setattr(ports, "_refusal", lambda host, port: refused if port < 1024 else None)
    assert said("127.0.0.1", 80) == "This account may not listen on port 80. Choose another port: 'serve 5000'."
    monkeypatch.setattr(ports, "_refusal", lambda host, port: OSError(errno.EIO, "no"))
    assert said("127.0.0.1", 80) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_holder_from_proc(held: int) -> None:
    """On Linux the process is found without any program."""
    assert ports.find_holder(held).startswith(f"process {os.getpid()} (")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound, not listening
        assert ports.find_holder(free.getsockname()[1]) == ""


LSOF = "p123\ncnode\nf21\n"
NETSTAT = """
  Proto  Local Address          Foreign Address        State           PID
  TCP    127.0.0.1:50001        0.0.0.0:0              LISTENING       7
  TCP    127.0.0.1:5000         10.0.0.1:443           ESTABLISHED     8
  TCP    127.0.0.1:5000         0.0.0.0:0              LISTENING       456
"""


@pytest.mark.parametrize(
    ("platform", "output", "holder"),
    [
        ("darwin", LSOF, "process 123 (node)"),
        ("darwin", "", ""),
        ("win32", NETSTAT, "process 456"),
        ("win32", "nonsense", ""),
    ],
)
def test_holder_from_a_program(monkeypatch: pytest.MonkeyPatch, platform: str, output: str, holder: str) -> None:
    """Elsewhere it is what the system's own program prints."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ports, "_output", lambda *args: output)
    assert ports.find_holder(5000) == holder


def test_not_knowing_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is missing or fails means that nothing is known."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ports.shutil, "which", lambda name: None)
    assert ports.find_holder(5000) == ""
    monkeypatch.setattr(ports.shutil, "which", lambda name: "/nonexistent/lsof")
    assert ports.find_holder(5000) == ""
