"""JSON that keeps the types it has no name for, as `{" t": […]}` for a tuple; sessions are written with it.

What it writes is in cookies everywhere: a format may be added, none may ever change. A value that needs no tag is
written as plain JSON, so nothing but a tag may look like one: a dict that happens to is itself tagged.
"""

from __future__ import annotations

import typing as t
from base64 import b64decode, b64encode
from datetime import datetime
from json import JSONDecoder, encoder
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from .._unicode import escaped
from . import _provider, dumps, loads
from .provider import DefaultJSONProvider, _make_encoder


class JSONTag:
    """One type's way into JSON and back. A subclass sets `key` and overrides `check`, `to_json` and `to_python`."""

    __slots__ = ("serializer",)

    #: Marks the value, and should start with a space, since few keys of users' data do. Empty: nothing is marked.
    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer: TaggedJSONSerializer = serializer

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
        for key in value:
            return {key[:-2]: value[key]}
        raise ValueError(f"The tag '{self.key}' has no item.")


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

    __slots__ = ("_built_in_order", "_scan", "_spaced_tags", "order", "tags")

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
        # PERF: the reader hands over each dict when it is complete, just as `_untag_scan` does.
        scanner: t.Any = JSONDecoder(object_hook=self.untag)
        self._scan = scanner.scan_once
        # Plain JSON types pass these tags unchanged. Compared with `order`, which may be added to at any time.
        self._built_in_order = self.order.copy() if _BUILT_IN.issuperset(self.default_tags) else None
        # Where no key begins with a space there is none of these. Compared with `tags`, for the same reason.
        self._spaced_tags = self.tags.copy() if all(key.startswith(" ") for key in self.tags) else None

    def _is_built_in(self) -> bool:
        """Whether it writes and reads the built-in tags alone, as a new one does."""
        return (
            type(self) is TaggedJSONSerializer and self.order == self._built_in_order and self.tags == self._spaced_tags
        )

    def _has_no_methods_of_its_own(self) -> bool:
        """Whether nothing on this very object stands before the methods of its class."""
        return not getattr(self, "__dict__", None)

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
        own = type(self)
        if (
            self.order == self._built_in_order
            and own.tag is _own_tag
            and (own is TaggedJSONSerializer or self._has_no_methods_of_its_own())
        ):
            value = _tagged(value, self)
            provider = _provider()
            if (
                _encode is not None
                and isinstance(provider, DefaultJSONProvider)
                and type(provider).dumps is _own_dumps
                and "dumps" not in provider.__dict__
                and provider.sort_keys is True
                and provider.ensure_ascii is True
                and encoder.encode_basestring_ascii is _escape
            ):
                try:
                    return "".join(_encode(value, 0))
                except Exception:  # noqa: BLE001 - what it does not know, the provider may; else it says what is wrong
                    pass
        else:
            value = self.tag(value)
        return escaped(dumps(value, separators=(",", ":")))  # a signature is of bytes

    def loads(self, value: str) -> t.Any:
        """The value again from what `dumps` gave."""
        own = type(self)
        provider = _provider()
        if (
            isinstance(provider, DefaultJSONProvider)
            and type(provider).loads is _own_loads
            and "loads" not in provider.__dict__
            and own.untag is _own_untag
            and own._untag_scan is _own_untag_scan
            and type(value) is str
            and (own is TaggedJSONSerializer or self._has_no_methods_of_its_own())
            # What is nested deeper than `dumps` goes is not read either: the exact way ends where that does.
            and (len(value) < _MAY_BE_DEEP or value.count("{") + value.count("[") < _MAY_BE_DEEP)
        ):
            try:
                data, end = self._scan(value, 0)
                if end == len(value):
                    return data
            except Exception:  # noqa: BLE001 - the way of every provider says what is wrong with it
                pass
        return self._untag_scan(loads(value))


_MAY_BE_DEEP = 400
_own_tag = TaggedJSONSerializer.tag
_own_untag = TaggedJSONSerializer.untag
_own_untag_scan = TaggedJSONSerializer._untag_scan
_own_dumps = DefaultJSONProvider.dumps
_own_loads = DefaultJSONProvider.loads


def _decline(value: t.Any) -> t.NoReturn:
    raise TypeError(f"{type(value).__name__} is for the provider")


# PERF: the provider makes an encoder for each text, which marks the containers that it is in to find a circle (a third
# of its time). What was tagged has none, since tagging has gone all through it; without marks it can be kept.
_escape: t.Any = encoder.encode_basestring_ascii
_encode: t.Any = _make_encoder and _make_encoder(None, _decline, _escape, None, ":", ",", True, False, True)


def _tagged(value: t.Any, serializer: TaggedJSONSerializer) -> t.Any:
    """What `serializer.tag` gives where the order of tags is the built-in one, the value itself if it needs no tag.

    PERF: what a session mostly holds is told by its very type, ten times cheaper than by asking each tag about each
    part. All else is asked, subclasses too.
    """
    kind = type(value)
    if kind is dict:
        if len(value) == 1 and next(iter(value)) in serializer.tags:
            return serializer.tag(value)  # it looks like a tag
        for item in value.values():
            if type(item) not in _SCALARS:
                break
        else:
            return value
        return {key: item if type(item) in _SCALARS else _tagged(item, serializer) for key, item in value.items()}
    if kind is list or kind is tuple:
        items = [item if type(item) in _SCALARS else _tagged(item, serializer) for item in value]
        return items if kind is list else {TagTuple.key: items}
    return value if kind in _SCALARS else serializer.tag(value)
