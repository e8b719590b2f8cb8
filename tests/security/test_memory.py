"""What a process holds does not grow with the requests that it has answered. Figures: `python -m bench memory`."""

from __future__ import annotations

import collections
import gc
import typing as t
import weakref

import pytest

from bench.memory import BAR, slope
from bench.memory_app import Mixed
from flask import Flask, after_this_request

ROUNDS = 60  # of one request of every kind


@pytest.mark.slow
def test_memory_keeps_nothing_of_a_request() -> None:
    """Once all that has an end is full, no object of any type stays for each request, of whichever kind it is.

    What is kept by design has an end: so many names, dates or rules. `make bench-memory` measures more; here
    are as many as show one object that is kept for each round of them.
    """
    mixed = Mixed(own=True)
    try:
        mixed.run(0, 350 * mixed.kinds)  # the longest of these is full with 512 names, two in a round
        before = _alive()
        mixed.run(350 * mixed.kinds, ROUNDS * mixed.kinds)
        after = _alive()
    finally:
        mixed.close()
    more = after - before
    for kind in ("asyncio.events.TimerHandle", "_contextvars.Context"):
        more[kind] -= 100  # timers that were cancelled: so many of them the loop keeps before it looks through them
    assert {kind: count for kind, count in more.items() if count >= ROUNDS // 2} == {}


def _alive() -> collections.Counter[str]:
    """All objects that the collector knows, by type."""
    gc.collect()
    return collections.Counter(f"{type(found).__module__}.{type(found).__qualname__}" for found in gc.get_objects())


def test_memory_of_a_function_for_one_request() -> None:
    """What `after_this_request` was given goes with its request, and so does all that it refers to."""
    app = Flask(__name__)
    made: list[weakref.ref[t.Any]] = []

    class Large:
        """What a request works with."""

    @app.get("/")
    def view() -> str:
        large = Large()

        @after_this_request
        def later(response: t.Any, large: Large = large) -> t.Any:
            return response

        made.extend([weakref.ref(large), weakref.ref(later)])
        return "x"

    client = app.test_client()
    gc.disable()
    try:
        client.get("/")
        client.get("/")
    finally:
        gc.enable()
    assert [reference() for reference in made] == [None] * 4


def test_memory_that_grows_is_noticed() -> None:
    """The measurement tells a leak of a few bytes for each request from what comes and goes."""
    swing = [0, 40_000, -30_000, 10_000, -5_000]
    for leak, is_flat in ((0, True), (24, False)):
        samples = [
            (10_000 * number, 30_000 + leak * 10 * number, 0, 1_000_000 + leak * 10_000 * number + swing[number % 5])
            for number in range(1, 21)
        ]
        assert slope(samples, "traced").is_flat is is_flat
        assert abs(slope(samples, "traced").mean - leak) < 2 * BAR
        assert slope(samples, "blocks") == (0, 0)
