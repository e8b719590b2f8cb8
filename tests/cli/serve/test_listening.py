"""The sockets of a service: newcomers go where they are steered, and whoever is queued is not lost."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flask.cli.serve import listening
from flask.cli.serve.listening import CannotListen, Listener, listen
from flask.cli.serve.settings import Settings

linux = pytest.mark.skipif(sys.platform != "linux", reason="filters are Linux's")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix domain sockets")

MANY = 40  # so many that two places both get some, but for one time in 2 ** 39


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed at the end."""
    with ExitStack() as stack:
        yield stack


def opened(stack: ExitStack, places: int) -> Listener:
    """A listener on some port."""
    made = listening._on_port("127.0.0.1", 0, places)
    stack.callback(made.close)
    return made


def connect(stack: ExitStack, listener: Listener, count: int = MANY, seconds: float = 10) -> None:
    """So many connections, which stay open."""
    for _ in range(count):
        stack.enter_context(socket.create_connection(listener.address, timeout=seconds))


def accept_all(listener: Listener, place: int) -> int:
    """How many were queued for the worker of a place."""
    count = 0
    while listener.has_queue(place):
        connection, _ = listener.of(place).accept()
        connection.close()
        count += 1
    return count


@linux
def test_connections_that_come_together_are_spread_over_the_workers_that_serve(stack: ExitStack) -> None:
    """None goes to a worker that does not serve: there it would wait for as long as an app takes to load."""
    listener = opened(stack, 3)
    connect(stack, listener)
    assert [accept_all(listener, place) for place in range(3)] == [MANY, 0, 0]  # the first worker is the first to serve
    listener.steer_to([0, 2])
    connect(stack, listener)
    first, second, third = (accept_all(listener, place) for place in range(3))
    assert first + third == MANY
    assert second == 0
    assert min(first, third) > 0
    assert (listener.places, listener.open_to) == (3, [0, 2])
    listener.steer_to([1])
    listener.steer_to([])  # while nobody serves, those who come wait for whoever served last
    connect(stack, listener)
    assert [accept_all(listener, place) for place in range(3)] == [0, MANY, 0]


@linux
@pytest.mark.parametrize("places", [1, 2])
def test_newcomers_are_kept_out_and_the_queue_stays(stack: ExitStack, places: int) -> None:
    """Closing the socket would reset those who are in the queue."""
    listener = opened(stack, places)
    connect(stack, listener, 3)
    listener.close_to_newcomers()
    with pytest.raises(TimeoutError):
        connect(stack, listener, 1, seconds=0.2)
    assert sum(accept_all(listener, place) for place in range(places)) == 3


@linux
def test_where_newcomers_cannot_be_steered_all_workers_share_one_socket(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some containers' kernels know no such programs: nobody is to wait for a worker that does not serve."""

    def refuse(*args: object) -> None:
        raise OSError(errno.ENOPROTOOPT, "Protocol not available")

    monkeypatch.setattr(listening, "_attach", refuse)
    listener = opened(stack, 2)
    assert listener.of(0) is listener.of(1)
    assert listener.places is None
    listener.steer_to([1])
    listener.close_to_newcomers()
    connect(stack, listener, 2)
    assert accept_all(listener, 0) == 2


@pytest.mark.parametrize("places", [1, 2])
def test_an_address_in_use_is_refused(stack: ExitStack, places: int) -> None:
    """Also by a second server of this kind, whose sockets could share it: two versions would answer by turns."""
    listener = opened(stack, places)
    with pytest.raises(OSError) as refused:
        listen(Settings(port=listener.address[1]))
    assert refused.value.errno == errno.EADDRINUSE


def has_ipv6() -> bool:
    """Whether this machine has the address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_ipv6_is_listened_on(stack: ExitStack) -> None:
    """As `--host ::1` says, for each worker."""
    listener = listen(Settings(host="::1", port=0, workers=2))
    stack.callback(listener.close)
    stack.enter_context(socket.create_connection(listener.address[:2], timeout=10))
    assert accept_all(listener, 0) == 1


@posix
def test_a_path_is_removed_at_the_end_unless_another_server_has_it(tmp_path: Path, stack: ExitStack) -> None:
    """A later server that took the path after a crash keeps it."""
    path = str(tmp_path / "s")
    listener = listen(Settings(uds=path, uds_mode=0o600))
    assert os.stat(path).st_mode & 0o777 == 0o600
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        listener.close_to_newcomers()
        assert not os.path.exists(path)
        assert listener.has_queue(0)
    other = listen(Settings(uds=path))
    stack.callback(other.close)
    listener.close()
    assert os.path.exists(path)


@posix
def test_only_a_socket_that_nobody_answers_is_taken_away(tmp_path: Path, stack: ExitStack) -> None:
    """Neither a file, nor another server's."""
    path = tmp_path / "s"
    path.write_text("mine")
    with pytest.raises(CannotListen, match="exists and is no socket"):
        listen(Settings(uds=str(path)))
    assert path.read_text() == "mine"
    path.unlink()

    first = listen(Settings(uds=str(path)))
    stack.callback(first.close)
    with pytest.raises(CannotListen, match="Another server answers"):
        listen(Settings(uds=str(path)))
    with pytest.raises(CannotListen, match="too long"):
        listen(Settings(uds=str(tmp_path / ("s" * 200))))
    with pytest.raises(FileNotFoundError):
        listen(Settings(uds=str(tmp_path / "nowhere" / "s")))
    assert sorted(os.listdir(tmp_path)) == ["s"]
