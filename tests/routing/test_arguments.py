"""The values of a path on their way to the view."""

from __future__ import annotations

import keyword
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask import Flask, request
from flask._routing.arguments import WHOLE, Names, names_of
from tests.gateways.raw import call


def told(**values: Any) -> dict[str, Any]:
    return values


NAMES = st.lists(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True) | st.sampled_from([*keyword.kwlist, "__debug__", "ﬁ"]),
    min_size=1,
    max_size=6,
    unique=True,
).map(tuple)


@given(NAMES)
def test_a_view_gets_each_value_under_its_name(names: tuple[str, ...]) -> None:
    """Whatever the names are, keywords of Python's among them, a call gives what `**arguments` would."""
    values = tuple(range(len(names)))
    expected = dict(zip(names, values, strict=True))
    assert Names(names).call(told, values) == expected
    assert list(Names(names).call(told, values)) == list(names)
    assert Names(names).arguments(values) == expected
    assert WHOLE.call(told, expected) == expected
    assert WHOLE.arguments(expected) is expected


def test_rules_share_their_names() -> None:
    """A call is written once for names that come in the same order."""
    assert names_of(("a", "b")) is names_of(("a", "b"))
    assert names_of(("a", "b")) is not names_of(("b", "a"))


@pytest.mark.parametrize("looking", [False, True])
def test_views_of_every_signature_are_called(looking: bool) -> None:
    """By name, from a dictionary of all, with more by default; an unknown name is Python's own error."""
    app = Flask(__name__)
    app.testing = True
    if looking:
        app.before_request(lambda: None if request.view_args is not None else "no arguments")
    seen: list[Any] = []

    def by_name(b: str, a: int) -> str:
        return repr((a, b))

    def of_all(**values: Any) -> str:
        seen.append(values)
        return repr(values)

    def of_less(a: int) -> str:
        return repr(a)

    for name, view in (("name", by_name), ("all", of_all), ("less", of_less)):
        app.add_url_rule(f"/{name}/<int:a>/<b>", name, view)
    app.add_url_rule("/default/<int:a>", "default", by_name, defaults={"b": "c"})
    app.add_url_rule("/class/<class>", "class", of_all)
    assert call(app, "/name/1/x").body == b"(1, 'x')"
    assert call(app, "/all/1/x").body == b"{'a': 1, 'b': 'x'}"
    assert call(app, "/default/1").body == b"(1, 'c')"
    assert call(app, "/class/1").body == b"{'class': '1'}"
    with pytest.raises(TypeError, match=r"of_less.*unexpected keyword argument 'b'"):
        call(app, "/less/1/x")


def test_what_a_request_tells_of_its_arguments_is_its_own() -> None:
    """`view_args` made while the view runs are the values by name, and changing them changes no other request."""
    app = Flask(__name__)

    @app.route("/<a>")
    @app.route("/")
    def view(a: str = "") -> str:
        assert request.view_args == ({"a": a} if a else {})
        request.view_args["spoilt"] = True
        return "fine"

    for path in ("/x", "/", "/x", "/"):
        assert call(app, path).body == b"fine"
