"""Werkzeug's Headers as responses have them: read and written by one call each. No answer differs from Werkzeug's.

The private name of Werkzeug that is used here: `Headers._list`.
"""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import Headers as _Headers
from werkzeug.exceptions import BadRequestKeyError

# PERF: looking a name up takes a fifth of `lower`, and programs use few names.
_lower: dict[str, str] = {}


def lowered(pairs: list[tuple[str, str]]) -> list[str]:
    """The names of the pairs, in lower case."""
    try:
        return [_lower[name] for name, _ in pairs]
    except KeyError:
        if len(_lower) >= 1024:  # names may be made up at run time
            _lower.clear()
        names = [name.lower() for name, _ in pairs]
        for (name, _), low in zip(pairs, names, strict=True):
            if type(name) is str:  # others may be equal and yet have a `lower` of their own
                _lower[name] = low
        return names


def around(pairs: list[tuple[str, str]]) -> _Headers:
    """Headers around a list of pairs that exists already and stays the one list."""
    headers: _Headers = Headers.__new__(Headers)
    headers._list = pairs
    return headers


def _around(pairs: list[tuple[str, str]]) -> _Headers:
    headers = _Headers.__new__(_Headers)
    headers._list = pairs
    return headers


if t.TYPE_CHECKING:
    Headers: t.TypeAlias = _Headers
else:

    class Headers(_Headers):
        # PERF: Werkzeug's methods call three others each, and look for a name by raising an exception (1.3 µs a header
        # set, 3 for one that is missing); these take 0.4. Where key or value is not a plain string, Werkzeug's decide.

        __doc__ = _Headers.__doc__

        def __getitem__(self, key):
            if type(key) is not str:
                return super().__getitem__(key)
            names = lowered(self._list)
            wanted = key.lower()
            if wanted in names:
                return self._list[names.index(wanted)][1]
            raise BadRequestKeyError(key)

        def get(self, key, default=None, type=None):
            if type is not None or key.__class__ is not str:
                return super().get(key, default, type)
            names = lowered(self._list)
            wanted = key.lower()
            return self._list[names.index(wanted)][1] if wanted in names else default

        def __contains__(self, key):
            return key.lower() in lowered(self._list) if type(key) is str else super().__contains__(key)

        def __setitem__(self, key, value):
            if type(key) is not str:
                super().__setitem__(key, value)
                return
            if type(value) is not str or "\n" in value or "\r" in value:
                super().set(key, value)
                return
            pairs = self._list
            names = lowered(pairs)
            wanted = key.lower()
            if wanted not in names:
                pairs.append((key, value))
            elif names.count(wanted) == 1:
                pairs[names.index(wanted)] = (key, value)
            else:
                super().set(key, value)

        def set(self, key, value, /, **kwargs):
            if kwargs or type(key) is not str or type(value) is not str:
                super().set(key, value, **kwargs)
            else:
                self[key] = value

        def setdefault(self, key, default):
            if type(key) is not str or type(default) is not str:
                return super().setdefault(key, default)
            value = self.get(key)
            if value is None:
                self[key] = value = default
            return value

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
