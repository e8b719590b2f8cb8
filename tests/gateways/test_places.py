from __future__ import annotations

import asyncio
import functools
import gc
import typing as t
import weakref

from flask import Flask, Response, after_this_request, non_blocking
from flask._gateways import places


class Payload:
    """Something that a request holds."""


def test_functions_that_a_request_made_end_with_it() -> None:
    """What a function for `after_this_request` or a background task holds is given back with it."""
    app = Flask(__name__)
    held: list[weakref.ref[Payload]] = []

    @app.get("/")
    async def index() -> str:
        payload, other = Payload(), Payload()
        held.extend((weakref.ref(payload), weakref.ref(other)))

        @after_this_request
        async def add(response: Response) -> Response:
            response.headers["X-Kind"] = type(payload).__name__
            return response

        @functools.wraps(index)
        def task() -> str:
            return type(other).__name__

        app.add_background_task(task)
        return "done"

    async def ask() -> None:
        async with app.async_test_client() as client:
            response = await client.get("/")
            assert response.headers["X-Kind"] == "Payload"
            await client.finish_background_tasks(timeout=5)

    asyncio.run(ask())
    gc.collect()
    assert [ref() for ref in held] == [None, None]


class Views:
    """Functions of every kind."""

    async def later(self) -> None: ...

    def now(self) -> None: ...

    @non_blocking
    def marked(self) -> None: ...


class Unhashable:
    __hash__ = None  # type: ignore[assignment]

    def __call__(self) -> None: ...


async def later() -> None: ...


def now() -> None: ...


@functools.wraps(later)
def wrapping() -> None: ...


def test_what_stays_on_the_loop() -> None:
    """Coroutine functions, what wraps them, and what is marked stay; other functions do not: each time one asks."""
    views = Views()
    staying: list[t.Any] = [
        later,
        wrapping,
        non_blocking(lambda: None),
        views.later,
        views.marked,
        functools.partial(later),
    ]
    blocking: list[t.Any] = [now, views.now, functools.partial(now), Payload, len, Unhashable()]
    for _ in range(2):
        assert [places.stays(func) for func in staying] == [True] * len(staying)
        assert [places.stays(func) for func in blocking] == [False] * len(blocking)


def test_a_mark_that_comes_later() -> None:
    """A function that was asked about before it is marked stays from then on."""

    def function() -> None: ...

    assert not places.stays(function)
    assert places.stays(non_blocking(function))
