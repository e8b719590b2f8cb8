"""Errors that are made by fewer steps are those that their classes make; whose constructor does more makes them."""

from __future__ import annotations

import gc
import typing as t
import weakref

import pytest
from werkzeug.exceptions import HTTPException, NotFound, default_exceptions

import flask
from flask._aborting import http_error

GIVEN: list[tuple[tuple[t.Any, ...], dict[str, t.Any]]] = [
    ((), {}),
    ((), {"description": "why"}),
    ((), {"description": None}),
    ((), {"description": 4}),
    (("why",), {}),
    ((), {"response": flask.Response("mine")}),
    ((), {"description": "why", "response": None}),
    ((), {"nothing_of_ours": 1}),
]


class Inherited(NotFound):
    description = "of the class"


class Counting(NotFound):
    made = 0

    def __init__(self, description: str | None = None) -> None:
        super().__init__(description)
        type(self).made += 1


class Otherwise(NotFound):
    def __new__(cls, *args: t.Any, **kwargs: t.Any) -> Otherwise:
        error = super().__new__(cls)
        error.code = 410
        return error


@pytest.mark.parametrize("kind", [*default_exceptions.values(), HTTPException, Inherited, Counting, Otherwise])
@pytest.mark.parametrize(("args", "kwargs"), GIVEN)
def test_an_error_is_what_its_class_makes(
    kind: type[HTTPException], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
) -> None:
    """Attributes, arguments and text of an error are those that its constructor gives it; so is the refusal."""

    def told(make: t.Callable[[], HTTPException]) -> tuple[t.Any, ...]:
        try:
            error = make()
        except TypeError as refusal:
            return (str(refusal),)
        return type(error), list(vars(error).items()), error.args, str(error)

    assert told(lambda: http_error(kind, args, kwargs)) == told(lambda: kind(*args, **kwargs))


def test_a_constructor_of_its_own_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that overrides its constructor, or a patched one, is called."""
    before = Counting.made
    http_error(Counting, (), {"description": "why"})
    assert Counting.made == before + 1
    made: list[HTTPException] = []
    original = HTTPException.__init__

    def tell(self: HTTPException, *args: t.Any, **kwargs: t.Any) -> None:
        made.append(self)
        original(self, *args, **kwargs)

    monkeypatch.setattr(HTTPException, "__init__", tell)
    assert made == [http_error(NotFound, (), {})]


def test_aborting_leaves_no_circle() -> None:
    """What a handled abort has made is gone with the request; nothing waits for the garbage collector."""
    app = flask.Flask(__name__)
    seen: list[weakref.ref[HTTPException]] = []

    @app.route("/")
    def view() -> t.NoReturn:
        flask.abort(404, description="why")

    @app.errorhandler(404)
    def missing(error: HTTPException) -> tuple[str, int]:
        seen.append(weakref.ref(error))
        return str(error.description), 404

    gc.disable()
    try:
        assert app.test_client().get("/").get_data() == b"why"
        assert seen[0]() is None
    finally:
        gc.enable()
