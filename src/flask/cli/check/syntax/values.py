"""What an expression stands for, as far as its source tells: request data, a text, an imported name, safe markup.

Values are immutable, and know neither the syntax tree nor what is done with them.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

#: In the shape of a text: what the client has written, and what the source does not tell.
CLIENT, UNKNOWN = "\0", "\1"
_LONGEST = 2_000
_FIELD = re.compile(r"\{[^{}]*\}")
_PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*[\d.]*[srad]")

Kind = t.Literal["text", "container", "file", "files", "path"]


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of a request: how it is called, and which part it is of (`args`, `form`, `segment`, …)."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Input:
    """A value that the client chose, wholly or in part: where from, and the constant text around it."""

    sources: frozenset[Source]
    kind: Kind = "text"
    shape: str = CLIENT


@dataclass(frozen=True, slots=True)
class Derived:
    """What was made of request data in a way that is not understood: a result of a check, perhaps."""

    sources: frozenset[Source]


@dataclass(frozen=True, slots=True)
class Text:
    """A text that the source tells, with a mark for each part that it does not."""

    shape: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Something imported, or built in, by its full name."""

    name: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict with constant keys, where the source shows all of it."""

    items: tuple[tuple[str, Value], ...]

    def get(self, key: str) -> Value:
        """The value under a key."""
        return dict(self.items).get(key)


@dataclass(frozen=True, slots=True)
class Safe:
    """Markup: it escapes whatever is put into it."""


Value: t.TypeAlias = Input | Derived | Text | Reference | Mapping | Safe | None


def sources_of(*values: Value) -> frozenset[Source]:
    """All pieces of the request that values were made of."""
    found: frozenset[Source] = frozenset()
    for value in values:
        if isinstance(value, (Input, Derived)):
            found |= value.sources
        elif isinstance(value, Mapping):
            found |= sources_of(*(item for _, item in value.items))
    return found


def derived(*values: Value) -> Value:
    """What an operation that is not understood makes of values."""
    sources = sources_of(*values)
    return Derived(sources) if sources else None


def shape_of(value: Value) -> str:
    """A value as a part of a text."""
    return value.shape if isinstance(value, (Input, Text)) else UNKNOWN


def joined(values: t.Sequence[Value]) -> Value:
    """The values one after the other, as in a concatenation or an f-string."""
    if any(isinstance(value, Safe) for value in values):
        return Safe()
    shape = "".join(map(shape_of, values))[:_LONGEST]
    inputs = [value for value in values if isinstance(value, Input)]
    if not inputs:
        return Text(shape)
    kind: Kind = "path" if any(value.kind == "path" for value in inputs) else "text"
    return Input(sources_of(*inputs), kind, shape)


def filled(template: Value, values: t.Sequence[Value], by: t.Literal["%", "{}"]) -> Value:
    """A text with placeholders, and the values in their places."""
    if isinstance(template, Safe):
        return template
    if not isinstance(template, (Text, Input)):
        return derived(template, *values)
    inputs = [value for value in (template, *values) if isinstance(value, Input)]
    if not inputs:
        return Text(UNKNOWN)
    given = iter(values)

    def next_shape(_: re.Match[str]) -> str:
        return shape_of(next(given, None))

    shape = (_FIELD if by == "{}" else _PERCENT).sub(next_shape, template.shape)[:_LONGEST]
    if CLIENT not in shape:  # placeholders of a kind that is not read here
        shape += CLIENT
    return Input(sources_of(*inputs), "text", shape)


def either(one: Value, other: Value) -> Value:
    """What stands for a value that is one of two: the worse."""
    if one == other:
        return one
    if isinstance(one, Input) and isinstance(other, Input):
        shape = other.shape if other.shape.startswith(CLIENT) else one.shape
        return Input(one.sources | other.sources, one.kind, shape)
    if isinstance(one, Input) or isinstance(other, Input):
        return one if isinstance(one, Input) else other
    return derived(one, other)
