"""The last requests of a worker say that their connections close; the count that makes them the last is kept to."""

from __future__ import annotations

import typing as t

import pytest

from flask import Flask
from flask.cli.serve import leaving
from flask.cli.serve.state import State

from .composed import INTERFACES, Worker


def worker(interface: str, max_requests: int | None = None, asks: t.Callable[[], None] = lambda: None) -> Worker:
    """An app as Granian calls it, around what a worker composes."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index")
    made = Worker(app, interface)
    made.state = State(app, asks)
    made.entry = leaving.around(made.entry, t.cast("t.Any", interface), made.state, max_requests)
    return made


@pytest.mark.parametrize("interface", INTERFACES)
def test_only_a_worker_that_leaves_closes_connections(interface: str) -> None:
    """Before that no response is changed."""
    made = worker(interface)
    assert not any(name.lower() == "connection" for name, _ in made.ask().headers)
    made.state.closing = True
    answer = made.ask()
    assert [value for name, value in answer.headers if name.lower() == "connection"] == ["close"]
    assert answer.body == b"index"


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_successor_is_asked_for_after_the_count_and_again_if_none_comes(interface: str) -> None:
    """Up to a tenth before it, at random, so that workers do not leave together."""
    asked: list[int] = []
    made = worker(interface, 10, lambda: asked.append(1))
    for _ in range(8):
        made.ask()
    assert asked == []
    made.ask()
    made.ask()
    assert asked == [1]
    for _ in range(10):
        made.ask()
    assert asked == [1, 1]


@pytest.mark.parametrize(("drawn", "requests"), [(0, 1000), (100, 900)])
def test_counts_differ_from_worker_to_worker(monkeypatch: pytest.MonkeyPatch, drawn: int, requests: int) -> None:
    """Between nine tenths of it and all of it."""
    monkeypatch.setattr(leaving.random, "randrange", lambda stop: drawn)
    asked: list[int] = []
    count = leaving._counter(State(Flask(__name__), lambda: asked.append(1)), 1000)
    for _ in range(requests - 1):
        count()
    assert asked == []
    count()
    assert asked == [1]


def test_http_2_has_no_such_header() -> None:
    """RFC 9113 §8.2.2 forbids it; there the server says GOAWAY."""
    state = State(Flask(__name__))
    state.closing = True
    sent: list[t.Any] = []

    def app(environ: t.Any, start_response: t.Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    entry = leaving.around(app, "wsgi", state, None)
    for protocol in ("HTTP/2", "HTTP/1.1"):
        entry({"SERVER_PROTOCOL": protocol}, lambda status, headers, *rest: sent.append(headers))
    assert sent == [[], [("Connection", "close")]]


def test_every_kind_of_rsgi_response_says_so() -> None:
    """And what is no response is Granian's own."""
    calls: list[tuple[t.Any, ...]] = []

    class Protocol:
        def __getattr__(self, name: str) -> t.Any:
            return lambda *args: calls.append((name, *args))

        def __call__(self) -> str:
            return "body"

        def __aiter__(self) -> str:
            return "chunks"

    last: t.Any = leaving._LastProtocol(Protocol())
    last.response_empty(204, [])
    last.response_file_range(206, [("a", "b")], "file", 0, 1)
    last.client_disconnect()
    close = ("connection", "close")
    assert calls == [
        ("response_empty", 204, [close]),
        ("response_file_range", 206, [("a", "b"), close], "file", 0, 1),
        ("client_disconnect",),
    ]
    assert last() == "body"
    assert last.__aiter__() == "chunks"
