"""Bytes that do not break a law any more where any stretch of them is left out: what somebody will look at."""

from __future__ import annotations

import time
import typing as t

PATIENCE = 60  # seconds


def shortest(data: bytes, check: t.Callable[[bytes], object]) -> bytes:
    """The data without all that can be left out such that the check still raises an error of the same type."""
    wanted = _error_of(data, check)
    if wanted is None:
        return data
    end = time.monotonic() + PATIENCE
    size = max(len(data) // 2, 1)
    while time.monotonic() < end:
        place, was = 0, len(data)
        while place < len(data):
            without = data[:place] + data[place + size :]
            if _error_of(without, check) is wanted:
                data = without
            else:
                place += size
        if size > 1:
            size //= 2
        elif len(data) == was:
            break
    return data


def _error_of(data: bytes, check: t.Callable[[bytes], object]) -> type[Exception] | None:
    try:
        check(data)
    except Exception as error:  # noqa: BLE001 - which one it is, is what counts
        return type(error)
    return None
