from __future__ import annotations

import copy
import pickle
import typing as t

import pytest
import werkzeug.datastructures
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequestKeyError

import flask
from flask._incoming.structures import EnvironHeaders, ImmutableMultiDict, multi

ENVIRON: dict[str, t.Any] = {
    "CONTENT_TYPE": "a/b",
    "CONTENT_LENGTH": "",
    "HTTP_CONTENT_TYPE": "c/d",
    "HTTP_X_ONE": "1",
    "HTTP_COOKIE": "a=b",
    "REMOTE_ADDR": "192.0.2.1",
}
NAMES = ["Content-Type", "content_length", "X-One", "x_one", "X-Two", "cookie", "Remote-Addr", "", "É"]


def outcome(function: t.Callable[..., t.Any], *args: t.Any, **options: t.Any) -> t.Any:
    try:
        return function(*args, **options)
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error), str(error)


@pytest.mark.parametrize("name", [*NAMES, 1, None, b"X-One", slice(1), 1.5])
def test_headers_are_found_as_by_werkzeug(name: t.Any) -> None:
    """Each way to ask for a header gives Werkzeug's answer, or its error."""
    theirs, ours = werkzeug.datastructures.EnvironHeaders(ENVIRON), EnvironHeaders(ENVIRON)
    for headers_method, arguments, options in [
        ("__getitem__", (name,), {}),
        ("get", (name,), {}),
        ("get", (name, "default"), {}),
        ("get", (name,), {"type": int}),
        ("get", (name, 7), {"type": int}),
        ("__contains__", (name,), {}),
        ("getlist", (name,), {}),
    ]:
        expected = outcome(getattr(theirs, headers_method), *arguments, **options)
        assert outcome(getattr(ours, headers_method), *arguments, **options) == expected


def test_headers_follow_the_environment() -> None:
    """They are a view: what changes in the environment is seen, and nothing can be changed through them."""
    environ = ENVIRON.copy()
    ours = EnvironHeaders(environ)
    environ["HTTP_X_ONE"] = "2"
    environ["HTTP_X_NEW"] = "3"
    assert (ours["X-One"], ours.get("X-New"), "X-New" in ours) == ("2", "3", True)
    assert list(ours) == list(werkzeug.datastructures.EnvironHeaders(environ))
    assert ours == werkzeug.datastructures.EnvironHeaders(environ)
    assert repr(ours) == repr(werkzeug.datastructures.EnvironHeaders(environ))
    with pytest.raises(TypeError):
        ours["X-One"] = "4"
    assert type(ours).__module__ == werkzeug.datastructures.EnvironHeaders.__module__
    again = pickle.loads(pickle.dumps(ours))
    assert type(again) is werkzeug.datastructures.EnvironHeaders
    assert again.environ == environ


pairs = st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=2)), max_size=6)


@settings(deadline=None)
@given(pairs, st.sampled_from(["a", "b", "missing", "", None, 1, ("a",)]))
def test_values_are_found_as_by_werkzeug(items: list[tuple[str, str]], key: t.Any) -> None:
    """A dict of the short way answers everything as Werkzeug's from the same pairs."""
    theirs = werkzeug.datastructures.ImmutableMultiDict(items)
    ours = multi(dict(theirs.lists()))
    assert isinstance(ours, werkzeug.datastructures.ImmutableMultiDict)
    assert ours == theirs
    assert theirs == ours
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs)
    assert ours.to_dict(flat=False) == theirs.to_dict(flat=False)
    assert list(ours.items(multi=True)) == list(theirs.items(multi=True))
    for method, arguments, options in [
        ("__getitem__", (key,), {}),
        ("get", (key,), {}),
        ("get", (key, "default"), {}),
        ("get", (key, 7), {"type": int}),
        ("getlist", (key,), {}),
        ("__contains__", (key,), {}),
    ]:
        expected = outcome(getattr(theirs, method), *arguments, **options)
        assert outcome(getattr(ours, method), *arguments, **options) == expected


def test_a_missing_value_is_a_bad_request() -> None:
    """The error for a missing key answers 400, and names the key."""
    with pytest.raises(BadRequestKeyError) as caught:
        multi({})["missing"]
    assert caught.value.args == ("missing",)
    assert caught.value.code == 400


def test_an_empty_list_is_no_value() -> None:
    """A name without values is missing when one value is asked for, as in Werkzeug."""
    for kind in (werkzeug.datastructures.ImmutableMultiDict, ImmutableMultiDict):
        values = kind.__new__(kind)
        dict.update(values, {"a": []})
        assert values.get("a", "default") == "default"
        with pytest.raises(BadRequestKeyError):
            values["a"]


def test_copies_stand_alone() -> None:
    """A copy can be changed and is Werkzeug's mutable dict; a pickle is read where only Werkzeug is."""
    ours = multi({"a": ["1", "2"]})
    changed = ours.copy()
    changed["a"] = "3"
    assert type(changed) is werkzeug.datastructures.MultiDict
    assert ours.getlist("a") == ["1", "2"]
    assert copy.copy(ours) is ours
    assert copy.deepcopy(ours) == ours
    again = pickle.loads(pickle.dumps(ours))
    assert type(again) is werkzeug.datastructures.ImmutableMultiDict
    assert again == ours
    with pytest.raises(TypeError, match="immutable"):
        ours["a"] = "4"


def test_json_sees_a_dict() -> None:
    """As JSON it is an object of first values, as Werkzeug's is."""
    assert flask.json.dumps(multi({"a": ["1", "2"]})) == '{"a": "1"}'
