from __future__ import annotations

import io
import typing as t

import pytest
import werkzeug.wsgi
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.test import create_environ

from flask import Request
from flask._incoming.bodies import AT_ONCE, LimitedStream, _lengths, small_length


class Source(io.BytesIO):
    """A server's input that remembers how much it was asked for."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.asked: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        self.asked.append(-1 if size is None else size)
        return super().read(size)


def both(body: bytes, limit: int, *, is_max: bool) -> t.Iterator[werkzeug.wsgi.LimitedStream]:
    for kind in (werkzeug.wsgi.LimitedStream, LimitedStream):
        yield kind(io.BytesIO(body), limit, is_max)


def outcome(function: t.Callable[..., t.Any], *arguments: t.Any) -> t.Any:
    try:
        return function(*arguments)
    except (ClientDisconnected, RequestEntityTooLarge) as error:
        return type(error).__name__


@pytest.mark.parametrize(("is_max", "limit"), [(False, 0), (False, 3), (False, 6), (False, 9), (True, 9)])
@pytest.mark.parametrize(
    "steps",
    [
        [("read", -1), ("read", -1)],
        [("read", 2), ("read", 2), ("read", 2), ("read", 2), ("read", 2)],
        [("readline",), ("readline",), ("readline",)],
        [("readlines",)],
        [("exhaust",), ("exhaust",), ("read", 1)],
        [("read", 1), ("tell",), ("readall",), ("tell",)],
    ],
    ids=str,
)
def test_a_stream_reads_as_werkzeugs(steps: list[tuple[t.Any, ...]], limit: int, is_max: bool) -> None:
    """Whatever is asked of a limited stream, it gives the same bytes and errors, and is at the same place after."""
    theirs, ours = both(b"ab\ncde", limit, is_max=is_max)
    for name, *arguments in steps:
        assert outcome(getattr(ours, name), *arguments) == outcome(getattr(theirs, name), *arguments)
        assert (ours.tell(), ours.is_exhausted) == (theirs.tell(), theirs.is_exhausted)


def test_to_read_nothing_asks_for_nothing() -> None:
    """No bytes are no bytes: the source is not asked, so that its answer cannot be taken for its end."""
    source = Source(b"abc")
    stream = LimitedStream(source, 3)
    assert (stream.read(0), stream.readline(0), stream.readinto(bytearray()), source.asked) == (b"", b"", 0, [])
    assert stream.read() == b"abc"


@pytest.mark.parametrize(
    "read",
    [
        lambda stream: stream.read(),
        lambda stream: stream.readall(),
        lambda stream: b"".join(stream),
        lambda stream: b"".join(iter(lambda: stream.read(4), b"")),
    ],
    ids=["read", "readall", "lines", "pieces"],
)
def test_a_body_of_unknown_length_is_never_cut_at_its_limit(read: t.Callable[[t.Any], bytes]) -> None:
    """Exactly as much as is allowed is read as it is; a byte more is refused, whatever the way of reading."""
    assert read(LimitedStream(io.BytesIO(b"ab\ncde"), 6, True)) == b"ab\ncde"
    with pytest.raises(RequestEntityTooLarge):
        read(LimitedStream(io.BytesIO(b"ab\ncdef"), 6, True))


def test_it_is_werkzeugs_to_whoever_asks() -> None:
    """The class is a subclass of Werkzeug's, and named like it."""
    assert issubclass(LimitedStream, werkzeug.wsgi.LimitedStream)
    assert repr(LimitedStream).partition(".")[2] == repr(werkzeug.wsgi.LimitedStream).partition(".")[2]


@pytest.mark.parametrize("size", [AT_ONCE, AT_ONCE + 1, 1_000_000])
def test_a_large_body_is_read_in_pieces(size: int) -> None:
    """A server is never asked for more at once than is sure to be there to hold, nor for more than the body has."""
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    environ = create_environ(method="POST", data=body)
    source = environ["wsgi.input"] = Source(body + b"the next request")
    assert Request(environ).get_data() == body
    assert max(source.asked) <= AT_ONCE
    assert min(source.asked) > 0
    assert source.tell() == size


@pytest.mark.parametrize("stated", [None, "", "x", "-1", "0", "+1", "1_0", " 1", "\u0661", "100000", str(AT_ONCE + 1)])
def test_a_length_that_is_not_plain_is_declined(stated: str | None) -> None:
    """What is no number of ASCII digits, or too large a one, is left to Werkzeug, each time."""
    for _ in range(2):
        assert small_length({"CONTENT_LENGTH": stated}, None) == 0
    assert small_length({}, None) == 0


def test_lengths_are_those_of_int_and_few_are_kept() -> None:
    """Any short number is read as int() reads it, whether or not it was stated before."""
    for _ in range(2):
        for number in range(0, AT_ONCE, 11):
            for stated in (str(number), f"{number:05}"):
                assert small_length({"CONTENT_LENGTH": stated}, None) == number
                assert len(_lengths) <= 4096


def test_a_length_beyond_the_limit_is_declined() -> None:
    """A body over the limit is not read at all, and chunks have no length, whatever is stated."""
    assert small_length({"CONTENT_LENGTH": "5"}, 5) == 5
    assert small_length({"CONTENT_LENGTH": "6"}, 5) == 0
    assert small_length({"CONTENT_LENGTH": "5", "HTTP_TRANSFER_ENCODING": "chunked"}, None) == 0
    environ = create_environ(method="POST", data=b"abcdef")
    source = environ["wsgi.input"] = Source(b"abcdef")
    request = Request(environ)
    request.max_content_length = 5
    with pytest.raises(RequestEntityTooLarge):
        request.get_data()
    assert source.asked == []
