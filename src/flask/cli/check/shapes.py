"""What URLs a rule takes, as far as that can be told from its parts: which rule takes all that another one does.

It says yes only where that is certain; what a converter makes of a text is not looked at, only what texts it takes.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from itertools import islice, product

from werkzeug.routing.converters import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    UnicodeConverter,
    UUIDConverter,
)

from ..._routing.rules import TRACE, converters_of

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

#: Converters whose texts are never empty and have no slash, but for the items of `any`.
_PLAIN = (UnicodeConverter, IntegerConverter, FloatConverter, UUIDConverter)
_LENGTHS = re.compile(r"\[\^/\]\{(\d+)(,?)(\d*)\}")

_TEXTS = (
    "1", "7", "42", "99", "1234", "20240131", "-3", "0.5", "12.25", "-1.5",
    "a", "b", "en", "de-DE", "abc", "test", "hello", "hello-world", "some_slug", "Zürich", "a.b", "x9", "A1B2C3",
    "2024-01-31", "true", "7f0a9c1e-3b52-4f6e-9d10-2a7c5b8e4f13", "a/b", "a/b/c.txt", "user@example.com", "1,2,3",
)  # fmt: skip
_AT_MOST = 60


def skeleton(rule: Rule) -> tuple[t.Any, ...]:
    """What two rules have in common if one may take all that the other does: domain, fixed text, and the gaps."""
    parts = [None if dynamic else text for dynamic, text in _path(rule)]
    return bool(rule.websocket), rule.host, rule.subdomain, *parts


def covers(broad: Rule, narrow: Rule) -> bool:
    """Whether a rule of the same skeleton takes each path that the other one does."""
    pairs = list(zip(_converters(broad), _converters(narrow), strict=False))
    whole_segments = all(part_isolating(converter) for pair in pairs for converter in pair)
    return (
        len(_converters(broad)) == len(_converters(narrow))
        and "<" not in f"{broad.subdomain}{broad.host}"
        and bool(broad.strict_slashes) == bool(narrow.strict_slashes)
        and broad.merge_slashes == narrow.merge_slashes
        and all(_takes_all_of(one, other, whole_segments) for one, other in pairs)
    )


def part_isolating(converter: BaseConverter) -> bool:
    """Whether a converter's text is within one segment of a path."""
    return bool(converter.part_isolating)


def _takes_all_of(broad: BaseConverter, narrow: BaseConverter, whole_segments: bool) -> bool:
    if broad.regex == narrow.regex or broad.regex == f"-?{narrow.regex}":
        return True
    if isinstance(broad, AnyConverter) and isinstance(narrow, AnyConverter):
        return narrow.items <= broad.items
    lengths = _lengths(broad.regex)
    if lengths is None:
        return False
    theirs = _lengths(narrow.regex)
    if theirs is not None:
        return lengths[0] <= theirs[0] and theirs[1] <= lengths[1]
    if isinstance(narrow, AnyConverter):
        return all(lengths[0] <= len(item) <= lengths[1] and "/" not in item for item in narrow.items)
    if lengths != (1, _ENDLESS):
        return False
    return type(narrow) in _PLAIN or (whole_segments and not _may_be_empty(narrow.regex))


_ENDLESS = 10**9


def _lengths(regex: str) -> tuple[int, int] | None:
    """The least and the most characters of a segment that an expression takes, where it says no more than that."""
    if regex == "[^/]+":
        return 1, _ENDLESS
    match = _LENGTHS.fullmatch(regex)
    if match is None:
        return None
    least = int(match[1])
    return least, int(match[3]) if match[3] else (_ENDLESS if match[2] else least)


def _may_be_empty(regex: str) -> bool:
    try:
        return re.fullmatch(regex, "") is not None
    except re.error:
        return True


def examples(rule: Rule) -> Iterator[str]:
    """Some paths that a rule takes, of every kind that its converters let through."""
    pieces = [_texts(rule, name) if dynamic else [name] for dynamic, name in _path(rule)]
    return islice(("".join(parts) for parts in _spread(pieces)), _AT_MOST)


def _spread(pieces: list[list[str]]) -> Iterator[tuple[str, ...]]:
    """First one text after the other in all places at once, then the combinations."""
    longest = max(map(len, pieces), default=0)
    if all(pieces):
        yield from (tuple(piece[turn % len(piece)] for piece in pieces) for turn in range(longest))
        yield from product(*pieces)


def _texts(rule: Rule, name: str) -> list[str]:
    converter = converters_of(rule)[name]
    own: list[str] = []
    if isinstance(converter, AnyConverter):
        own = sorted(converter.items)
    elif isinstance(converter, IntegerConverter):
        own = [converter.to_url(number) for number in (converter.min, converter.max) if number is not None]
        own += ["3".zfill(converter.fixed_digits)]
    elif (lengths := _lengths(converter.regex)) is not None:
        own = ["q" * lengths[0], "w" * min(lengths[1], lengths[0] + 20)]
    try:
        return [text for text in (*own, *_TEXTS) if re.fullmatch(converter.regex, text)]
    except re.error:
        return []


def _path(rule: Rule) -> list[tuple[bool, str]]:
    trace: list[tuple[bool, str]] = getattr(rule, TRACE)
    # Fixed text is told in pieces of any size: those that follow each other are one.
    joined: list[tuple[bool, str]] = []
    for dynamic, text in trace[trace.index((False, "|")) + 1 :]:
        if joined and not dynamic and not joined[-1][0]:
            joined[-1] = (False, joined[-1][1] + text)
        else:
            joined.append((dynamic, text))
    return joined


def _converters(rule: Rule) -> list[BaseConverter]:
    converters = converters_of(rule)
    return [converters[name] for dynamic, name in _path(rule) if dynamic]
