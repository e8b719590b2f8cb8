"""Keeps an environment's templates, of which the least recently used goes; what it answers is what Jinja's would.

PERF: Jinja's looks for a template among all that were used since, one by one, at each use: in a site of many templates,
hundreds of comparisons for each that a page is made of.
"""

from __future__ import annotations

import typing as t
from collections import OrderedDict

from jinja2.utils import LRUCache


class KeptTemplates(LRUCache):
    """Jinja's cache on one ordered dict, the most recently used last."""

    def __init__(self, capacity: int) -> None:
        super().__init__(capacity)
        self._mapping: OrderedDict[t.Any, t.Any] = OrderedDict()

    def copy(self) -> t.Self:
        made = type(self)(self.capacity)
        made._mapping.update(self._mapping)
        return made

    def clear(self) -> None:
        self._mapping.clear()

    def get(self, key: t.Any, default: t.Any = None) -> t.Any:
        try:
            self._mapping.move_to_end(key)
            return self._mapping[key]
        except KeyError:  # another thread may be between the two lines
            return default

    def __getitem__(self, key: t.Any) -> t.Any:
        self._mapping.move_to_end(key)
        return self._mapping[key]

    def __setitem__(self, key: t.Any, value: t.Any) -> None:
        with self._wlock:
            kept = self._mapping
            if key not in kept and len(kept) == self.capacity:
                kept.popitem(last=False)
            kept[key] = value
            kept.move_to_end(key)

    def __delitem__(self, key: t.Any) -> None:
        del self._mapping[key]

    def items(self) -> t.Iterable[tuple[t.Any, t.Any]]:
        return list(self._mapping.items())[::-1]

    def __iter__(self) -> t.Iterator[t.Any]:
        return iter(tuple(self._mapping)[::-1])

    def __reversed__(self) -> t.Iterator[t.Any]:
        return iter(tuple(self._mapping))
