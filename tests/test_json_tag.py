from __future__ import annotations

import collections
import decimal
import enum
import json as standard
import types
import typing as t
import uuid
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask.json.tag import (
    JSONTag,
    PassDict,
    PassList,
    TagBytes,
    TagDateTime,
    TagDict,
    TaggedJSONSerializer,
    TagMarkup,
    TagTuple,
    TagUUID,
)


@pytest.fixture
def serializer():
    return TaggedJSONSerializer()


class Shown:
    def __html__(self):
        return "<h>"


class Dict(dict):
    pass


class TagOrdered(JSONTag):
    """A tag of a user's: an ordered mapping, as pairs."""

    __slots__ = ()
    key = " od"

    def check(self, value):
        return isinstance(value, collections.OrderedDict)

    def to_json(self, value):
        return [[key, self.serializer.tag(item)] for key, item in value.items()]

    def to_python(self, value):
        return collections.OrderedDict(value)


# What is written stands in cookies of every site: these texts may never change.
FORMAT = [
    (1, "1"),
    ("é", '"\\u00e9"'),
    (None, "null"),
    ({"a": [True, 1.5]}, '{"a":[true,1.5]}'),
    ((1, (2,)), '{" t":[1,{" t":[2]}]}'),
    ([()], '[{" t":[]}]'),
    (b"\x00\xff", '{" b":"AP8="}'),
    (Markup("<b>"), '{" m":"<b>"}'),
    (uuid.UUID(int=7), '{" u":"00000000000000000000000000000007"}'),
    (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), '{" d":"Thu, 02 Jan 2020 03:04:05 GMT"}'),
    ({" t": 1}, '{" di":{" t__":1}}'),
    ({" di": {" b": (1,)}}, '{" di":{" di__":{" di":{" b__":{" t":[1]}}}}}'),
    ({" t": 1, "a": 2}, '{" t":1,"a":2}'),
    ({" x": 1}, '{" x":1}'),
    ({" t__": 1}, '{" t__":1}'),
]


@pytest.mark.parametrize(("value", "text"), FORMAT)
def test_the_format_is_fixed(serializer, value, text):
    """Each value is written as this very text, and the text is read as this very value."""
    assert serializer.dumps(value) == text
    read = serializer.loads(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (datetime(2020, 1, 2, 3, 4, 5, 678), datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        (
            datetime(2020, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))),
            datetime(2020, 1, 2, 1, tzinfo=UTC),
        ),
        (Shown(), Markup("<h>")),
        (Dict(a=(1,)), {"a": (1,)}),
        (collections.OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        ({1: (2,)}, {"1": (2,)}),
        (date(2020, 1, 1), "Wed, 01 Jan 2020 00:00:00 GMT"),
    ],
)
def test_what_is_like_a_known_type_comes_back_as_that(serializer, value, read):
    """Subclasses and relatives are read as the type that stands for them."""
    assert serializer.loads(serializer.dumps(value)) == read


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.uuids()
    | st.text().map(Markup),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.dictionaries(st.sampled_from([" t", " di", " b", " t__", " u", " ", ""]), inner, max_size=1)
    ),
    max_leaves=12,
)


@given(value=values)
def test_everything_comes_back(value):
    """Whatever is written is read as an equal value of the same types, also a dict that looks like a tag."""
    serializer = TaggedJSONSerializer()
    read = serializer.loads(serializer.dumps(value))
    assert read == value
    assert repr(read) == repr(value)


class Level(enum.IntEnum):
    LOW = 1


class Text(str):
    __slots__ = ()


class Pair(t.NamedTuple):
    a: t.Any
    b: t.Any


# What is of a known type only by inheritance, and keys that are no text.
relatives = st.recursive(
    values | st.just(Level.LOW) | st.just(Text("x")) | st.just(Shown()) | st.just(datetime(2020, 1, 2)),
    lambda inner: (
        st.builds(Pair, inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2).map(Dict)
        | st.dictionaries(st.integers() | st.none(), inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
        | st.lists(inner, max_size=2).map(collections.UserList)
    ),
    max_leaves=8,
)


def outcome(function, *args):
    """What a call gives: its value, or its error's class and text."""
    try:
        return function(*args)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is to be the same
        return type(error), str(error)


@given(value=relatives)
def test_the_short_cut_changes_nothing(value):
    """The text is the same, and so is what it is read as, as when each part is put to each tag."""
    quick, exact = TaggedJSONSerializer(), TaggedJSONSerializer()
    exact.order.append(PassList(exact))  # an order that is not the built-in one
    text = outcome(exact.dumps, value)
    assert outcome(quick.dumps, value) == text
    with Flask("short", static_folder=None).app_context():
        assert outcome(quick.dumps, value) == outcome(exact.dumps, value)
    if isinstance(text, str):
        assert repr(quick.loads(text)) == repr(exact._untag_scan(standard.loads(text)))


class Lowercase(DefaultJSONProvider):
    def dumps(self, obj, **kwargs):
        return super().dumps(obj, **kwargs).lower()


def set_up(app, name):
    """Give an app a way of writing JSON that is not the usual one."""
    provider = app.json
    if name == "subclass":
        app.json = Lowercase(app)
    elif name == "method":
        provider.dumps = lambda obj, **kwargs: DefaultJSONProvider.dumps(provider, obj, **kwargs).lower()
    elif name == "another":
        app.json = types.SimpleNamespace(dumps=standard.dumps, loads=standard.loads)
    elif name == "default":
        provider.default = lambda obj: "Default"
    elif name == "order":
        provider.sort_keys = False
    elif name == "characters":
        provider.ensure_ascii = False


@pytest.mark.parametrize("name", ["usual", "subclass", "method", "another", "default", "order", "characters"])
@pytest.mark.parametrize(
    "value",
    [
        {"b": "É", "a": (1, [True, None, 1.5])},
        {"A": date(2020, 1, 1), "B": decimal.Decimal("1.5")},
        {"A": [collections.Counter("A"), {1: "A"}], "B": float("nan")},
        {"A": object()},
        {"A": 1, 2: 2},
        {(1,): 1},
    ],
)
def test_what_is_set_for_json_counts_for_tags(name, value):
    """What the provider is, and what is set on it, is so for each text; so are its errors."""
    app = Flask("set up", static_folder=None)
    set_up(app, name)
    quick, exact = TaggedJSONSerializer(), TaggedJSONSerializer()
    exact.order.append(PassList(exact))
    with app.app_context():
        assert outcome(quick.dumps, value) == outcome(exact.dumps, value)


def test_a_patched_escape_is_used(serializer, monkeypatch):
    """Whoever replaces the json module's escape function finds it in the text."""
    with Flask("escape", static_folder=None).app_context():
        monkeypatch.setattr(standard.encoder, "encode_basestring_ascii", lambda text: f'"<{text}>"')
        assert serializer.dumps(["a"]) == '["<a>"]'


def test_a_circle_is_an_error(serializer):
    """Data that holds itself is not written, at whatever depth, and the serialiser goes on."""
    circle = []
    circle.append({"a": (circle,)})
    with Flask("circle", static_folder=None).app_context():
        for value in (circle, {"a": circle}):
            with pytest.raises((RecursionError, ValueError)):
                serializer.dumps(value)
        assert serializer.dumps([1]) == "[1]"


@given(text=st.text(alphabet='{}[]":, tb1eE.\\u0\n', max_size=20))
@example(text=" [1] ")
@example(text="[1] x")
@example(text="\ufeff[1]")
def test_any_text_is_read_as_by_the_standard_library(text):
    """Space around it, and what is no JSON, have the outcome that they have with `json.loads`."""
    serializer = TaggedJSONSerializer()
    plain = outcome(lambda: serializer._untag_scan(standard.loads(text)))
    assert repr(outcome(serializer.loads, text)) == repr(plain)
    with Flask("read", static_folder=None).app_context():
        assert repr(outcome(serializer.loads, text)) == repr(plain)


def test_a_provider_may_read_other_types(serializer):
    """Whatever kinds of dict and list a provider gives, their tags are resolved."""
    app = Flask("json", static_folder=None)

    class Ordered(DefaultJSONProvider):
        def loads(self, s, **kwargs):
            return super().loads(s, object_pairs_hook=collections.OrderedDict, **kwargs)

    app.json = Ordered(app)
    with app.app_context():
        assert serializer.loads('{"a":{" t":[1]},"b":{"c":1}}') == {"a": (1,), "b": {"c": 1}}
        assert serializer.loads('[{" t":[{" b":"eg=="}]}]') == [(b"z",)]


@pytest.mark.parametrize(
    "text", ['{" t":5}', '{" u":"no"}', '{" b":"YQ"}', '{" b":5}', '{" di":5}', '{" di":[1]}', "", "{"]
)
def test_a_broken_tag_is_an_error(serializer, text):
    """Text that no serialiser wrote raises a TypeError or a ValueError."""
    with pytest.raises((TypeError, ValueError)):
        serializer.loads(text)


def test_a_tag_is_recognised_however_it_is_written(serializer):
    """Spaces and escapes in the text do not hide a tag."""
    assert serializer.loads('[ { "\\u0020t" : [1] } ]') == [(1,)]
    with Flask("read", static_folder=None).app_context():
        for text in ('[ { "\\u0020t" : [1] } ]', '[{" t":[1]}]', '[{"\\u0020\\u0074":[1]}]'):
            assert serializer.loads(text) == [(1,)]


# ---- register


def test_a_tag_of_ones_own_is_asked_where_it_is_put(serializer):
    """At its index the tag comes before those of its type's bases, and is read by its key."""
    value = collections.OrderedDict([("b", 1), ("a", (1,))])
    serializer.register(TagOrdered, index=0)
    text = serializer.dumps(value)
    assert text == '{" od":[["b",1],["a",{" t":[1]}]]}'
    assert type(serializer.loads(text)) is collections.OrderedDict
    assert serializer.loads(text) == value
    serializer.register(TagOrdered, force=True)
    assert isinstance(serializer.order[-1], TagOrdered)
    assert serializer.tags[" od"] is serializer.order[-1]


@pytest.mark.parametrize("index", [0, 3, -1, None])
def test_the_place_of_a_tag(serializer, index):
    """An index is that of list.insert; without one the tag is last."""
    before = [type(tag) for tag in serializer.order]
    serializer.register(TagOrdered, index=index)
    before.insert(len(before) if index is None else index, TagOrdered)
    assert [type(tag) for tag in serializer.order] == before


def test_a_key_is_taken_once(serializer):
    """Another tag of a known key is refused, unless forced."""
    with pytest.raises(KeyError, match="Tag ' t' is already registered"):
        serializer.register(TagTuple)
    assert len(serializer.order) == 8
    serializer.register(TagTuple, force=True)
    assert len(serializer.order) == 9


def test_a_tag_without_a_key_marks_nothing(serializer):
    """Such a tag is asked like any other, and never when reading."""

    class Loud(PassList):
        def check(self, value):
            return isinstance(value, str)

        def tag(self, value):
            return value.upper()

    serializer.register(Loud, index=0)
    assert "" not in serializer.tags
    assert serializer.dumps({"a": "b"}) == '{"a":"B"}'


def test_tags_may_be_set_up_by_hand_and_by_a_subclass():
    """The lists of tags are public: what a subclass or its user puts there counts at once."""

    class Mine(TaggedJSONSerializer):
        default_tags = [TagOrdered, *TaggedJSONSerializer.default_tags]

    value = collections.OrderedDict(a=1)
    assert Mine().dumps(value) == '{" od":[["a",1]]}'
    by_hand = TaggedJSONSerializer()
    by_hand.order.insert(0, TagOrdered(by_hand))
    assert by_hand.dumps(value) == '{" od":[["a",1]]}'
    assert by_hand.loads('{" od":[["a",1]]}') == {" od": [["a", 1]]}
    by_hand.tags[" od"] = by_hand.order[0]
    assert by_hand.loads('{" od":[["a",1]]}') == value
    with Flask("by hand", static_folder=None).app_context():
        assert by_hand.loads('{"od":[["a",1]]}') == {"od": [["a", 1]]}
        by_hand.tags["od"] = by_hand.order[0]  # no space at its beginning
        assert by_hand.loads('[{"od":[["a",1]]}]') == [value]
        assert by_hand.loads('{"a\\u0020":{"\\u006fd":[["a",1]]}}') == {"a ": value}


def test_overrides_of_the_serialiser_are_called():
    """A subclass that overrides tag or untag is asked about plain values too."""

    class Shouting(TaggedJSONSerializer):
        def tag(self, value):
            return value.upper() if isinstance(value, str) else super().tag(value)

        def untag(self, value):
            return sorted(value.items())

    shouting = Shouting()
    assert shouting.dumps({"a": "b"}) == '{"a":"B"}'
    assert shouting.loads('{"b":1,"a":2}') == [("a", 2), ("b", 1)]

    class Scanning(TaggedJSONSerializer):
        def _untag_scan(self, value):
            return "scanned", super()._untag_scan(value)

    with Flask("overrides", static_folder=None).app_context():
        assert shouting.dumps({"a": "b"}) == '{"a":"B"}'
        assert shouting.loads('{"b":1,"a":2}') == [("a", 2), ("b", 1)]
        assert Scanning().loads('{"a":1}') == ("scanned", {"a": ("scanned", 1)})


def test_methods_on_an_object_are_called():
    """What is put on an object of a subclass stands before the methods of the class."""

    class Own(TaggedJSONSerializer):
        pass

    with Flask("own", static_folder=None).app_context():
        own = Own()
        own.untag = lambda value: value
        assert own.loads('{" t":[1]}') == {" t": [1]}
        own.tag = lambda value: "X"
        assert own.dumps((1, 2)) == '"X"'


def test_text_may_come_as_bytes(serializer):
    """As by the standard library, the text is read also from bytes."""
    assert serializer.loads(b'{"a":{" t":[1]}}') == {"a": (1,)}
    with Flask("bytes", static_folder=None).app_context():
        assert serializer.loads(b'{"a":{" t":[1]}}') == {"a": (1,)}
        assert serializer.loads(b'{"a":1,"b":2}') == {"a": 1, "b": 2}


# ---- the tags themselves


def test_a_tag_says_what_it_is_for(serializer):
    """The base of tags decides nothing: each method is for the subclass."""
    tag = JSONTag(serializer)
    assert (tag.key, tag.serializer) == ("", serializer)
    for method in (tag.check, tag.to_json, tag.to_python, tag.tag):
        with pytest.raises(NotImplementedError):
            method(1)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TagDict, {" t": 1}),
        (PassDict, {" t": 1, "a": 2}),
        (TagTuple, (1,)),
        (PassList, [1]),
        (TagBytes, b"1"),
        (TagMarkup, Markup("1")),
        (TagUUID, uuid.UUID(int=1)),
        (TagDateTime, datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_each_value_has_one_tag(serializer, kind, value):
    """The first tag in the order that takes the value is the one for its type."""
    assert next(type(tag) for tag in serializer.order if tag.check(value)) is kind


def test_untag_leaves_what_is_no_tag(serializer):
    """Only a dict of one item, whose key is a tag's, stands for something else."""
    assert serializer.untag({" t": [1]}) == (1,)
    for value in ({}, {"t": [1]}, {" t": [1], "a": 1}):
        assert serializer.untag(value) is value


# ---- through the app


def test_the_apps_provider_writes_and_reads(serializer):
    """The JSON is made by `app.json` where an app is current, with its order of keys."""
    app = Flask("json", static_folder=None)
    calls = []

    class Mine(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            calls.append((obj, kwargs))
            return super().dumps(obj, **kwargs)

        def loads(self, s, **kwargs):
            calls.append(s)
            return super().loads(s, **kwargs)

    app.json = Mine(app)
    with app.app_context():
        text = serializer.dumps({"b": 1, "a": (2,)})
        assert text == '{"a":{" t":[2]},"b":1}'
        assert serializer.loads(text) == {"b": 1, "a": (2,)}
    assert calls == [({"b": 1, "a": {" t": [2]}}, {"separators": (",", ":")}), text]
    assert serializer.dumps({"b": 1, "a": 2}) == '{"b":1,"a":2}'
