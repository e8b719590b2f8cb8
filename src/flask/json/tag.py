"""JSON that keeps the types it has no name for, as `{" t": […]}` for a tuple; sessions are written with it.

What it writes is in cookies everywhere: a format may be added, none may ever change. A value that needs no tag is
written as plain JSON, so nothing but a tag may look like one: a dict that happens to is itself tagged.
"""

from __future__ import annotations

import typing as t
from base64 import b64decode, b64encode
from datetime import datetime
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from . import dumps, loads


class JSONTag:
    """One type's way into JSON and back. A subclass sets `key` and overrides `check`, `to_json` and `to_python`."""

    __slots__ = ("serializer",)

    #: Marks the value, and should start with a space, since few keys of users' data do. Empty: nothing is marked.
    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: t.Any) -> bool:
        """Whether the value is one for this tag."""
        raise NotImplementedError

    def to_json(self, value: t.Any) -> t.Any:
        """The value as JSON data; what is nested in it must go through ``serializer.tag``."""
        raise NotImplementedError

    def to_python(self, value: t.Any) -> t.Any:
        """The value again from what `to_json` gave, in which nested tags are already resolved."""
        raise NotImplementedError

    def tag(self, value: t.Any) -> dict[str, t.Any]:
        """The value as JSON data, marked by the key."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict of one item whose key is a tag's: two underscores after the key tell it from that tag."""

    __slots__ = ()
    key = " di"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in self.serializer.tags

    def to_json(self, value: t.Any) -> t.Any:
        key = next(iter(value))
        return {f"{key}__": self.serializer.tag(value[key])}

    def to_python(self, value: t.Any) -> t.Any:
        key = next(iter(value))
        return {key[:-2]: value[key]}


class PassDict(JSONTag):
    """Any other dict: not marked, its values tagged. JSON turns its keys into strings."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: t.Any) -> t.Any:
        return {key: self.serializer.tag(item) for key, item in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """A tuple, as a list."""

    __slots__ = ()
    key = " t"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: t.Any) -> t.Any:
        return tuple(value)


class PassList(JSONTag):
    """A list: not marked, its items tagged."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, list)

    def to_json(self, value: t.Any) -> t.Any:
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Bytes, as Base64 (RFC 4648, section 4)."""

    __slots__ = ()
    key = " b"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: t.Any) -> t.Any:
        return b64encode(value).decode("ascii")

    def to_python(self, value: t.Any) -> t.Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """Whatever has ``__html__``, as the text it gives; it comes back as ``markupsafe.Markup``."""

    __slots__ = ()
    key = " m"

    def check(self, value: t.Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> t.Any:
        return str(value.__html__())

    def to_python(self, value: t.Any) -> t.Any:
        return Markup(value)


class TagUUID(JSONTag):
    """A UUID, as 32 hexadecimal digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, UUID)

    def to_json(self, value: t.Any) -> t.Any:
        return value.hex

    def to_python(self, value: t.Any) -> t.Any:
        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime, as an HTTP date (RFC 9110): it comes back in UTC, without fractions of a second."""

    __slots__ = ()
    key = " d"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, datetime)

    def to_json(self, value: t.Any) -> t.Any:
        return http_date(value)

    def to_python(self, value: t.Any) -> t.Any:
        return parse_date(value)


_SCALARS = frozenset((str, int, float, bool, type(None)))
_BUILT_IN = frozenset((TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagDateTime))


class TaggedJSONSerializer:
    """A serialiser, as ItsDangerous wants one, for JSON with tags: dict, list, tuple, bytes, Markup, UUID, datetime.

    The JSON itself is made by `flask.json`, so by the current app's provider.
    """

    __slots__ = ("_built_in_order", "order", "tags")

    #: Registered in this order when a serialiser is made.
    default_tags: list[type[JSONTag]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        # Plain JSON types pass these tags unchanged. Compared with `order`, which may be added to at any time.
        self._built_in_order = self.order.copy() if _BUILT_IN.issuperset(self.default_tags) else None

    def register(self, tag_class: type[JSONTag], force: bool = False, index: int | None = None) -> None:
        """Add a tag.

        :param force: replace the tag of the same key; else that raises `KeyError`.
        :param index: where in `order` it is asked, such as 0 for a subclass of a type that has a tag; ``None``: last.
        """
        tag = tag_class(self)
        if key := tag.key:
            if not force and key in self.tags:
                raise KeyError(f"Tag '{key}' is already registered.")
            self.tags[key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: t.Any) -> t.Any:
        """The value as JSON data, by the first tag in `order` that takes it."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, t.Any]) -> t.Any:
        """What a dict stands for if it is a tag's, else the dict."""
        if len(value) != 1:
            return value
        ((key, item),) = value.items()
        return self.tags[key].to_python(item) if key in self.tags else value

    def _untag_scan(self, value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return self.untag({key: self._untag_scan(item) for key, item in value.items()})
        if isinstance(value, list):
            return [self._untag_scan(item) for item in value]
        return value

    def dumps(self, value: t.Any) -> str:
        """The value as compact JSON with tags."""
        if (
            self.order != self._built_in_order
            or type(self).tag is not TaggedJSONSerializer.tag
            or not _is_plain(value, self.tags)
        ):
            value = self.tag(value)
        return dumps(value, separators=(",", ":"))

    def loads(self, value: str) -> t.Any:
        """The value again from what `dumps` gave."""
        data = loads(value)
        own = type(self)
        if (
            own.untag is TaggedJSONSerializer.untag
            and own._untag_scan is TaggedJSONSerializer._untag_scan
            and _is_plain(data, self.tags)
        ):
            return data
        return self._untag_scan(data)


def _is_plain(value: t.Any, tags: dict[str, JSONTag]) -> bool:
    """Whether a value is made of exactly JSON's own types and holds no dict that looks like a tag.

    PERF: such a value is the same with and without tags; to see so is ten times cheaper than to ask each tag about each
    part.
    """
    kind = type(value)
    if kind is dict:
        if len(value) == 1 and next(iter(value)) in tags:
            return False
        value = value.values()
    elif kind is not list:
        return kind in _SCALARS
    for item in value:
        if type(item) not in _SCALARS and not _is_plain(item, tags):
            return False
    return True
