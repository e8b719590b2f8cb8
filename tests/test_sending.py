"""Responses on their way out: the same events, headers and chunks as by Werkzeug's own steps, whatever the body."""

from __future__ import annotations

import gc
import typing as t
from collections import deque
from itertools import chain

import pytest
import werkzeug.wrappers
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.test import create_environ

import flask
from flask import Flask, Response
from flask._sending import Closing
from tests.gateways.raw import call

ENVIRON = create_environ("/x", "http://app.example/")
Make = t.Callable[[list[str]], Response]


class Shouted(str):
    """Text with a way of its own to become bytes."""

    __slots__ = ()

    def encode(self, *args: t.Any) -> bytes:
        return self.upper().encode(*args)


class Lazy:
    """Says that it is text, as the proxies of translation libraries do, and is none."""

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def __class__(self) -> t.Any:
        return str

    def encode(self) -> bytes:
        return self.text.encode()


class Source:
    """An iterator with a close, that tells what happens to it."""

    def __init__(self, events: list[str], chunks: t.Iterable[t.Any]) -> None:
        self.events = events
        self.chunks = deque(chunks)

    def __iter__(self) -> t.Iterator[t.Any]:
        self.events.append("iter")
        return self

    def __next__(self) -> t.Any:
        self.events.append("next")
        if not self.chunks:
            raise StopIteration
        return self.chunks.popleft()

    def close(self) -> None:
        self.events.append("close")


class Unclosed:
    """An iterable whose iterator is a generator that nobody but its last owner can end."""

    def __init__(self, events: list[str], chunks: t.Iterable[t.Any]) -> None:
        self.events = events
        self.chunks = chunks

    def __iter__(self) -> t.Iterator[t.Any]:
        return generator(self.events, self.chunks)


def generator(events: list[str], chunks: t.Iterable[t.Any], error: Exception | None = None) -> t.Iterator[t.Any]:
    try:
        for chunk in chunks:
            events.append(f"made {chunk!r}" if type(chunk) in {str, bytes} else f"made {type(chunk).__name__}")
            yield chunk
        if error is not None:
            raise error
        events.append("end")
    finally:
        events.append("finally")


def sent(
    make: Make,
    exactly: bool,
    method: str = "GET",
    stop: int | None = None,
    close: bool = True,
    touch: t.Callable[[Response], object] | None = None,
    listening: bool = True,
) -> list[t.Any]:
    """All that a server sees of a response and that the response sees of the server, in order.

    `exactly`: by Werkzeug's own steps. `stop`: the client goes away after so many chunks.
    """
    events: list[t.Any] = []
    response = make(events)
    if listening:
        response.call_on_close(lambda: events.append("on close"))
    if touch is not None:
        touch(response)

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: t.Any = None) -> t.Any:
        events.append((status, headers))

    environ = {**ENVIRON, "REQUEST_METHOD": method}
    body: t.Any = None
    chunks: t.Any = None
    answer = werkzeug.wrappers.Response.__call__ if exactly else type(response).__call__
    try:
        body = answer(response, environ, start_response)
        chunks = iter(body)
        try:
            while stop is None or stop > 0:
                chunk = next(chunks)
                events.append((type(chunk).__name__, chunk if isinstance(chunk, bytes) else None))
                stop = stop and stop - 1
        except StopIteration:
            events.append("stop")
        except Exception as e:  # noqa: BLE001 - whatever it is, it must be the same
            events.append(("raised", type(e), str(e)))
            if not isinstance(e, UnicodeError):  # there Werkzeug's has ended; ours could be asked on, which none does
                with pytest.raises(StopIteration):
                    next(chunks)
        if close and hasattr(body, "close"):
            body.close()
            events.append("closed")
            body.close()
    except Exception as e:  # noqa: BLE001 - whatever it is, it must be the same
        events.append(("raised", type(e), str(e)))
    events.append(list(response.headers))
    del response, body, chunks  # whatever ends only now, ends
    return events


BODIES: dict[str, t.Callable[[list[str]], t.Any]] = {
    "generator": lambda events: generator(events, ["a", "ü"]),
    "bytes": lambda events: generator(events, [b"a", b"\xff"]),
    "mixed": lambda events: generator(events, ["a", b"b", bytearray(b"c"), Markup("<d>"), Shouted("e"), "f", None, 3]),
    "proxies": lambda events: generator(events, ["a", Lazy("b"), Lazy("c"), b"d"]),
    "surrogates": lambda events: generator(events, ["a", "\ud800", "b"]),
    "fails": lambda events: generator(events, ["a", b"b"], ValueError("in the midst")),
    "fails first": lambda events: generator(events, [], ValueError("at once")),
    "none": lambda events: generator(events, []),
    "source": lambda events: Source(events, ["a", b"b"]),
    "unclosed": lambda events: Unclosed(events, ["a", b"b"]),
    "map": lambda events: map(str, [1, 2]),
    "set": lambda events: {"one"},
    "list": lambda events: ["a", b"b"],
    "tuple": lambda events: ("a", "b"),
    "empty list": lambda events: [],
    "text": lambda events: "text",
    "no iterable": lambda events: 3,
    "nothing": lambda events: None,
}
FORMS: dict[str, dict[str, t.Any]] = {
    "plain": {},
    "typed": {"mimetype": "text/plain"},
    "another type": {"mimetype": "text/event-stream"},
    "content type": {"content_type": "a/b"},
    "headers": {"headers": {"X-A": "1", "Content-Length": "2"}},
    "location": {"headers": {"Location": "/ü"}},
    "content location": {"headers": [("content-location", "/ü")]},
    "entity": {
        "headers": {"Expires": "never", "Last-Modified": "x", "Allow": "GET", "ETag": '"x"', "Content-MD5": "y"}
    },
    "through": {"direct_passthrough": True, "mimetype": "text/plain"},
    **{str(status): {"status": status} for status in (201, 204, 304, 404, 599)},
    "status text": {"status": "299 Fine"},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", BODIES)
def test_a_response_is_sent_as_werkzeug_sends_it(kind: str, form: str) -> None:
    """Status, headers, chunks, errors and the order of closing are those of Werkzeug's steps."""

    def make(events: list[str]) -> Response:
        return Response(BODIES[kind](events), **FORMS[form])

    for touch in (
        None,
        lambda response: response.headers.add("X-More", "1"),
        lambda response: setattr(response, "status_code", 304),
        lambda response: response.headers.clear(),
        lambda response: setattr(response, "automatically_set_content_length", False),
    ):
        for method in ("GET", "HEAD", "POST"):
            assert sent(make, False, method, touch=touch) == sent(make, True, method, touch=touch)


chunk = st.sampled_from(["", "a", "ü", b"", b"b", Markup("<c>"), Shouted("d"), bytearray(b"e"), None, Lazy("f")])


@settings(max_examples=300, deadline=None)
@given(st.lists(chunk, max_size=8), st.none() | st.integers(0, 8), st.booleans(), st.booleans(), st.booleans())
def test_any_stream_is_sent_as_werkzeug_sends_it(
    chunks: list[t.Any], stop: int | None, fails: bool, close: bool, touched: bool
) -> None:
    """Nothing is taken before its turn, also where the client goes away, the generator fails, or nobody closes."""

    def make(events: list[str]) -> Response:
        response = Response(generator(events, chunks, ValueError("midst") if fails else None), mimetype="text/plain")
        if touched:
            response.headers["X-A"] = "1"
        return response

    assert sent(make, False, "GET", stop, close) == sent(make, True, "GET", stop, close)


@pytest.mark.parametrize("kind", [kind for kind in BODIES if kind not in {"no iterable", "text", "nothing"}])
@pytest.mark.parametrize("stop", [0, 1, 2])
def test_a_stream_that_is_closed_early_ends_as_werkzeugs(kind: str, stop: int) -> None:
    """A client that goes away ends generator and iterators at the same moment, in the same order."""

    def make(events: list[str]) -> Response:
        return Response(BODIES[kind](events))

    for listening in (True, False):
        assert sent(make, False, stop=stop, listening=listening) == sent(make, True, stop=stop, listening=listening)


@pytest.mark.parametrize("step", ["iter_encoded", "get_app_iter", "get_wsgi_response", "get_wsgi_headers", "close"])
@pytest.mark.parametrize("where", ["subclass", "instance", "class"])
def test_an_overridden_step_is_called(step: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that a subclass, an object or a patch of the class replaces is asked for a stream too."""
    told: list[str] = []
    original = getattr(Response, step)

    def replacement(self: Response, *args: t.Any) -> t.Any:
        told.append(step)
        return original(self, *args)

    kind = type("Own", (Response,), {step: replacement}) if where == "subclass" else Response
    if where == "class":
        monkeypatch.setattr(Response, step, replacement)

    def view() -> Response:
        response: Response = kind(generator([], ["a", "b"]), mimetype="text/plain")
        if where == "instance":
            setattr(response, step, lambda *args: replacement(response, *args))
        return response

    app = Flask(__name__)
    app.add_url_rule("/", "index", view)
    assert call(app).body == b"ab"
    assert told == [step]


def test_a_subclass_with_its_own_status_sends_it() -> None:
    """A status or headers that a subclass makes up go out, for a stream as well."""

    class Teapot(Response):
        @property
        def status(self) -> str:
            return "418 MINE"

        @status.setter
        def status(self, value: t.Any) -> None:
            self._status, self._status_code = "200 OK", 200

    assert call(Teapot(generator([], ["a"]))).status == "418 MINE"


def test_what_is_closed_is_an_iterator_itself() -> None:
    """A server or middleware may call `next` on the body, and on what `iter` gave: no chunk comes twice or is lost."""
    events: list[str] = []
    response = Response(generator(events, ["a", "b"]))
    response.call_on_close(lambda: events.append("on close"))
    body = response(create_environ(), lambda status, headers, exc_info=None: None)  # type: ignore[arg-type, return-value]
    assert isinstance(body, Closing)
    assert next(iter(body)) == b"a"
    assert next(body) == b"b"
    body.close()
    assert events == ["made 'a'", "made 'b'", "finally", "on close"]


def test_a_stream_keeps_no_chunk() -> None:
    """A chunk that was sent is let go before the next one is made, so a stream of any length needs no memory."""
    alive: list[int] = []

    class Piece(bytearray):
        def __del__(self) -> None:
            alive.remove(id(self))

    def pieces() -> t.Iterator[t.Any]:
        for number in range(20):
            piece: t.Any = Piece(8) if number % 3 else str(number)
            if type(piece) is Piece:
                alive.append(id(piece))
            yield piece
            del piece
            gc.collect()
            assert len(alive) <= 1

    body = Response(pieces())(create_environ(), lambda status, headers, exc_info=None: None)  # type: ignore[arg-type, return-value]
    for _ in body:
        pass


def _fails_after(chunks: list[t.Any], error: Exception) -> t.Iterator[t.Any]:
    yield from chunks
    raise error


@pytest.mark.parametrize("chunks", [[], ["text"], ["text", b"bytes"], ["half \ud800", "text"], [b"bytes"]])
@pytest.mark.parametrize("error", [TypeError("mine"), UnicodeEncodeError("utf-8", "half \ud800", 5, 6, "mine")])
def test_an_error_of_the_body_is_its_own(chunks: list[t.Any], error: Exception) -> None:
    """What a body raises goes to whoever reads it, also where text that cannot be encoded would raise the like."""
    bodies: list[t.Iterator[t.Any]] = [_fails_after(chunks, error), chain(_fails_after(chunks, error))]
    if not chunks and type(error) is TypeError:
        bodies.append(map(len, [1]))
    sent = [chunk.encode("utf-8", "replace") if isinstance(chunk, str) else chunk for chunk in chunks]
    for body in bodies:
        pieces: t.Any = Response(body)(create_environ(), lambda *_: None)  # type: ignore[arg-type, return-value]
        found: list[bytes] = []
        with pytest.raises(type(error)):
            found.extend(piece.replace("\ufffd".encode(), b"?") for piece in pieces)
        assert found == sent


def test_the_context_of_a_stream_is_there_at_each_step_and_not_between() -> None:
    """`stream_with_context` shows the request to each step of the stream, and to nobody between two."""
    app = Flask(__name__)

    @app.get("/")
    def index() -> t.Any:
        def lines() -> t.Iterator[str]:
            yield flask.request.path
            yield flask.request.method

        return flask.stream_with_context(lines())

    body = app(create_environ("/"), lambda status, headers, exc_info=None: None)  # type: ignore[arg-type, return-value]
    seen = []
    for chunk in body:
        assert not flask.has_request_context()
        seen.append(chunk)
    body.close()  # type: ignore[attr-defined]
    assert seen == [b"/", b"GET"]
