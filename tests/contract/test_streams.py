"""Answers that are sent piece by piece, through every server."""

from __future__ import annotations

from tests.contract.fleet import Served
from tests.contract.wire import Broken, request_head


def test_stream(served: Served) -> None:
    """A stream without a length arrives whole, chunked or until the connection ends."""
    answer = served.ask("/stream/unsized")
    assert answer.text == "".join(f"{number}\n" for number in range(100))
    assert answer.one("Content-Length") is None


def test_stream_with_a_length(served: Served) -> None:
    """A stream that says its length keeps it, and is not chunked."""
    answer = served.ask("/stream/sized")
    assert (answer.body, answer.one("Content-Length")) == (b"1234567890", "10")
    assert answer.one("Transfer-Encoding") is None


def test_stream_to_an_old_client(served: Served) -> None:
    """A client of HTTP/1.0 gets no chunks: the end of the connection is the end of the stream."""
    with served.connect() as connection:
        connection.send(request_head("/stream/unsized", version="1.0"))
        answer = connection.answer()
    assert answer.one("Transfer-Encoding") is None
    assert answer.text == "".join(f"{number}\n" for number in range(100))


def test_pieces_arrive_before_the_end(served: Served, token: str) -> None:
    """A piece reaches the client while the generator waits for what comes next."""
    with served.connect() as connection:
        connection.send(request_head(f"/stream/held/{token}"))
        pieces = connection.pieces(connection.head())
        assert next(pieces) == b"first\n"
        served.ask(f"/events/{token}/released")
        assert b"".join(pieces) == b"second\n"
    assert served.events(token, "closed") == ["teardown", "released", "exhausted", "closed"]


def test_stream_with_context(served: Served, token: str) -> None:
    """A stream that keeps its request sees it to the end, and only then is it torn down."""
    assert served.ask(f"/stream/context/{token}").text == f"/stream/context/{token} tests.contract.site"
    assert served.events(token, "teardown") == ["exhausted", "closed", "teardown"]


def test_broken_stream(served: Served, token: str) -> None:
    """A stream that fails in the middle never looks complete, is closed, and the server lives."""
    with served.connect() as connection:
        connection.send(request_head(f"/stream/broken/{token}"))
        head = connection.head()
        pieces = connection.pieces(head)
        assert next(pieces) == b"first\n"
        served.ask(f"/events/{token}/released")
        try:
            rest: bytes | None = b"".join(pieces)
        except Broken:
            rest = None
    assert rest is None, "it looks complete"
    assert "exhausted" not in served.events(token, "closed")
    assert served.ask("/text").status == 200


def test_slow_reader(served: Served, token: str) -> None:
    """A client that does not read holds up the generator: a stream is never piled up in memory."""
    with served.connect() as connection:
        connection.send(request_head(f"/stream/long/{token}"))
        assert connection.head().status == 200
        assert "exhausted" not in served.ask(f"/events/{token}?until=exhausted&patience=0.5").json
        connection.reset()
    assert served.events(token, "closed")[-1] == "closed"


def test_client_gone_from_a_stream(served: Served, token: str) -> None:
    """A stream whose client has gone is closed and its request torn down, with nothing more asked of it."""
    with served.connect() as connection:
        connection.send(request_head(f"/stream/endless/{token}"))
        assert next(connection.pieces(connection.head()))
        connection.close()
    assert sorted(served.events(token, "closed")) == ["closed", "teardown"]


def test_client_gone_while_the_generator_waits(served: Served, token: str) -> None:
    """A generator that waits when its client goes is closed at its next piece, at the latest."""
    with served.connect() as connection:
        connection.send(request_head(f"/stream/held/{token}"))
        assert next(connection.pieces(connection.head())) == b"first\n"
        connection.reset()
    served.ask(f"/events/{token}/released")
    assert "closed" in served.events(token, "closed")
    assert served.ask("/text").status == 200
