"""Who holds a port."""

from __future__ import annotations

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


def test_is_taken(held: int) -> None:
    """A port is taken while another socket listens on it, and neither a bad name nor number is a taken port."""
    assert ports.is_taken("127.0.0.1", held)
    assert not ports.is_taken("127.0.0.1", 0)
    assert not ports.is_taken("name.invalid", held)
    assert not ports.is_taken("127.0.0.1", 99999)


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
