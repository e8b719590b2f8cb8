"""Werkzeug's Headers as responses have them: read and written by one call each. No answer differs from Werkzeug's.

The private name of Werkzeug that is used here: `Headers._list`.
"""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import Headers as _Headers
from werkzeug.exceptions import BadRequestKeyError

# PERF: looking a name up takes a third of `lower`, and programs use few names.
_lower: dict[str, str] = {}


def _lowered(name: str) -> str:
    """A name in lower case, which is kept."""
    low = name.lower()
    if type(name) is str:  # others may be equal and yet have a `lower` of their own
        if len(_lower) >= 1024:  # names may be made up at run time
            _lower.clear()
        _lower[name] = low
    return low


def lowered(pairs: list[tuple[str, str]]) -> list[str]:
    """The names of the pairs, in lower case."""
    try:
        return [_lower[name] for name, _ in pairs]
    except KeyError:
        return [_lowered(name) for name, _ in pairs]


def around(pairs: list[tuple[str, str]]) -> _Headers:
    """Headers around a list of pairs that exists already and stays the one list."""
    headers: t.Any = Headers(None)  # PERF: with every argument the call is specialised
    headers._list = pairs
    return headers  # type: ignore[no-any-return]  # PERF: a cast is a call


def _around(pairs: list[tuple[str, str]]) -> _Headers:
    headers = _Headers.__new__(_Headers)
    headers._list = pairs
    return headers


if t.TYPE_CHECKING:
    Headers: t.TypeAlias = _Headers
else:

    class Headers(_Headers):
        # PERF: Werkzeug's methods call three others each, and look for a name by raising an exception (1.3 µs a header
        # set, 3 for one that is missing); these take a third. Where key or value is not a plain string, Werkzeug's
        # decide.

        __doc__ = _Headers.__doc__

        # The names of the pairs in lower case, and the pairs whose names these are: whoever changes the list need not
        # know of either. PERF: to compare two lists of the same objects takes a fifth of asking for their names; a dict
        # of them is made and asked no faster.
        _names: list[str]
        _seen: list[tuple[str, str]] | None

        def __init__(self, defaults=None):
            self._seen = None
            if defaults is None:
                self._list = []
            else:
                super().__init__(defaults)

        def _look(self):
            pairs = self._list
            self._names = names = lowered(pairs)
            self._seen = pairs.copy()
            return names

        def __getitem__(self, key):
            if type(key) is not str:
                return super().__getitem__(key)
            pairs = self._list
            names = self._names if self._seen == pairs else self._look()
            try:
                low = _lower[key]
            except KeyError:
                low = _lowered(key)
            if low in names:
                return pairs[names.index(low)][1]
            raise BadRequestKeyError(key)

        def get(self, key, default=None, type=None):
            if type is not None or key.__class__ is not str:
                return super().get(key, default, type)
            pairs = self._list
            names = self._names if self._seen == pairs else self._look()
            try:
                low = _lower[key]
            except KeyError:
                low = _lowered(key)
            return pairs[names.index(low)][1] if low in names else default

        def __contains__(self, key):
            if type(key) is not str:
                return super().__contains__(key)
            names = self._names if self._seen == self._list else self._look()
            try:
                low = _lower[key]
            except KeyError:
                low = _lowered(key)
            return low in names

        def __setitem__(self, key, value):
            if type(key) is not str:
                super().__setitem__(key, value)
                return
            if type(value) is not str or "\n" in value or "\r" in value:
                super().set(key, value)
                return
            pairs = self._list
            names = self._names if self._seen == pairs else self._look()
            try:
                low = _lower[key]
            except KeyError:
                low = _lowered(key)
            if low not in names:
                pair = (key, value)
                pairs.append(pair)
                names.append(low)
                self._seen.append(pair)
            elif names.count(low) == 1:
                place = names.index(low)
                pairs[place] = self._seen[place] = (key, value)
            else:
                super().set(key, value)  # which takes others of the name away

        def set(self, key, value, /, **kwargs):
            if kwargs or type(key) is not str or type(value) is not str:
                super().set(key, value, **kwargs)
            else:
                self[key] = value

        def setdefault(self, key, default):
            if type(key) is not str or type(default) is not str:
                return super().setdefault(key, default)
            pairs = self._list
            names = self._names if self._seen == pairs else self._look()
            try:
                low = _lower[key]
            except KeyError:
                low = _lowered(key)
            if low in names:
                return pairs[names.index(low)][1]
            if "\n" in default or "\r" in default:
                super().set(key, default)  # which refuses it
            else:
                pair = (key, default)
                pairs.append(pair)
                names.append(low)
                self._seen.append(pair)
            return default

        def __eq__(self, other):
            if type(other) is _Headers:
                other = around(other._list)
            return super().__eq__(other)

        __hash__ = None

        def __reduce_ex__(self, protocol):
            # The very list: a response has it too, and both come back as one.
            return _around, (self._list,)

    # To users it is Werkzeug's, by name and in a pickle, which may be read where only Werkzeug is.
    Headers.__module__ = _Headers.__module__
