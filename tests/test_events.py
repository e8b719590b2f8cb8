"""Server-sent events, read back by what the standard says a client does, and by a browser."""

from __future__ import annotations

import asyncio
import enum
import subprocess
import sys
import threading
import typing as t
from collections.abc import AsyncIterator, Iterator
from contextvars import copy_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.serving import make_server
from werkzeug.test import create_environ

import flask
from flask import EventStream, Flask, ServerSentEvent, request
from tests.chromium import SECONDS, chromium
from tests.gateways.raw import call


class Dispatched(t.NamedTuple):
    """An event as a page's script sees it."""

    type: str
    data: str
    last_id: str


class Client:
    """What WHATWG HTML §9.2.5 and §9.2.6 say that a client makes of a stream."""

    def __init__(self, stream: bytes) -> None:
        self.events: list[Dispatched] = []
        self.comments: list[str] = []
        self.retry: int | None = None
        self.last_id = ""
        self._id = self._type = self._data = ""
        text = stream.decode("utf-8-sig", errors="replace")
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines[:-1]:  # a line that does not end, and an event without a blank line, are dropped
            self._take(line)

    def _take(self, line: str) -> None:
        if not line:
            self._dispatch()
        elif line.startswith(":"):
            self.comments.append(line[1:].removeprefix(" "))
        else:
            name, _, value = line.partition(":")
            self._process(name, value.removeprefix(" "))

    def _process(self, name: str, value: str) -> None:
        if name == "event":
            self._type = value
        elif name == "data":
            self._data += value + "\n"
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value and value.isascii() and value.isdigit():
            self.retry = int(value)

    def _dispatch(self) -> None:
        self.last_id = self._id
        if self._data:
            self.events.append(Dispatched(self._type or "message", self._data[:-1], self.last_id))
        self._type = self._data = ""


def sent(*events: t.Any) -> bytes:
    """The bytes of a stream of these events."""
    return b"".join(EventStream(events).iter_encoded())


def joined(text: str) -> str:
    """A text as a client has it: it cannot tell one kind of line end from another."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


# Whatever means something in a stream, or in a text to Python, is to come often.
odd = st.text(st.sampled_from("\r\n\0: \ufeff\u2028\x85\x0b\x1cadeitv") | st.characters(codec="utf-8"), max_size=12)
in_a_line = odd.map(lambda text: text.replace("\r", "").replace("\n", ""))
events = st.builds(
    ServerSentEvent,
    odd | st.none(),
    event=in_a_line | st.none(),
    id=in_a_line.map(lambda text: text.replace("\0", "")) | st.integers() | st.none(),
    retry=st.integers(0, 10**20) | st.none(),
    comment=odd | st.none(),
)


class TestEncoding:
    @given(st.lists(odd | events, max_size=5))
    def test_a_client_reads_what_was_sent(self, given: list[str | ServerSentEvent]) -> None:
        """Whatever the texts, a client has the same events with the same ids, and neither more nor fewer."""
        expected: list[Dispatched] = []
        comments: list[str] = []
        retry: int | None = None
        last_id = ""
        for one in given:
            event = ServerSentEvent(one) if isinstance(one, str) else one
            last_id = last_id if event.id is None else str(event.id)
            retry = retry if event.retry is None else event.retry
            comments += [] if event.comment is None else joined(event.comment).split("\n")
            if event.data is not None or event.event is not None:
                assert not isinstance(event.data, dict | list)
                expected.append(Dispatched(event.event or "message", joined(event.data or ""), last_id))
        client = Client(sent(*given))
        assert (client.events, client.comments, client.retry, client.last_id) == (expected, comments, retry, last_id)

    def test_the_bytes(self) -> None:
        """Each event has its fields in one order, each line of its data a field, and a blank line at its end."""
        whole = ServerSentEvent("a\r\nb\rc\n", event="add", id=7, retry=3000, comment="x\ny")
        assert sent(whole, "ü") == (
            b": x\n: y\nevent: add\nid: 7\nretry: 3000\ndata: a\ndata: b\ndata: c\ndata: \n\ndata: \xc3\xbc\n\n"
        )

    def test_what_is_no_data(self) -> None:
        """An event that only sets the id or the time to wait is not dispatched; one with a name is."""
        client = Client(sent(ServerSentEvent(id="a", retry=5), ServerSentEvent(comment=""), ServerSentEvent(event="b")))
        assert (client.events, client.retry) == ([Dispatched("b", "", "a")], 5)

    def test_an_empty_id_is_sent(self) -> None:
        """An empty id makes a client forget the last one."""
        assert Client(sent(ServerSentEvent(id="a"), ServerSentEvent("b", id=""))).events == [
            Dispatched("message", "b", "")
        ]

    def test_json_is_the_apps(self) -> None:
        """A dict or list is written by the app's JSON provider, alone and within an event."""
        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: EventStream([{"b": 1, "a": 2}, ServerSentEvent([1])]))
        assert call(app).body == b'data: {"a": 2, "b": 1}\n\ndata: [1]\n\n'
        app.json.dumps = lambda obj, **kwargs: "own\nlines"  # type: ignore[method-assign]
        assert call(app).body == b"data: own\ndata: lines\n\n" * 2
        assert sent({"b": 1, "a": 2}) == b'data: {"b": 1, "a": 2}\n\n'

    def test_subclasses_of_str_are_their_text(self) -> None:
        """Markup escapes nothing of the stream, and a member of an enumeration is its value."""

        class Name(str, enum.Enum):  # noqa: UP042 - its str() is not its value, unlike a StrEnum's
            ADD = "add"

        assert sent(Markup("<b>\n&"), ServerSentEvent("", event=Name.ADD)) == (
            b"data: <b>\ndata: &\n\nevent: add\ndata: \n\n"
        )

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"id": "a\nb"}, r"ServerSentEvent\.id cannot contain any of '\\r\\n\\x00': 'a\\nb'\."),
            ({"id": "a\rb"}, r"ServerSentEvent\.id cannot"),
            ({"id": "a\0b"}, r"ServerSentEvent\.id cannot"),
            ({"event": "a\nb"}, r"ServerSentEvent\.event cannot contain any of '\\r\\n': 'a\\nb'\."),
            ({"event": "a\r"}, r"ServerSentEvent\.event cannot"),
            ({"event": "\n" * 1000}, r": '(\\n){80}'\.$"),
            ({"retry": -1}, r"ServerSentEvent\.retry is a number of milliseconds, not -1"),
        ],
    )
    def test_what_would_end_a_field_is_refused(self, fields: dict[str, t.Any], message: str) -> None:
        """A name or an id that a client would read as something else is an error where it is made, briefly told."""
        with pytest.raises(ValueError, match=message):
            ServerSentEvent("data", **fields)

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("data", b"bytes", r"ServerSentEvent\.data must be str or dict or list, not bytes"),
            ("data", 5, "not int"),
            ("event", 5, r"ServerSentEvent\.event must be str, not int"),
            ("id", 5.0, r"\.id must be str or int, not float"),
            ("id", True, "not bool"),
            ("retry", "5", r"\.retry must be int, not str"),
            ("retry", False, "not bool"),
            ("comment", b"", r"\.comment must be str, not bytes"),
        ],
    )
    def test_other_types_are_refused(self, field: str, value: object, message: str) -> None:
        """A field of another type is an error where the event is made."""
        with pytest.raises(TypeError, match=message):
            ServerSentEvent(**{field: value})  # type: ignore[arg-type]

    def test_a_stream_refuses_what_is_no_event(self) -> None:
        """A stream that gives bytes, a number or None has failed, at that event."""
        for value in (b"bytes", 5, None):
            pieces = iter(EventStream(["fine", value]).response)  # type: ignore[list-item]
            assert next(pieces) == b"data: fine\n\n"
            with pytest.raises(
                TypeError, match=f"An event is a str, dict, list or ServerSentEvent, not {type(value).__name__}"
            ):
                next(pieces)

    def test_an_event_is_a_value(self) -> None:
        """Events of the same fields are equal, tell them, and cannot be changed."""
        event = ServerSentEvent("a", id="1")
        assert event == ServerSentEvent("a", id="1") != ServerSentEvent("a", id="2")
        assert hash(event) == hash(ServerSentEvent("a", id="1"))
        assert repr(event) == "ServerSentEvent(data='a', event=None, id='1', retry=None, comment=None)"
        with pytest.raises(AttributeError):
            event.data = "b"  # type: ignore[misc]


@pytest.fixture
def app() -> Flask:
    return Flask(__name__)


class Told(list[str]):
    """What happened, in order; `teardown` among it for the app that it was told to."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        app.teardown_request(lambda error: self.append(f"teardown {error!r}"))


class TestResponse:
    def test_headers(self, app: Flask) -> None:
        """The type has no charset, nobody is to store or collect the stream, and it has no length."""
        app.add_url_rule("/", "index", lambda: EventStream(["a"]))
        answer = call(app)
        assert answer.status == "200 OK"
        assert dict(answer.headers) == {
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
        }

    def test_own_headers_and_status(self) -> None:
        """A header that is given stands, except the type, which makes the stream what it is."""
        stream = EventStream([], 201, {"cache-control": "no-cache", "X-Own": "1", "Content-Type": "text/plain"})
        assert stream.status_code == 201
        assert stream.headers.getlist("Cache-Control") == ["no-cache"]
        assert (stream.headers["X-Own"], stream.headers["Content-Type"]) == ("1", "text/event-stream")
        assert isinstance(stream, flask.Response)

    def test_an_app_with_a_class_of_its_own(self, app: Flask) -> None:
        """An app's own response class, which responses are made into, leaves a stream what it is."""

        class Own(flask.Response):
            pass

        app.response_class = Own
        app.add_url_rule("/", "index", lambda: (EventStream(iter(["a"])), 202, {"X-Own": "1"}))
        answer = call(app)
        assert (answer.status, answer.header("X-Own"), answer.body) == ("202 ACCEPTED", "1", b"data: a\n\n")
        assert answer.header("Content-Type") == "text/event-stream"

    def test_all_of_it_is_not_waited_for(self) -> None:
        """Who asks for the whole body of a stream gets an error at once."""
        with pytest.raises(RuntimeError, match="the implicit conversion was disabled"):
            EventStream(["a"]).get_data()

    @pytest.mark.parametrize("source", ["text", b"bytes", {"a": 1}, ServerSentEvent("a"), None, 5, lambda: "a"])
    def test_one_event_is_no_stream(self, source: t.Any) -> None:
        """A single event, or a function that was not called, is refused where the stream is made."""
        with pytest.raises(TypeError, match=f"not of a {type(source).__name__}"):
            EventStream(source)

    def test_keep_alive_is_not_for_synchronous_sources(self) -> None:
        """While a synchronous source waits nobody can send a comment, so that is not promised."""
        with pytest.raises(TypeError, match="needs an asynchronous iterable"):
            EventStream(["a"], keep_alive=15)

    @pytest.mark.parametrize("seconds", [0, -1, -0.5])
    def test_keep_alive_is_a_time(self, seconds: float) -> None:
        """A time that has passed already is refused."""
        with pytest.raises(ValueError, match="'keep_alive' is a number of seconds"):
            EventStream(forever(), keep_alive=seconds)


class TestSynchronous:
    def test_the_request_is_there(self, app: Flask) -> None:
        """The generator reads the request while it runs, is taken piece by piece, and the teardown comes last."""
        told = Told(app)

        def feed() -> Iterator[str]:
            try:
                for count in range(2):
                    told.append(f"made {count}")
                    yield f"{request.path} {count}"
            finally:
                told.append(f"closed {request.path}")

        app.add_url_rule("/feed", "feed", lambda: EventStream(feed()))
        for piece in app.test_client().get("/feed").response:
            told.append(piece.decode().strip())
        assert told == [
            *("made 0", "data: /feed 0", "made 1", "data: /feed 1"),
            *("closed /feed", "teardown None"),
        ]

    @pytest.mark.parametrize("taken", [0, 1])
    def test_it_is_closed_when_the_client_goes(self, app: Flask, taken: int) -> None:
        """A client that goes in the middle, or before anything was sent, closes the generator and ends the request."""
        told = Told(app)

        def feed() -> Iterator[str]:
            try:
                while True:
                    yield "again"
            finally:
                told.append("closed")

        source = feed()
        next(source)
        app.add_url_rule("/", "index", lambda: EventStream(source))
        response = app.test_client().get("/")
        for _ in range(taken):
            next(iter(response.response))
        response.close()
        assert told == ["closed", "teardown None"]

    @pytest.mark.parametrize("source", [lambda: iter(["a"]), lambda: forever()])
    def test_head(self, app: Flask, source: t.Callable[[], t.Any]) -> None:
        """HEAD has the headers alone, and ends the request."""
        told = Told(app)
        app.add_url_rule("/", "index", lambda: EventStream(source()))
        answer = call(app, method="HEAD")
        assert (answer.header("Content-Type"), answer.body) == ("text/event-stream", b"")
        assert told == ["teardown None"]

    def test_an_iterable_with_an_end(self) -> None:
        """An iterable that has a close of its own is closed, as is the iterator that it gave."""
        told = []

        class Feed:
            def __iter__(self) -> Iterator[str]:
                try:
                    yield "a"
                    yield "b"
                finally:
                    told.append("iterator")

            def close(self) -> None:
                told.append("iterable")

        stream = EventStream(Feed())
        assert next(iter(stream.iter_encoded())) == b"data: a\n\n"
        stream.close()
        assert told == ["iterator", "iterable"]

    def test_an_error_ends_the_stream(self, app: Flask) -> None:
        """What the generator raises goes to the server, and to the teardown."""
        told = Told(app)

        def feed() -> Iterator[str]:
            yield "a"
            raise LookupError("gone")

        app.add_url_rule("/", "index", lambda: EventStream(feed()))
        with pytest.raises(LookupError, match="gone"):
            call(app)
        assert told == ["teardown LookupError('gone')"]


async def forever() -> AsyncIterator[str]:
    """Nothing, for ever."""
    await asyncio.Event().wait()
    yield "never"


def pieces_of(source: t.AsyncIterable[t.Any], keep_alive: float | None = None) -> t.AsyncGenerator[bytes]:
    """The pieces of a stream with an asynchronous source, without anybody who sends them."""
    return flask.events._async_pieces(source, keep_alive, copy_context())


async def all_of(source: t.AsyncIterable[t.Any], keep_alive: float | None = None) -> bytes:
    return b"".join([piece async for piece in pieces_of(source, keep_alive)])


class TestAsynchronous:
    def test_what_is_sent(self) -> None:
        """An asynchronous source gives the same bytes as a synchronous one, from a generator and from an iterable."""
        given = ["a\nb", {"c": 1}, ServerSentEvent("d", id=1)]

        async def feed() -> AsyncIterator[t.Any]:
            for event in given:
                await asyncio.sleep(0)
                yield event

        class Feed:
            def __aiter__(self) -> AsyncIterator[t.Any]:
                return feed()

        for source in (feed(), Feed()):
            assert asyncio.run(all_of(source, SECONDS)) == sent(*given)

    def test_one_step_at_a_time(self) -> None:
        """The source goes on when the next event is asked for, not before."""
        told = []

        async def feed() -> AsyncIterator[str]:
            for count in range(3):
                told.append(count)
                yield str(count)

        async def main() -> None:
            pieces = pieces_of(feed())
            for count in range(3):
                assert told == list(range(count))
                await anext(pieces)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await pieces.aclose()

        asyncio.run(main())
        assert told == [0, 1, 2]

    def test_keep_alive(self) -> None:
        """Comments come while nothing else does, no client sees them, and no event is lost by it."""
        waiting = asyncio.Event()

        async def feed() -> AsyncIterator[str]:
            yield "a"
            await waiting.wait()
            yield "b"

        async def main() -> bytes:
            received = b""
            async for piece in pieces_of(feed(), 0.001):
                received += piece
                if received.endswith(b":\n\n" * 3):
                    waiting.set()
            return received

        client = Client(asyncio.run(main()))
        assert client.events == [Dispatched("message", "a", ""), Dispatched("message", "b", "")]
        assert len(client.comments) >= 3
        assert set(client.comments) == {""}

    @given(st.lists(st.integers(0, 3), max_size=8))
    def test_nothing_is_lost_to_the_clock(self, pauses: list[int]) -> None:
        """Whenever a comment comes due, every event arrives once and in order."""

        async def feed() -> AsyncIterator[str]:
            for number, pause in enumerate(pauses):
                await asyncio.sleep(pause / 10_000)
                yield str(number)

        client = Client(asyncio.run(all_of(feed(), 0.0001)))
        assert [event.data for event in client.events] == [str(number) for number in range(len(pauses))]

    def test_the_source_lives_in_one_task(self) -> None:
        """Every step and the close run in one task, whoever asks for the pieces, so a timeout may span events."""
        tasks = []

        async def feed() -> AsyncIterator[str]:
            try:
                async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
                    group.create_task(asyncio.sleep(0))
                    for _ in range(2):
                        tasks.append(asyncio.current_task())
                        yield "a"
            finally:
                tasks.append(asyncio.current_task())

        async def main() -> None:
            pieces = pieces_of(feed())
            for _ in range(2):
                await asyncio.create_task(anext(pieces))
            with pytest.raises(StopAsyncIteration):
                await asyncio.create_task(anext(pieces))

        asyncio.run(main())
        assert len(tasks) == 3
        assert len(set(tasks)) == 1

    @pytest.mark.parametrize("parked", ["at an event", "in between"])
    @pytest.mark.parametrize("how", ["aclose", "cancel"])
    def test_it_is_closed_when_the_client_goes(self, parked: str, how: str) -> None:
        """Whether it waits itself or is waited for, a source whose client has gone is closed before that is done."""
        told = []

        async def feed() -> AsyncIterator[str]:
            try:
                yield "a"
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                told.append("closed")

        async def main() -> None:
            pieces = pieces_of(feed(), 0.001 if parked == "in between" else None)
            await anext(pieces)
            if parked == "in between":
                assert await anext(pieces) == b":\n\n"
            if how == "aclose":
                await pieces.aclose()
            else:
                next_piece = asyncio.create_task(anext(pieces) if parked == "at an event" else consume(pieces))
                await asyncio.sleep(0)
                next_piece.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await next_piece
            assert told == ["closed"]
            assert len(asyncio.all_tasks()) == 1

        async def consume(pieces: t.Any) -> None:
            async for _ in pieces:
                pass

        asyncio.run(main())

    def test_a_source_that_ignores_its_end(self) -> None:
        """A source that goes on when it is cancelled is asked for no more, and closed."""
        told = []

        async def feed() -> AsyncIterator[str]:
            try:
                yield "a"
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    told.append("cancelled")
                yield "b"
                told.append("went on")
            finally:
                told.append("closed")

        async def main() -> None:
            pieces = pieces_of(feed(), 0.001)
            await anext(pieces)
            await anext(pieces)
            await pieces.aclose()

        asyncio.run(main())
        assert told == ["cancelled", "closed"]

    def test_an_error_ends_the_stream(self) -> None:
        """What the source raises goes to whoever sends the pieces, after those before it."""

        async def feed() -> AsyncIterator[str]:
            yield "a"
            raise LookupError("gone")

        async def main() -> None:
            pieces = pieces_of(feed())
            assert await anext(pieces) == b"data: a\n\n"
            with pytest.raises(LookupError, match="gone"):
                await anext(pieces)

        asyncio.run(main())

    def test_an_error_of_the_close(self) -> None:
        """What the source raises while it is closed is raised by the close of the pieces."""

        async def feed() -> AsyncIterator[str]:
            try:
                yield "a"
            finally:
                raise LookupError("at the end")

        async def main() -> None:
            pieces = pieces_of(feed())
            await anext(pieces)
            with pytest.raises(LookupError, match="at the end"):
                await pieces.aclose()

        asyncio.run(main())


def by_wsgi(app: Flask, last: bytes | None = None) -> bytes:
    """What a client gets that goes after a certain piece."""
    received = b""
    body: t.Any = app(create_environ("/feed"), lambda status, headers, exc_info=None: lambda piece: None)
    try:
        for piece in body:
            received += piece
            if piece == last:
                break
    finally:
        body.close()
    return received


def by_asgi(app: Flask, last: bytes | None = None) -> bytes:
    """The same on an event loop."""
    received = b""

    async def main() -> None:
        nonlocal received
        is_gone = asyncio.Event()

        async def receive() -> dict[str, t.Any]:
            await is_gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: t.MutableMapping[str, t.Any]) -> None:
            nonlocal received
            piece = message.get("body", b"")
            received += piece
            if piece == last:
                is_gone.set()

        scope = {"type": "http", "method": "GET", "path": "/feed", "headers": []}
        await app.asgi_app(scope, receive, send)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    return received


@pytest.mark.parametrize("view_is", ["async", "sync"])
@pytest.mark.parametrize("get", [by_wsgi, by_asgi])
class TestServed:
    """An asynchronous source through each gateway, from views of both kinds."""

    @staticmethod
    def answer(app: Flask, view_is: str, stream: t.Callable[[], EventStream]) -> None:
        async def view() -> EventStream:
            return stream()

        app.add_url_rule("/feed", "feed", view if view_is == "async" else stream)

    def test_the_request_is_there(self, app: Flask, get: t.Callable[..., bytes], view_is: str) -> None:
        """The source, its close and what it starts have the request; the teardown comes after all of it."""
        told = Told(app)

        async def path() -> str:
            await asyncio.sleep(0)
            return request.path

        async def feed() -> AsyncIterator[t.Any]:
            try:
                yield {"path": request.path}
                yield ServerSentEvent(await asyncio.create_task(path()), id=1)
            finally:
                told.append(f"closed {request.path}")

        self.answer(app, view_is, lambda: EventStream(feed(), keep_alive=SECONDS))
        assert get(app) == b'data: {"path": "/feed"}\n\nid: 1\ndata: /feed\n\n'
        assert told == ["closed /feed", "teardown None"]

    def test_the_client_goes(self, app: Flask, get: t.Callable[..., bytes], view_is: str) -> None:
        """A source that waits for ever is kept alive, and closed when its client has gone; then comes the teardown."""
        told = Told(app)

        async def feed() -> AsyncIterator[str]:
            try:
                yield "a"
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                told.append(f"closed {request.path}")

        self.answer(app, view_is, lambda: EventStream(feed(), keep_alive=0.01))
        assert get(app, b":\n\n").startswith(b"data: a\n\n:\n\n")
        assert told[0] == "closed /feed"
        assert [line.partition(" ")[0] for line in told[1:]] == ["teardown"]

    def test_an_error(self, app: Flask, get: t.Callable[..., bytes], view_is: str) -> None:
        """What the source raises goes to the server, and to the teardown."""
        told = Told(app)

        async def feed() -> AsyncIterator[str]:
            yield "a"
            raise LookupError("gone")

        self.answer(app, view_is, lambda: EventStream(feed()))
        with pytest.raises(LookupError, match="gone"):
            get(app)
        assert told == ["teardown LookupError('gone')"]


class TestReconnecting:
    @given(in_a_line.map(lambda text: text.replace("\0", "")))
    def test_the_last_id(self, last_id: str) -> None:
        """The id comes back as it was sent, in UTF-8, which other headers are not."""
        app = Flask(__name__)
        with app.test_request_context(environ_overrides={"HTTP_LAST_EVENT_ID": last_id.encode().decode("latin-1")}):
            assert request.last_event_id == last_id

    def test_without(self, app: Flask) -> None:
        """A client that comes for the first time has none; bytes that are no text are not an error."""
        with app.test_request_context():
            assert request.last_event_id is None
        with app.test_request_context(environ_overrides={"HTTP_LAST_EVENT_ID": "a\xff"}):
            assert request.last_event_id == "a\ufffd"


@pytest.mark.parametrize("name", ["EventStream", "ServerSentEvent"])
def test_the_names_come_late(name: str) -> None:
    """`import flask` does not import this module; to ask for one of its names does, and neither brings asyncio."""
    code = (
        "import sys, flask\n"
        "print('flask.events' in sys.modules)\n"
        f"from flask import {name}\n"
        f"print(flask.events.{name} is {name}, 'asyncio' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "True", "False"]


PAGE = """<!doctype html><title>events</title><script>
  const seen = [], source = new EventSource("/events");
  const note = e => seen.push([e.type, e.data, e.lastEventId]);
  source.onmessage = note;
  source.addEventListener("nächste", note);
  source.onerror = () => seen.push(["error", String(source.readyState), ""]);
</script>"""


@pytest.mark.browser
@pytest.mark.slow
def test_in_a_browser(tmp_path: Path) -> None:
    """A browser has each event and its id, waits as it was told, comes back with the last id, and ends at a 204."""
    from selenium.webdriver.support.wait import WebDriverWait

    app = Flask(__name__)
    asked: list[str | None] = []

    def first() -> Iterator[flask.events.Event]:
        yield ServerSentEvent(retry=20, comment="no one\nsees it")
        yield "one line"
        yield ServerSentEvent(" two\r\nlines: \u2028 \n", event="nächste", id="a b: ü")
        yield ServerSentEvent({"last": request.last_event_id}, comment="")

    async def second() -> AsyncIterator[flask.events.Event]:
        await asyncio.sleep(0.1)
        yield ServerSentEvent({"last": request.last_event_id}, id=2)

    @app.get("/")
    def page() -> str:
        return PAGE

    @app.get("/events")
    def events() -> flask.typing.ResponseReturnValue:
        asked.append(request.last_event_id)
        if len(asked) > 2:
            return "", 204
        return EventStream(first()) if len(asked) == 1 else EventStream(second(), keep_alive=0.02)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with chromium(tmp_path / "profile") as browser:
            browser.get(f"http://127.0.0.1:{server.port}/")
            wait = WebDriverWait(browser, SECONDS)
            wait.until(lambda _: browser.execute_script("return source.readyState === EventSource.CLOSED"))
            seen = browser.execute_script("return seen")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert seen == [
        ["message", "one line", ""],
        ["nächste", " two\nlines: \u2028 \n", "a b: ü"],
        ["message", '{"last": null}', "a b: ü"],
        ["error", "0", ""],
        ["message", '{"last": "a b: \\u00fc"}', "2"],
        ["error", "0", ""],
        ["error", "2", ""],
    ]
    assert asked == [None, "a b: ü", "2"]
