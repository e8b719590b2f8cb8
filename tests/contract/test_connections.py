"""More than one request on a connection, and more than one connection, through every server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.contract.fleet import Served
from tests.contract.wire import request_head


def test_connection_is_kept(served: Served) -> None:
    """Requests follow one another on a connection, each with its own answer."""
    with served.connect() as connection:
        for number in range(5):
            answer = connection.ask(f"/seen?{number}")
            assert answer.json["query"] == str(number)
            assert (answer.one("Connection") or "").lower() != "close"
            body = f"body {number}".encode()
            assert connection.ask("/seen", "POST", body=body).json["body"] == body.decode()
            assert connection.ask("/none", "HEAD").status == 404


def test_connection_is_ended_when_asked(served: Served) -> None:
    """A client that asks for the end of the connection gets it after its answer."""
    with served.connect() as connection:
        assert connection.ask("/text", headers=[("Connection", "close")]).body == b"a text\n"
        assert connection.ended()


def test_requests_in_one_packet(served: Served) -> None:
    """Requests that were sent together are answered in order."""
    with served.connect() as connection:
        connection.send(b"".join(request_head(f"/seen?{number}") for number in range(4)))
        assert [connection.answer().json["query"] for _ in range(4)] == ["0", "1", "2", "3"]


def test_request_in_many_packets(served: Served) -> None:
    """A request that arrives byte by byte is one request."""
    with served.connect() as connection:
        for byte in request_head("/seen?slow", headers=[("X-Slow", "1")]):
            connection.send(bytes([byte]))
        assert connection.answer().json["query"] == "slow"


def test_clients_at_once(served: Served) -> None:
    """Of many clients at once each gets its own answer and its own session."""

    def client(number: int) -> bool:
        cookie = served.ask(f"/session/{number}").one("Set-Cookie")
        assert cookie is not None
        kept = served.ask("/session", headers=[("Cookie", cookie.split(";")[0])]).json
        body = f"{number},".encode() * 1000
        sent = served.ask(f"/seen?{number}", "POST", [("X-Number", str(number))], body).json
        seen = (kept["value"], sent["query"], dict(sent["headers"])["X-Number"], sent["body"])
        return seen == (str(number), str(number), str(number), body.decode())

    with ThreadPoolExecutor(16) as clients:
        assert all(clients.map(client, range(48)))


def test_nonsense(served: Served) -> None:
    """What is no HTTP is refused or dropped, and the server lives."""
    for data in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b": x\r\n\r\n"):
        with served.connect() as connection:
            connection.send(data)
            connection.reset()
    assert served.ask("/text").status == 200
