"""Server-sent events: whatever text an application sends, a client reads that and no other fields (WHATWG HTML)."""

from __future__ import annotations

from hypothesis import strategies as st

from flask import EventStream, Flask, ServerSentEvent
from fuzz.words import texts
from tests.robustness.gateway import Sent, call

PIECES = (
    *("data:", "data: ", "event: x", "id:", "retry: 1", ":", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", " ", "\u2028"),
    *("\x85", "\0", "a"),
)

text = texts(PIECES, 8, "ab\t\xe9\u20ac\ufeff\x0b\x0c\x1c")
name = text.map(lambda drawn: drawn.replace("\r", "").replace("\n", "").replace("\0", ""))
events = st.builds(
    ServerSentEvent, text, event=st.none() | name, id=st.none() | name, comment=st.none() | text
) | st.builds(ServerSentEvent, st.dictionaries(text, text, max_size=2))
inputs = st.lists(events, min_size=1, max_size=4).map(tuple)

sent: list[ServerSentEvent] = []
app = Flask("fuzz_events")


@app.get("/")
def stream() -> EventStream:
    """The drawn events."""
    return EventStream(iter(sent))


def law(drawn: tuple[ServerSentEvent, ...]) -> None:
    """A client dispatches one event for each that was sent, with its name, id and data, line ends apart."""
    sent[:] = drawn
    seen = call(app, Sent("/"))
    assert seen.faults == [], seen
    last = ""
    expected = []
    for event in drawn:
        last = last if event.id is None else str(event.id)
        if isinstance(event.data, str) and (event.data or event.event is not None):
            lines = event.data.replace("\r\n", "\n").replace("\r", "\n")
            expected.append((event.event or "message", last, lines))
        elif isinstance(event.data, dict):
            expected.append((event.event or "message", last, app.json.dumps(event.data)))
    read = dispatched(seen.body)
    assert [found for found in read if found[2]] == [found for found in expected if found[2]]


def dispatched(stream: str) -> list[tuple[str, str, str]]:
    """What a browser makes of a stream (§9.2.6): name, last id and data of each event."""
    found = []
    kind, last = "", ""
    data: list[str] = []
    for line in stream.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]:
        field, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                found.append((kind or "message", last, "\n".join(data)))
            kind, data = "", []
        elif field == "data":
            data.append(value)
        elif field == "event":
            kind = value
        elif field == "id" and "\0" not in value:
            last = value
        else:
            assert not line or not colon or field in {"", "retry", "id"}, line
    return found
