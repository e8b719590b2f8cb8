"""Runs every test of the contract once for each server, over processes that all its tests share."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidHandshake

from tests.contract.fleet import Fleet, Served
from tests.contract.limits import LIMITS
from tests.contract.servers import SERVERS, Server

ENTRIES = {
    "served": ("site", False),
    "mixed": ("mixed", False),
    "websockets": ("mixed", False),
    "below": ("mixed", True),
    "wrapped": ("wrapped", False),
}
"""What a test asks for by the name of its argument: an entry, and whether the server is told a root path."""
FAILURES = (AssertionError, OSError, InvalidHandshake)
"""How a law fails that does not hold; whatever else is raised is a fault of the test."""
BRIEFLY = 0.5
"""Seconds to wait for what never comes."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a server is run with each, or with each whose protocol carries WebSockets."""
    if "server" in metafunc.fixturenames:
        chosen = [
            server
            for server in SERVERS
            if "websockets" not in metafunc.fixturenames or (server.gateway != "WSGI" and server.has_sockets)
        ]
        metafunc.parametrize("server", [pytest.param(server, id=server.name) for server in chosen], scope="package")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes processes as slow, and each recorded limit as the failure that it has to be."""
    for item in items:
        server = server_of(item)
        if server is None:
            continue
        item.add_marker(pytest.mark.slow)
        if not server.installed:
            item.add_marker(pytest.mark.skip(reason=f"{server.module} is not installed"))
        for limit in LIMITS:
            if limit.is_met_by(item.path.name, item.name.partition("[")[0], server.name):
                item.add_marker(pytest.mark.xfail(strict=limit.is_certain, raises=FAILURES, reason=str(limit)))


def server_of(item: pytest.Item) -> Server | None:
    """The server that a test runs with; None for the tests of other folders, which are collected here too."""
    found = item.callspec.params.get("server") if hasattr(item, "callspec") else None
    return found if isinstance(found, Server) else None


@pytest.fixture(scope="package")
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """All processes that the collected tests want, started at once, because each start is mostly waiting."""
    fleet = Fleet(tmp_path_factory.mktemp("contract"))
    for item in request.session.items:
        server = server_of(item)
        if item.path.name == "test_limits.py":
            for server in SERVERS:
                if server.installed:
                    fleet.start(server, "bare")
        elif server is not None and server.installed:
            for name, (entry, below) in ENTRIES.items():
                if name in t.cast("t.Any", item).fixturenames:
                    fleet.start(server, entry, below)
    yield fleet
    faults = fleet.end()
    if faults:
        pytest.fail("\n\n".join(faults), pytrace=False)


@pytest.fixture
def serve(fleet: Fleet, server: Server, request: pytest.FixtureRequest) -> t.Callable[[str], Served]:
    """A server with an entry of the above, once it answers; what is not expected is awaited but briefly."""

    def start(name: str) -> Served:
        served = fleet.start(server, *ENTRIES[name]).served
        return served._replace(patience=BRIEFLY) if request.node.get_closest_marker("xfail") else served

    return start


@pytest.fixture
def served(serve: t.Callable[[str], Served]) -> Served:
    """The contract's app on a server."""
    return serve("served")


@pytest.fixture
def mixed(serve: t.Callable[[str], Served]) -> Served:
    """The same with async views."""
    return serve("mixed")


@pytest.fixture
def websockets(serve: t.Callable[[str], Served]) -> Served:
    """The same, on a server with WebSockets."""
    return serve("websockets")


@pytest.fixture
def below(serve: t.Callable[[str], Served]) -> Served:
    """That one, where the server was told that it stands below a path."""
    return serve("below")


@pytest.fixture
def wrapped(serve: t.Callable[[str], Served]) -> Served:
    """That one with middleware around its `wsgi_app`."""
    return serve("wrapped")


@pytest.fixture
def token(request: pytest.FixtureRequest) -> str:
    """A name for the events of one test."""
    name = f"{request.node.path.stem}-{request.node.name}"
    return name.replace("[", "-").rstrip("]")
