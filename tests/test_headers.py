"""The headers of a response answer as Werkzeug's do, whatever is done to them."""

from __future__ import annotations

import copy
import pickle
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers as WerkzeugsHeaders

from flask import Response
from flask._headers import Headers, around


class Text(str):
    pass


names = st.sampled_from(["X-A", "x-a", "X-a", "X-B", "Content-Type", "content-TYPE", "Å", Text("X-A")])
values = st.one_of(
    st.sampled_from(["", "a", "text/html", "two\nlines", "two\rlines", "ä", Text("of a class")]),
    st.integers(0, 9),
    st.none(),
    st.binary(max_size=2),
)
positions = st.integers(-3, 3)
steps = st.one_of(
    st.tuples(st.just("__setitem__"), names, values),
    st.tuples(st.just("set"), names, values),
    st.tuples(st.just("setdefault"), names, values),
    st.tuples(st.just("add"), names, values),
    st.tuples(st.just("__getitem__"), names | positions),
    st.tuples(st.just("get"), names),
    st.tuples(st.just("get"), names, values),
    st.tuples(st.just("get"), names, values, st.just(int)),
    st.tuples(st.just("getlist"), names),
    st.tuples(st.just("__contains__"), names | positions),
    st.tuples(st.just("__delitem__"), names | positions),
    st.tuples(st.just("pop"), names, values),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("setlist"), names, st.lists(values, max_size=3)),
    st.tuples(st.just("__setitem__"), positions, st.tuples(names, values)),
    st.tuples(st.just("clear")),
    st.tuples(st.just("extend"), st.lists(st.tuples(names, values), max_size=2)),
    st.tuples(st.just("update"), st.lists(st.tuples(names, values), max_size=2)),
    # What is done to the list behind the headers, by those who have it too.
    st.tuples(st.just("list.append"), st.tuples(names, st.just("a"))),
    st.tuples(st.just("list.insert"), positions, st.tuples(names, st.just("a"))),
    st.tuples(st.just("list.__setitem__"), positions, st.tuples(names, st.just("a"))),
    st.tuples(st.just("list.pop"), positions),
    st.tuples(st.just("list.reverse")),
)


def done(headers: WerkzeugsHeaders, step: tuple[t.Any, ...]) -> object:
    name, *arguments = step
    owner: t.Any = headers._list if name.startswith("list.") else headers  # type: ignore[attr-defined]
    try:
        return getattr(owner, name.removeprefix("list."))(*arguments)
    except Exception as error:  # noqa: BLE001 - what is raised is compared
        return type(error), str(error)


@given(st.lists(steps, max_size=12), st.lists(st.tuples(names, st.sampled_from(["a", "b"])), max_size=4))
def test_any_steps_leave_and_answer_the_same(steps: list[tuple[t.Any, ...]], pairs: list[tuple[str, str]]) -> None:
    """After any steps the pairs are Werkzeug's, and so was each answer and error on the way."""
    ours, theirs = around(list(pairs)), WerkzeugsHeaders(list(pairs))
    for step in steps:
        assert done(ours, step) == done(theirs, step)
        assert list(ours) == list(theirs)
    assert ours == theirs
    assert theirs == ours
    assert ours.to_wsgi_list() == theirs.to_wsgi_list()
    assert str(ours) == str(theirs)
    assert repr(ours) == repr(theirs)


def test_keyword_arguments_are_parameters() -> None:
    """`set` and `add` take parameters of the value as keyword arguments."""
    headers = Response().headers
    headers.set("Content-Disposition", "attachment", filename="a b.txt")
    assert headers["Content-Disposition"] == 'attachment; filename="a b.txt"'


def test_users_see_werkzeugs_class() -> None:
    """The class goes by Werkzeug's name, is one of Werkzeug's, and a copy by pickle is Werkzeug's very own."""
    headers = Response("x").headers
    assert isinstance(headers, WerkzeugsHeaders)
    assert (type(headers).__module__, type(headers).__qualname__) == ("werkzeug.datastructures.headers", "Headers")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        copied = pickle.loads(pickle.dumps(headers, protocol))
        assert type(copied) is WerkzeugsHeaders
        assert copied == headers
    for copied in (headers.copy(), copy.copy(headers), copy.deepcopy(headers)):
        assert copied == headers
        copied["X-A"] = "a"
        assert "X-A" not in headers


def test_they_cannot_be_hashed() -> None:
    """As Werkzeug's, they can change and so have no hash."""
    with pytest.raises(TypeError):
        hash(Response().headers)
    assert Headers() != object()
