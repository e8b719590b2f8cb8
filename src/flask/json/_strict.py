"""JSON as strangers send it, read by the letter of RFC 8259: no `NaN`, no infinity, no text that is no Unicode.

It is for what clients send alone: what an app reads from elsewhere by `flask.json.loads` may hold what Python writes.
"""

from __future__ import annotations

import json
import typing as t


def _refuse(constant: str) -> t.NoReturn:
    raise ValueError(f"{constant} is no number in JSON (RFC 8259, section 6)")


def _finite(number: str) -> float:
    value = float(number)
    if value - value:  # PERF: infinity alone has a difference to itself; one step, and there may be many numbers
        raise ValueError(f"{number[:40]} is beyond the range of a double (RFC 8259, section 6)")
    return value


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
scan = t.cast(t.Any, _decoder).scan_once


def loads(data: str | bytes) -> t.Any:
    """Data from JSON text, or from bytes in UTF-8, or -16 or -32 as ``json.loads`` tells them. Raises `ValueError`."""
    try:
        # PERF: as `provider._loads`, and so the encoding is guessed only of what is no JSON in UTF-8.
        try:
            text = data.decode() if isinstance(data, bytes) else data
            value, end = scan(text, 0)
            if end == len(text) or not text[end:].strip(" \t\r\n"):
                return value
        except (ValueError, StopIteration):
            pass
        text = data.decode(json.detect_encoding(data)) if isinstance(data, bytes) else data
        return _decoder.decode(text)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None
