"""`flask serve` under clients that misbehave, in want, and as its workers end: a little of `make soak`."""

from __future__ import annotations

import socket
import threading
import typing as t
from collections import Counter
from types import SimpleNamespace

import pytest

from soak.__main__ import SCENARIOS, text_of, verdict
from soak.load import Visitors
from soak.model import INTERFACES, SHORT, Record
from soak.service import HAS_PROC, Service, serving
from tests.contract.wire import Connection
from tests.servers import have

served_here = pytest.mark.skipif(
    not HAS_PROC or not have("granian"), reason="its processes are looked at in /proc, and Granian serves"
)
TOGETHER = [name for name, scenario in SCENARIOS.items() if not scenario.is_alone and name != "request smuggling"]
WANTS = [name for name, scenario in SCENARIOS.items() if scenario.limits]
ENDS = ["kill -9 of workers", "HUP under load", "TERM under load"]  # in this order: the last ends the service


@pytest.fixture(scope="module", params=INTERFACES)
def service(request: pytest.FixtureRequest) -> t.Iterator[Service]:
    with serving(request.param) as service:
        yield service


@served_here
@pytest.mark.slow
@pytest.mark.parametrize("name", TOGETHER)
def test_bears_its_clients(service: Service, name: str) -> None:
    """Whatever clients do, others are served meanwhile, nothing is left behind, and no worker ends."""
    _insist(name, service)


@pytest.fixture(scope="module", params=INTERFACES)
def poor_service(request: pytest.FixtureRequest) -> t.Iterator[Service]:
    limits = tuple(limit for name in WANTS for limit in SCENARIOS[name].limits)
    with serving(request.param, limits=limits) as service:
        yield service


@served_here
@pytest.mark.slow
@pytest.mark.parametrize("name", WANTS)
def test_bears_want(poor_service: Service, name: str) -> None:
    """A service that lacks something answers by an error, or late, and is as before when that is over."""
    _insist(name, poor_service)


@pytest.fixture(scope="module", params=INTERFACES)
def ending_service(request: pytest.FixtureRequest) -> t.Iterator[Service]:
    with serving(request.param) as service:
        yield service


@served_here
@pytest.mark.slow
@pytest.mark.parametrize("name", ENDS)
def test_bears_ends(ending_service: Service, name: str) -> None:
    """As workers are killed, replaced and ended, no request is lost but those that a killed one was at."""
    _insist(name, ending_service)


def _insist(name: str, service: Service) -> None:
    record = Record()
    SCENARIOS[name].run(service, SHORT, record)
    assert not record.faults, (record, service.log()[-2000:])
    assert record.figures


# ---- that the suite sees what it is there to see

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHello, x!"


@pytest.mark.parametrize(
    ("answers", "counted"),
    [
        ([WHOLE], "answered"),
        ([b""], "reset"),
        ([WHOLE, b""], "stale"),
        ([WHOLE[:-1]], "cut"),
        ([WHOLE[:20]], "cut"),
        ([WHOLE.replace(b"x", b"y")], "wrong"),
        ([WHOLE.replace(b"200", b"500")], "wrong"),
    ],
)
def test_visitors_count_each_request(answers: list[bytes], counted: str) -> None:
    """What becomes of a request is counted as what it is, by a server that gives so many answers on a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for answer in answers:
                    connection.recv(1000)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        connections = iter([lambda: Connection(port)])

        def connect(patience: float) -> Connection:
            for make in connections:
                return make()
            raise ConnectionRefusedError

        visitors = Visitors(t.cast(Service, SimpleNamespace(connect=connect)), 1)
        visitors.stay_after_refusal = False
        with visitors:
            thread.join()
            while visitors.are_here:
                visitors._threads[0].join(0.05)
    expected = Counter(["answered"] * (len(answers) - 1) + [counted, "refused"])
    if counted in {"answered", "wrong"}:
        expected["stale"] += 1  # the connection has ended
    assert +visitors.counted == expected
    assert visitors.lost == (counted not in {"answered", "stale"})


def test_a_fault_is_told() -> None:
    """A scenario that did not hold is said not to, with what was wrong."""
    record = Record()
    record.tell("a figure")
    assert verdict(record) == "holds"
    record.allow(False, "a limit")
    assert verdict(record) == "holds, with a limit"
    record.expect(False, "a fault")
    assert verdict(record) == "FAILS"
    name = next(iter(SCENARIOS))
    said = text_of({name: {"wsgi": record}})
    assert all(words in said for words in (name, SCENARIOS[name].law, "a figure", "limit: a limit", "FAULT: a fault"))
