from __future__ import annotations

import asyncio
import socket
import sys

import pytest

from flask import Flask, Response
from flask._gateways import cutting
from tests.gateways import rsgi_drive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows lists no open files: nothing is cut there")


@pytest.fixture(params=["127.0.0.1", "::1"])
def host(request):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.bind((request.param, 0))
        except OSError:
            pytest.skip("this machine has no such address")
    return request.param


@pytest.fixture
def pair(host):
    """Two connections of one server: for each the client's end, and its address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listening:
        listening.bind((host, 0))
        listening.listen()
        clients = [socket.create_connection(listening.getsockname()[:2], timeout=5) for _ in range(2)]
        servers = [listening.accept()[0] for _ in clients]
        yield clients, str(listening.getsockname()[1])
        for connection in clients + servers:
            connection.close()


def address(client):
    host, port = client.getsockname()[:2]
    return host, str(port)


def is_open(client):
    client.settimeout(0.1)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True


def test_the_clients_connection_is_cut_and_no_other(pair):
    """The client sees its end at once; the server's other connections go on."""
    (first, second), port = pair
    assert cutting.cut(address(first), port)
    assert not is_open(first)
    assert is_open(second)


def test_what_is_not_certainly_the_clients_is_left_alone(pair):
    """Another port of the client's, another of ours, another machine's."""
    (first, second), port = pair
    host, own = address(first)
    assert not cutting.cut((host, "1"), port)
    assert not cutting.cut((host, own), "1")
    assert not cutting.cut(("192.0.2.1", own), port)
    assert is_open(first)
    assert is_open(second)


@pytest.mark.parametrize("client", [("", ""), ("/run/app.sock", ""), ("localhost", "80"), ("::1", "x")])
def test_who_has_no_address_cannot_be_found(client):
    """Who comes by a Unix socket has none."""
    assert not cutting.cut(client, "80")


def test_an_address_of_version_4_is_found_on_a_socket_of_version_6():
    """A server at `::` names its clients as its socket does, or as they are."""
    assert cutting._address("::ffff:192.0.2.1", "80") == cutting._address("192.0.2.1", "80") == ("192.0.2.1", 80)


# ---- when


@pytest.fixture
def cuts(monkeypatch):
    """What was cut, by client and port."""
    found = []
    monkeypatch.setattr(cutting, "cut", lambda client, port: found.append((client, port)))
    return found


def serve(app, path, **scope):
    asked = rsgi_drive.scope(path)
    vars(asked).update(scope)
    asyncio.run(app.__rsgi__(asked, rsgi_drive.Protocol()))


@pytest.fixture
def app():
    app = Flask("broken", static_folder=None)

    @app.get("/<kind>/breaks")
    def breaks(kind):
        def pieces():
            yield "a"
            raise LookupError

        async def async_pieces():
            yield "a"
            raise LookupError

        return Response(async_pieces() if kind == "async" else pieces())

    @app.get("/whole")
    def whole():
        return Response(iter("ab"))

    @app.get("/early")
    def early():
        raise LookupError

    return app


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_answer_that_breaks_off_cuts_the_connection(app, cuts, kind):
    """RSGI ends an answer by letting go of it, so a part would look like the whole (RFC 9112 §8)."""
    with pytest.raises(LookupError):
        serve(app, f"/{kind}/breaks")
    assert cuts == [(("127.0.0.1", "50000"), "80")]


def test_a_whole_answer_cuts_nothing(app, cuts):
    """Nor one that fails before it began, which the server answers for."""
    serve(app, "/whole")
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(LookupError):
        serve(app, "/early")
    assert cuts == []


def test_a_connection_of_http_2_is_not_cut(app, cuts):
    """Other requests are on it."""
    with pytest.raises(LookupError):
        serve(app, "/sync/breaks", http_version="2")
    assert cuts == []
