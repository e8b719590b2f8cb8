"""JSON with tags, as sessions hold it: whatever was written comes back, and what nobody wrote is refused."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from hypothesis import strategies as st
from markupsafe import Markup

from flask.json.tag import TaggedJSONSerializer
from fuzz.words import texts

KEYS = (" t", " di", " b", " m", " u", " d", " t__", " di__", " ", "", "a")
PIECES = (
    *(f'{{"{key}":' for key in KEYS), *("{", "}", "[", "]", ",", ":", '""', '"a"', "1", "null", "true", "1.5", "NaN"),
    *('"Thu, 01 Jan 1970 00:00:00 GMT"', '"AA=="', '"="', '"00000000000000000000000000000007"'),
    *('"\\ud800"', "[" * 2000),
)  # fmt: skip

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=6)
    | st.binary(max_size=6)
    | st.uuids()
    | st.text(max_size=6).map(Markup)
    | st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)).map(
        lambda when: when.replace(microsecond=0, fold=0)
    )
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)
inputs = st.tuples(st.just("value"), values) | st.tuples(st.just("text"), texts(PIECES, 12))
words = tuple(piece.encode("latin-1") for piece in PIECES)


def raw(data: bytes) -> tuple[str, t.Any]:
    return "text", data.decode("latin-1")


# What a session's cookie is taken for empty upon.
REFUSALS = (ValueError, KeyError, TypeError, AttributeError, LookupError, RecursionError)


def law(drawn: tuple[str, t.Any]) -> None:
    """What is written is read as an equal value of the same types; what is no such text raises what sessions catch."""
    serializer = TaggedJSONSerializer()
    kind, value = drawn
    if kind == "text":
        try:
            value = serializer.loads(value)
        except REFUSALS:
            return
        if not _comes_back(value):
            return
    text = serializer.dumps(value)
    assert text.isascii()
    read = serializer.loads(text)
    assert repr(read) == repr(value)


def _comes_back(value: t.Any) -> bool:
    """Whether such a value is one that can be written: a date may lie where HTTP has no words for it."""
    if isinstance(value, dict):
        return all(map(_comes_back, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_comes_back, value))
    return not isinstance(value, datetime)
