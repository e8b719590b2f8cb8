from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import gc
import io
import json as standard
import threading
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

import flask
from flask import Flask, json
from flask.json.provider import DefaultJSONProvider, JSONProvider, _default


@pytest.fixture
def app():
    return Flask("json", static_folder=None)


@pytest.fixture
def provider(app):
    return app.json


@dataclasses.dataclass
class Point:
    x: int
    below: object = None


class Shown:
    def __html__(self):
        return "<b>"


class Kind(enum.IntEnum):
    ONE = 1


# ---- types beside JSON's own

KNOWN = [
    (datetime.date(2020, 1, 2), "Thu, 02 Jan 2020 00:00:00 GMT"),
    (datetime.datetime(2020, 1, 2, 3, 4, 5, 6), "Thu, 02 Jan 2020 03:04:05 GMT"),
    (
        datetime.datetime(2020, 1, 2, 3, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        "Thu, 02 Jan 2020 01:00:00 GMT",
    ),
    (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    (decimal.Decimal("1.50"), "1.50"),
    (Point(1, Point(2)), {"x": 1, "below": {"x": 2, "below": None}}),
    (Shown(), "<b>"),
    (Markup("<i>"), "<i>"),
]


@pytest.mark.parametrize(("value", "expected"), KNOWN)
def test_known_types_are_serialised(provider, value, expected):
    """Each type of the documentation's list becomes what the list says, with and without an app, at any depth."""
    assert standard.loads(provider.dumps([{"a": value}])) == [{"a": expected}]
    assert standard.loads(json.dumps(value)) == expected
    assert _default(value) == expected


@pytest.mark.parametrize("value", [{1}, b"x", object(), 1j, datetime.time(1), datetime.timedelta(1), type])
def test_unknown_types_are_refused(provider, value):
    """What cannot be serialised raises a TypeError that names the type."""
    for dumps in (provider.dumps, json.dumps):
        with pytest.raises(TypeError, match=f"Object of type {type(value).__name__} is not JSON serializable"):
            dumps({"a": [value]})


def test_a_dataclass_itself_is_no_value(provider):
    """Only instances of dataclasses have values to serialise."""
    with pytest.raises(TypeError):
        provider.dumps(Point)


# ---- the quick encoder is json.dumps

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals()
    | st.uuids()
    | st.dates()
    | st.just(Kind.ONE),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.dictionaries(st.integers() | st.booleans() | st.floats(), inner, max_size=4)
        | st.builds(collections.OrderedDict, st.dictionaries(st.text(), inner, max_size=3))
    ),
    max_leaves=12,
)


@given(
    value=plain,
    ensure_ascii=st.booleans(),
    sort_keys=st.booleans(),
    separators=st.sampled_from([None, (",", ":"), [",", ":"], (", ", " : ")]),
)
def test_text_is_that_of_the_standard_library(value, ensure_ascii, sort_keys, separators):
    """For any value and settings the text is what json.dumps with these options makes of it."""
    provider = DefaultJSONProvider(Flask("json", static_folder=None))
    provider.ensure_ascii = ensure_ascii
    provider.sort_keys = sort_keys
    options = {} if separators is None else {"separators": separators}
    expected = standard.dumps(value, default=_default, ensure_ascii=ensure_ascii, sort_keys=sort_keys, **options)
    assert provider.dumps(value, **options) == expected


@pytest.mark.parametrize("options", [{}, {"separators": (",", ":")}])
def test_a_circle_is_found(provider, options):
    """A value within itself is a ValueError, and one that is merely there twice is none, also after the error."""
    circle = {"a": []}
    circle["a"].append(circle)
    shared = [1]
    for _ in range(2):
        with pytest.raises(ValueError, match="Circular reference detected"):
            provider.dumps(circle, **options)
        assert standard.loads(provider.dumps([shared, shared], **options)) == [[1], [1]]


def test_keys_that_are_no_keys_are_refused(provider):
    """Keys of mixed types cannot be sorted, and a tuple is no key at all."""
    with pytest.raises(TypeError, match="'<' not supported"):
        provider.dumps({1: 2, "a": 3})
    provider.sort_keys = False
    assert provider.dumps({1: 2, "a": 3}) == '{"1": 2, "a": 3}'
    with pytest.raises(TypeError, match="keys must be str"):
        provider.dumps({(1,): 2})


def test_one_object_may_be_encoded_by_several_threads_at_once(app):
    """While a thread is inside of a value another may enter it: that is no circle."""
    inside, go_on = threading.Event(), threading.Event()

    class Stopping(DefaultJSONProvider):
        def default(self, o):
            if threading.current_thread() is first:
                inside.set()
                assert go_on.wait(10)
            return 1

    provider = Stopping(app)
    shared = [object()]
    results = []
    first = threading.Thread(target=lambda: results.append(provider.dumps(shared)))
    first.start()
    assert inside.wait(10)
    results.append(provider.dumps(shared))
    go_on.set()
    first.join()
    assert results == ["[1]", "[1]"]


def test_what_happens_within_an_encoding_leaves_no_marks(app):
    """With the usual settings too, a value may be encoded while it is being encoded, and after that failed."""

    class Shy:
        def __html__(self):
            if threading.current_thread() is second:
                inside.set()
                assert go_on.wait(10)
            return json.dumps(shared) if self is outer else "shown"

    inside, go_on = threading.Event(), threading.Event()
    second = None
    outer = Shy()
    shared = [Shy(), {"a": [1]}]
    results = []
    with app.app_context():
        for _ in range(3):
            assert app.json.response([outer, shared]).json == ['["shown", {"a": [1]}]', ["shown", {"a": [1]}]]
            with pytest.raises(TypeError, match="not JSON serializable"):
                app.json.response([shared, object()])
        second = threading.Thread(target=lambda: results.append(app.json.response(shared).json))
        second.start()
        assert inside.wait(10)
        results.append(app.json.response(shared).json)
        go_on.set()
        second.join()
    assert results == [["shown", {"a": [1]}]] * 2


# ---- settings and overrides


def test_settings_take_effect_at_once(provider):
    """Each attribute is read when it is used, and what the caller says wins over it."""
    data = {"b": "é", "a": object}
    provider.default = lambda value: "D"
    assert provider.dumps(data) == '{"a": "D", "b": "\\u00e9"}'
    provider.ensure_ascii = False
    assert provider.dumps(data) == '{"a": "D", "b": "é"}'
    provider.sort_keys = False
    assert provider.dumps(data) == '{"b": "é", "a": "D"}'
    del provider.default
    with pytest.raises(TypeError):
        provider.dumps(data)
    assert provider.dumps(data, default=repr, sort_keys=True, ensure_ascii=True, indent=0) == (
        '{\n"a": "<class \'object\'>",\n"b": "\\u00e9"\n}'
    )


def test_a_subclass_overrides_what_it_likes(app):
    """An override of default is called for unknown values, and one of dumps for every use of the provider."""
    asked = []

    class Mine(DefaultJSONProvider):
        def default(self, o):
            return sorted(o) if isinstance(o, set) else super().default(o)

        def dumps(self, obj, **kwargs):
            asked.append(kwargs)
            return super().dumps(obj, **kwargs)

    app.json = Mine(app)
    assert app.json.response({2, 1}).data == b"[1,2]\n"
    with app.app_context():
        json.dumps(uuid.UUID(int=1))
        json.dump(1, io.StringIO(), indent=1)
    assert asked == [{"separators": (",", ":")}, {}, {"indent": 1}]


def test_the_least_provider_has_two_methods(app):
    """With dumps and loads of its own a provider can do everything else; without them it can do nothing."""

    class Least(JSONProvider):
        def dumps(self, obj, **kwargs):
            return f"<{obj}>"

        def loads(self, s, **kwargs):
            return s[1:-1]

    app.json = Least(app)
    stream = io.StringIO()
    with app.app_context():
        json.dump(1, stream)
        assert stream.getvalue() == "<1>"
        assert json.load(io.StringIO("<2>")) == "2"
        response = flask.jsonify(3)
    assert (response.data, response.mimetype) == (b"<3>", "application/json")
    for call in (lambda base: base.dumps(1), lambda base: base.loads("1"), lambda base: base.response(1)):
        with pytest.raises(NotImplementedError):
            call(JSONProvider(app))


def test_a_provider_does_not_keep_its_app():
    """The app and its provider do not hold each other: when the app goes, nothing is left to collect."""
    provider = DefaultJSONProvider(app := Flask("json", static_folder=None))
    assert provider._app.name == app.name
    del app
    gc.collect()
    with pytest.raises(ReferenceError):
        provider._app.name


# ---- response


@pytest.mark.parametrize(
    ("arguments", "names", "body"),
    [
        ((), {}, b"null\n"),
        ((None,), {}, b"null\n"),
        (("é",), {}, b'"\\u00e9"\n'),
        ((1, [2]), {}, b"[1,[2]]\n"),
        ((), {"b": 1, "a": {}}, b'{"a":{},"b":1}\n'),
    ],
)
def test_a_response_has_one_argument_or_all_of_them(app, arguments, names, body):
    """One argument is the value, several are a list, keyword arguments an object; none is null."""
    with app.app_context():
        response = flask.jsonify(*arguments, **names)
    assert isinstance(response, app.response_class)
    assert (response.data, response.mimetype, response.status_code) == (body, "application/json", 200)


def test_a_response_has_arguments_of_one_kind(provider):
    """Positional arguments and keyword arguments together cannot be one value."""
    with pytest.raises(TypeError, match="either args or kwargs, not both"):
        provider.response(1, a=2)


@pytest.mark.parametrize(
    ("compact", "debug", "body"),
    [
        (None, False, b'{"a":[1]}\n'),
        (None, True, b'{\n  "a": [\n    1\n  ]\n}\n'),
        (True, True, b'{"a":[1]}\n'),
        (False, False, b'{\n  "a": [\n    1\n  ]\n}\n'),
    ],
)
def test_the_layout_is_for_people_in_debug_mode(app, compact, debug, body):
    """Compact or indented as `compact` says; where it says nothing, indented in debug mode."""
    app.debug = debug
    app.json.compact = compact
    assert app.json.response({"a": [1]}).data == body


def test_the_mimetype_is_a_setting(provider):
    """The response is of the provider's type."""
    provider.mimetype = "application/vnd.api+json"
    assert provider.response(1).mimetype == "application/vnd.api+json"


def test_a_response_class_is_made_as_it_wants(app, monkeypatch):
    """A response class, or a constructor put into Flask's own, is given the text and the type, this by its name."""

    class Mine(flask.Response):
        def __init__(self, response, **options):
            super().__init__(response, status=201, **options)

    def init(self, response, **options):
        own(self, response, status=202, **options)

    app.response_class = Mine
    assert (app.json.response(1).status_code, app.json.response(1).mimetype) == (201, "application/json")
    del app.response_class
    own = flask.Response.__init__
    monkeypatch.setattr(flask.Response, "__init__", init)
    assert (app.json.response(1).status_code, app.json.response(1).mimetype) == (202, "application/json")


def test_the_value_of_a_response_may_be_prepared_otherwise(app):
    """A provider that takes the arguments of `response` in its own way is asked about one argument too."""

    class Mine(DefaultJSONProvider):
        def _prepare_response_obj(self, args, kwargs):
            return {"data": super()._prepare_response_obj(args, kwargs)}

    assert Mine(app).response(1).json == {"data": 1}


def test_views_answer_through_the_provider(app):
    """A dict or a list from a view goes through `app.json.response`, so an override serves both."""

    class Mine(DefaultJSONProvider):
        def response(self, *args, **kwargs):
            return super().response({"wrapped": args[0]})

    app.json = Mine(app)
    app.add_url_rule("/dict", "dict", lambda: {"a": 1})
    app.add_url_rule("/list", "list", lambda: [1])
    client = app.test_client()
    assert client.get("/dict").json == {"wrapped": {"a": 1}}
    assert client.get("/list").json == {"wrapped": [1]}


class Borrowed(JSONProvider):
    response = DefaultJSONProvider.response
    compact = True
    mimetype = "text/plain"

    def dumps(self, obj, **kwargs):
        return f"<{obj}>"


class Asked:
    def response(self, obj):
        return flask.Response(f"asked for {obj}")


@pytest.mark.parametrize(
    ("change", "body"),
    [
        (lambda app, patch: None, b'{"a":1}\n'),
        (lambda app, patch: setattr(app.json, "response", lambda obj: flask.Response("other")), b"other"),
        (lambda app, patch: setattr(app.json, "dumps", lambda obj, **kwargs: f"<{kwargs}>"), b"<{'separators'"),
        (lambda app, patch: setattr(app.json, "compact", False), b'{\n  "a": 1\n}\n'),
        (lambda app, patch: setattr(app, "debug", True), b'{\n  "a": 1\n}\n'),
        (lambda app, patch: patch.setattr(DefaultJSONProvider, "response", Asked().response), b"asked for"),
        (lambda app, patch: patch.setattr(DefaultJSONProvider, "dumps", lambda self, obj, **kw: "dumped"), b"dumped"),
        (lambda app, patch: patch.setattr(DefaultJSONProvider, "_prepare_response_obj", lambda *_: [1]), b"[1]\n"),
        (lambda app, patch: patch.setattr("flask.json.provider._make_encoder", None), b'{"a":1}\n'),
        (lambda app, patch: setattr(app, "json", Borrowed(app)), b"<{'a': 1}>"),
        (lambda app, patch: setattr(app, "json", Asked()), b"asked for {'a': 1}"),
    ],
)
def test_the_short_way_of_a_view_gives_way(app, monkeypatch, change, body):
    """Whatever of the provider's steps is replaced, in a class or on the object, serves the next view's dict."""
    app.add_url_rule("/", "index", lambda: {"a": 1})
    client = app.test_client()
    assert client.get("/").data == b'{"a":1}\n'
    change(app, monkeypatch)
    assert client.get("/").data.startswith(body)


def test_a_provider_answers_as_the_app_that_it_was_made_for(app):
    """In the place of another app's provider it goes on asking its own app for class and layout."""
    other = Flask("other", static_folder=None)
    other.debug = True
    other.response_class = type("Mine", (flask.Response,), {})
    app.json = other.json
    with app.test_request_context():
        response = app.make_response([1])
    assert (type(response), response.data) == (other.response_class, b"[\n  1\n]\n")


# ---- loads


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "é"}',
        '"é"'.encode(),
        '"é"'.encode("utf-8-sig"),
        '"é"'.encode("utf-16"),
        '"é"'.encode("utf-32-le"),
        b" 1 ",
    ],
)
def test_text_and_bytes_are_read_as_the_standard_library_reads_them(provider, text):
    """Text, and bytes in any encoding that JSON allows, with and without an app."""
    assert provider.loads(text) == standard.loads(text) == json.loads(text)


@given(
    st.lists(
        st.sampled_from(["[", "]", "1", '"', "\0", " ", "\ufeff", "é", "\ud800", "\n", "\x0b", ",", "{}"]), max_size=6
    ),
    st.sampled_from([None, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1"]),
)
def test_any_text_is_read_as_the_standard_library_reads_it(pieces, encoding):
    """The value or the error is that of json.loads, whatever the encoding."""

    def outcome(loads):
        try:
            return loads(text)
        except ValueError as error:
            return repr(error)

    text = "".join(pieces)
    if encoding is not None:
        text = text.encode(encoding, "replace" if encoding == "latin-1" else "surrogatepass")
    provider = DefaultJSONProvider(Flask("json", static_folder=None))
    assert outcome(provider.loads) == outcome(standard.loads)


@pytest.mark.parametrize("text", ["", "[1", b"", b"\xff", b'"\xff"', "\ufeff1", "{'a': 1}"])
def test_what_is_no_json_is_a_value_error(provider, text):
    """Broken text raises the standard library's errors, all of them ValueErrors."""
    with pytest.raises(ValueError):
        provider.loads(text)


def test_options_reach_the_standard_library(app):
    """Keyword arguments of loads and load are those of json.loads."""
    with app.app_context():
        assert json.loads("1.5", parse_float=decimal.Decimal) == decimal.Decimal("1.5")
        assert json.load(io.BytesIO(b"[1]"), parse_int=str) == ["1"]
    assert json.load(io.StringIO("[1]"), parse_int=str) == ["1"]


# ---- the functions of the module


def test_with_an_app_its_provider_serves(app):
    """Inside of a context the module's functions are the app's; outside they are the library's, with keys unsorted."""
    data = {"b": 1, "a": 2}
    assert json.dumps(data) == '{"b": 1, "a": 2}'
    assert json.dumps(data, default=None, sort_keys=True) == '{"a": 2, "b": 1}'
    with app.app_context():
        assert json.dumps(data) == '{"a": 2, "b": 1}'
    with app.test_request_context():
        assert json.dumps(data) == '{"a": 2, "b": 1}'
    stream = io.StringIO()
    json.dump({"b": uuid.UUID(int=0)}, stream)
    assert stream.getvalue() == '{"b": "00000000-0000-0000-0000-000000000000"}'


def test_a_response_needs_an_app():
    """Jsonify makes the app's response, so without an app it says how to get one."""
    with pytest.raises(RuntimeError, match="outside of application context"):
        flask.jsonify(1)
