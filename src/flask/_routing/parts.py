"""Reads the expression of a rule's part by its text, and gives it a match that no path can make slow.

The text of a part may never be changed here: by it Werkzeug tells which parts are the same.

Werkzeug's own matching is guarded too, whoever asks for it: it hands the text of a part to `re.compile`, which gives
back a `Guarded` text as it gives back a compiled expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.routing import IntegerConverter
from werkzeug.routing.converters import UUIDConverter
from werkzeug.routing.rules import RulePart

from .splitting import (
    DIGIT,
    HEXADECIMAL,
    NO_NEWLINE,
    NO_SLASH,
    Run,
    Split,
    Splitter,
    Step,
    Words,
    longest_to_try,
)

__all__ = ["FLOAT_DIGITS", "INT_DIGITS", "Group", "Guarded", "Pattern", "guard", "read_part"]

#: So many digits `<int:>` takes at most: what every Python turns into a number, however it is set (by
#: `sys.set_int_max_str_digits`).
INT_DIGITS = 640
#: So many digits `<float:>` takes at most before its point, never infinitely much, and behind it: no float has more.
FLOAT_DIGITS = 308, 1074


# --- parts by their text ----------------------------------------------------------------


class Group(NamedTuple):
    """A part with one variable whose pattern is known by its text: a prefix, the kind of what stands between, a suffix.

    Kinds: `length` (bounds: least and most), `digits` and `decimal` (bounds: 1 if signed), `any` (words), `uuid`, and
    `rest`, which takes all that is left of the path. What a group of digits takes more than a built-in converter is
    found out where the digits become a number.
    """

    kind: str
    low: int = 0
    high: int | None = None
    words: tuple[str, ...] = ()
    prefix: str = ""
    suffix: str = ""


_OPEN = "(?P<__werkzeug_{}>"
_CLOSE = r"\Z"
_SLASH = "(?<!/)(/?)"
_FIXED = {
    r"\d+": Group("digits", 0),
    r"-?\d+": Group("digits", 1),
    r"\d+\.\d+": Group("decimal", 0),
    r"-?\d+\.\d+": Group("decimal", 1),
    r"[^/]+": Group("length", 1),
    r"[^/].*?": Group("rest"),
    UUIDConverter.regex: Group("uuid"),
}
# PERF: compiled when the first rule is read, not when Flask is imported.
_LENGTH = r"\[\^/\]\{(\d{1,9})(,(\d{0,9}))?\}"
_ANY = r"(?s)\(\?:((?:[^\\()]|\\.)*)\)"
_CHARACTER = r"(?s)\\.|[^\\]"

# Text and variables in turn, a text first and last.
Pieces = tuple["str | Group", ...]


@lru_cache(maxsize=1024)
def _pieces(content: str) -> Pieces | None:
    """What an expression is made of, if nothing in it is anybody's own."""
    if not content.endswith(_CLOSE):
        return None
    pieces: list[str | Group] = []
    left = content.removesuffix(_CLOSE)
    while _OPEN.format(len(pieces) // 2) in left:
        fixed, _, left = left.partition(_OPEN.format(len(pieces) // 2))
        read = _variable(left)
        if read is None:
            return None
        group, regex = read
        pieces += [_unescaped(fixed), group]
        left = left[len(regex) + 1 :]
        if re.escape(_unescaped(fixed)) != fixed:
            return None
    pieces.append(_unescaped(left))
    return tuple(pieces) if re.escape(_unescaped(left)) == left else None


def _variable(content: str) -> tuple[Group, str] | None:
    """The variable that an expression begins with, and the text of it."""
    for regex, group in _FIXED.items():
        if content.startswith(regex + ")"):
            return group, regex
    if (length := re.match(_LENGTH, content)) and content.startswith(")", length.end()):
        low = int(length[1])
        high = low if length[2] is None else int(length[3]) if length[3] else None
        return (Group("length", low, high), length[0]) if high is None or low <= high else None
    if (words := re.match(_ANY, content)) and content.startswith(")", words.end()):
        items = _words(words[1])
        # Written again from what was read it must be the same text, else it was something else that looks like it.
        if "|".join(map(re.escape, items)) == words[1]:
            return Group("any", words=items), words[0]
    return None


def _words(escaped: str) -> tuple[str, ...]:
    words = [""]
    for character in re.findall(_CHARACTER, escaped):
        if character == "|":
            words.append("")
        else:
            words[-1] += character[-1]
    return tuple(words)


def _unescaped(escaped: str) -> str:
    return "".join(character[-1] for character in re.findall(_CHARACTER, escaped))


# --- what can be tested ----------------------------------------------------------------


class Pattern(NamedTuple):
    """A part that is matched by an expression, and the names of its variables' groups in order.

    A text longer than `limit` is for `split` instead, which gives the same answer.
    """

    match: Callable[[str], Any]
    names: tuple[str, ...]
    final: bool
    suffixed: bool
    limit: int | None = None
    split: Callable[[str], Split | None] | None = None


def read_part(part: RulePart) -> Group | Pattern | None:
    """A dynamic part as something that can be tested, or None when only Werkzeug can."""
    pieces = None if part.suffixed else _pieces(part.content)
    if pieces is not None and len(pieces) == 3:
        prefix, group, suffix = pieces
        if isinstance(group, Group) and (group.kind == "rest") == part.final:
            bare = not prefix and not suffix
            if bare or group.kind != "rest":
                return group._replace(prefix=str(prefix), suffix=str(suffix))
    return _read_pattern(part)


def _read_pattern(part: RulePart) -> Pattern | None:
    content = part.content
    try:
        expression = re.compile(content.expression if isinstance(content, Guarded) else content)
    except Exception:  # noqa: BLE001 - a converter's broken pattern: Werkzeug is to meet it
        return None
    names = [name for name in expression.groupindex if name.startswith("__werkzeug_")]
    # More than ten groups stand in another order in the first releases of 3.1.
    if sorted(names) != [f"__werkzeug_{number}" for number in range(len(names))] or not 0 < len(names) <= 10:
        return None
    pattern = Pattern(expression.match, tuple(sorted(names)), part.final, part.suffixed)
    if isinstance(content, Guarded) and content.limit is not None:
        return pattern._replace(limit=content.limit, split=content.splitter.match)
    return pattern


# --- what cannot be made slow ----------------------------------------------------------------


class Guarded(str):
    """The text of an expression that matches in another way than by itself; to `re.compile` it is a compiled one."""

    steps: tuple[Step, ...]
    variables: tuple[tuple[int, int], ...]
    suffixed: bool
    #: The longest text for the expression, or None where it may have any; what is longer is for the splitter.
    limit: int | None

    if not TYPE_CHECKING:
        # What `isinstance` goes by, beside the type itself. Should `re` ever ask more closely, Werkzeug's matching is
        # what it is without this class: a string is a string.
        __class__ = property(lambda self: re.Pattern)

    def match(self, text: str) -> re.Match[str] | Split | None:
        if self.limit is None or len(text) <= self.limit:
            return self._compiled.match(text)
        return self.splitter.match(text)

    @cached_property
    def splitter(self) -> Splitter:
        return Splitter(self.steps, self.variables, self.suffixed)

    @cached_property
    def expression(self) -> str:
        """An expression that gives the same answers."""
        written = [_written(step) for step in self.steps]
        for number, (first, last) in enumerate(self.variables):
            written[first] = _OPEN.format(number) + written[first]
            written[last - 1] += ")"
        return "".join(written) + (_SLASH if self.suffixed else "") + _CLOSE

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.expression)


def _written(step: Step) -> str:
    if isinstance(step, Words):
        return f"(?:{'|'.join(map(re.escape, step.words))})"
    return f"{step.kind.expression}{{{step.low},{'' if step.high is None else step.high}}}{'?' * step.lazy}"


def guard(part: RulePart) -> None:
    """See to it that a dynamic part, matched by whomever, takes no longer than the text is long.

    Parts of an application's own converters stay as they are, and those that are not slow.
    """
    content = part.content
    if not isinstance(content, Guarded) and (r"\d" in content or "__werkzeug_1>" in content):
        part.content = _guarded(content, tuple(part.weight.argument_weights), part.final, part.suffixed)


@lru_cache(maxsize=1024)
def _guarded(content: str, weights: tuple[int, ...], final: bool, suffixed: bool) -> str:
    text = content.removesuffix(_SLASH + _CLOSE) + _CLOSE if suffixed else content
    pieces = _pieces(text)
    # By its weight a number is one of the built-in converters', or of theirs that are derived from them.
    if pieces is None or any(
        group.kind in {"digits", "decimal"} and weight != IntegerConverter.weight
        for group, weight in zip(pieces[1::2], weights, strict=True)
        if isinstance(group, Group)
    ):
        return content
    steps: list[Step] = []
    variables: list[tuple[int, int]] = []
    for piece in pieces:
        before = len(steps)
        if isinstance(piece, Group):
            steps += _STEPS[piece.kind](piece)
            variables.append((before, len(steps)))
        elif piece:
            steps.append(Words((piece,)))
    limit = longest_to_try(tuple(steps), final, suffixed)
    if limit is None and r"\d" not in content:
        return content
    guarded = Guarded(content)
    guarded.steps, guarded.variables, guarded.suffixed, guarded.limit = tuple(steps), tuple(variables), suffixed, limit
    return guarded


def _sign(group: Group) -> list[Step]:
    return [Words(("-", ""))] if group.low else []


_POINT = Words((".",))
_DASH = Words(("-",))
_STEPS: dict[str, Callable[[Group], list[Step]]] = {
    "length": lambda group: [Run(NO_SLASH, group.low, group.high)],
    "rest": lambda group: [Run(NO_SLASH, 1, 1), Run(NO_NEWLINE, 0, lazy=True)],
    "any": lambda group: [Words(group.words)],
    "digits": lambda group: [*_sign(group), Run(DIGIT, 1, INT_DIGITS)],
    "decimal": lambda group: [
        *_sign(group),
        Run(DIGIT, 1, FLOAT_DIGITS[0]),
        _POINT,
        Run(DIGIT, 1, FLOAT_DIGITS[1]),
    ],
    "uuid": lambda group: [step for length in (8, 4, 4, 4, 12) for step in (_DASH, Run(HEXADECIMAL, length, length))][
        1:
    ],
}
