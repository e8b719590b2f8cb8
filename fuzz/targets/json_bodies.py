"""Bodies in JSON (RFC 8259), and values written as such, against the standard library's reader and writer."""

from __future__ import annotations

import json
import math
import typing as t

from hypothesis import strategies as st

from flask import Flask, Response, jsonify, request
from fuzz.words import latin
from tests.robustness.gateway import Sent, call

PIECES = (
    *("{", "}", "[", "]", ":", ",", '"', '"a"', '"a":', "0", "1", "-", "1.5", "1e5", "1e999", "9" * 30, "true", "null"),
    *("NaN", "Infinity", "-Infinity", "\\u0041", "\\ud800", "\\udc00", "\\x", "\\", " ", "\t", "\r\n", "\xc3\xa9"),
    *("\0",),
    *("\xed\xa0\x80", "\xef\xbb\xbf", "\xff\xfe", "\xff", "//", "'", "[" * 3000, '{"a":' * 2000, "9" * 5000, "\x0c"),
    *("\xa0",),
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
written = st.builds(
    lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode(
        "utf-8", "replace"
    ),
    plain,
    st.booleans(),
    st.sampled_from([None, 0, 1]),
)
inputs = latin(PIECES, 14) | written
words = tuple(piece.encode("latin-1") for piece in PIECES if len(piece) < 100)


def raw(data: bytes) -> bytes:
    return data


app = Flask("fuzz_json")
taken: list[t.Any] = []


@app.post("/")
def take() -> Response:
    """Keep what was read, and send it back."""
    taken[:] = [request.get_json()]
    return jsonify(taken[0])


def law(body: bytes) -> None:
    """A body is read as the standard library reads it, or is a bad request; what was read goes out as it came in."""
    taken.clear()
    seen = call(app, Sent("/", "POST", (("Content-Type", "application/json"),), body))
    assert seen.faults == [], seen
    try:
        value = strictly_read(body)
    except (ValueError, RecursionError):
        assert seen.status == 400, seen
        return
    assert seen.status == 200, seen
    assert repr(taken) == repr([value])
    assert seen.body == json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"


def strictly_read(body: bytes) -> t.Any:
    """What RFC 8259 has in a body: text in an encoding of Unicode, and no numbers but numbers. Raises `ValueError`."""

    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):  # which could not be written again
            raise ValueError(f"{text} is no number of JSON")
        return value

    return json.loads(body.decode(json.detect_encoding(body)), parse_constant=number, parse_float=number)
