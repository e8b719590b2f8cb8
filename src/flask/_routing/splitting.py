"""Finds which text goes to which variable of a segment, in time that grows with the text and no faster.

The answer is always the one that a backtracking expression gives: the first that fits, where each step in turn takes
what it likes best. No step may ever try one place after the other.

For each step, from the last to the first, it is found from which places it and all that follow fit to the end. That
follows from the place alone, not from how it was reached; so each step can then take what it likes best among the
places from which the rest fits. A set of places is an integer: its bit k is the place with k characters behind it.
"""

from __future__ import annotations

from math import factorial
from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of characters: these (of ASCII), or all others; and how an expression says that."""

    expression: str
    characters: str
    others: bool = False

    def takes(self, character: str) -> bool:
        return (character in self.characters) is not self.others


NO_SLASH = Kind("[^/]", "/", others=True)
NO_NEWLINE = Kind(r"[^\n]", "\n", others=True)
DIGIT = Kind("[0-9]", "0123456789")
HEXADECIMAL = Kind("[0-9a-fA-F]", "0123456789abcdefABCDEF")


class Text:
    """A text, and where in it are characters of a kind.

    A character's own bit is that of the place behind it: what is good there is good before it one bit further up.
    """

    __slots__ = ("_bytes", "_found", "length", "string")

    def __init__(self, string: str) -> None:
        self.string = string
        self.length = len(string)
        # The lowest bytes of all characters, the second ones and the third ones.
        wide = string.encode("utf-32-le", "surrogatepass")
        self._bytes = wide[::4], wide[1::4], wide[2::4]
        self._found: dict[object, int] = {}

    def where(self, kind: Kind) -> int:
        if kind not in self._found:
            low, *high = self._bytes
            found = _among(low, kind.characters.encode())
            for zeros in high:
                found &= _among(zeros, b"\0")
            self._found[kind] = found ^ ((1 << self.length) - 1) if kind.others else found
        return self._found[kind]

    def where_is(self, character: str) -> int:
        if character not in self._found:
            found = -1
            for each, byte in zip(self._bytes, ord(character).to_bytes(3, "little"), strict=True):
                found &= _among(each, bytes([byte]))
            self._found[character] = found
        return self._found[character]


def _among(text: bytes, values: bytes) -> int:
    digits = bytearray(b"0" * 256)
    for value in values:
        digits[value] = ord("1")
    return int(text.translate(digits) or b"0", 2)


class Words(NamedTuple):
    """One of several texts, the earlier the better; fixed text is one of one."""

    words: tuple[str, ...]

    def before(self, text: Text, good: int) -> int:
        """The places from which a good one is reached."""
        found = 0
        for word in self.words:
            places = good
            for character in reversed(word):
                places = (places & text.where_is(character)) << 1
            found |= places
        return found

    def after(self, text: Text, good: int, left: int) -> int:
        """The best good place that is reached from here; there is one."""
        at = text.length - left
        reached = (left - len(word) for word in self.words if text.string.startswith(word, at))
        return next(place for place in reached if good >> place & 1)


class Run(NamedTuple):
    """From `low` to `high` characters of a kind; a lazy one takes few."""

    kind: Kind
    low: int
    high: int | None = None
    lazy: bool = False

    def before(self, text: Text, good: int) -> int:
        """The places from which a good one is reached."""
        run = text.where(self.kind)
        good = (good & _stretches(run, self.low)) << self.low
        if self.high is None:
            # To add a bit to a row of bits carries it to the row's end.
            return (((good & run) + run) ^ run) | good
        reached = 0
        while reached < self.high - self.low:
            more = min(reached + 1, self.high - self.low - reached)
            good |= (good & _stretches(run, more)) << more
            reached += more
        return good

    def after(self, text: Text, good: int, left: int) -> int:
        """The best good place that is reached from here; there is one."""
        end = (~text.where(self.kind) & ((1 << left) - 1)).bit_length()
        if self.high is not None:
            end = max(end, left - self.high)
        places = (good & ((1 << left - self.low + 1) - 1)) >> end
        return end + (places if self.lazy else places & -places).bit_length() - 1


def _stretches(run: int, length: int) -> int:
    """Where at least so many characters of the run stand; everywhere if none is asked for."""
    found, have = (run, 1) if length else (-1, 0)
    while have < length:
        more = min(have, length - have)
        found &= found >> more
        have += more
    return found


Step = Words | Run


class Split:
    """What was found, with the methods of `re.Match` that Werkzeug and the router call."""

    __slots__ = ("_ending", "_values")

    def __init__(self, values: list[str], ending: str | None) -> None:
        self._values = values
        self._ending = ending

    def groupdict(self) -> dict[str, str]:
        return {f"__werkzeug_{number}": value for number, value in enumerate(self._values)}

    def groups(self) -> tuple[str, ...]:
        """The values, and the slash at the end or its absence where there may be one."""
        return (*self._values, self._ending) if self._ending is not None else (*self._values,)

    def group(self, *names: str) -> str | tuple[str, ...]:
        values = self.groupdict()
        return values[names[0]] if len(names) == 1 else tuple(values[name] for name in names)


class Splitter:
    """The steps of one segment.

    `variables` tells from which step to which each variable goes. `slash`: the text may have one slash more, behind
    anything but a slash.
    """

    __slots__ = ("_slash", "_steps", "_variables")

    def __init__(self, steps: tuple[Step, ...], variables: tuple[tuple[int, int], ...], slash: bool) -> None:
        self._steps = steps
        self._variables = variables
        self._slash = slash

    def match(self, string: str) -> Split | None:
        text = Text(string)
        end = 1 if self._slash and string.endswith("/") else 0
        if self._slash and string.endswith("/", 0, text.length - end):
            return None
        good = [1 << end]
        for step in reversed(self._steps):
            good.append(step.before(text, good[-1]))
        if not good.pop() >> text.length & 1:
            return None
        lefts = [text.length]
        for step in self._steps:
            lefts.append(step.after(text, good.pop(), lefts[-1]))
        places = [text.length - left for left in lefts]
        values = [string[places[first] : places[last]] for first, last in self._variables]
        return Split(values, string[text.length - end :] if self._slash else None)


# --- whether an expression may do it instead -----------------------------------------------------

# PERF: an expression needs a microsecond for what takes ten here, as long as it has little to try.
_TRIES = 10_000
_SHORT = 8


def longest_to_try(steps: tuple[Step, ...], final: bool, slash: bool) -> int | None:
    """How long a text an expression may be given: None for any, where it tries no more than the text is long.

    It tries much where a run that may end at many places is followed by another that is tried again from each of them.
    It is not where the second cannot pass the text that must stand before it, so that it never sees a place twice; nor
    where the second is the last and takes whatever is left.
    """
    open_ended = loops = 0
    ways = 1
    linear = True
    for number, step in enumerate(steps):
        if isinstance(step, Words):
            ways *= len({len(word) for word in step.words})
            continue
        if step.high is not None and step.high - step.low < _SHORT and step.high <= 10 * _SHORT:
            ways *= step.high - step.low + 1
            continue
        loops += 1
        before, after = _fixed(steps, number - 1), _fixed(steps, number + 1)
        if open_ended and (not before or step.kind.takes(before[-1])):
            last = number == len(steps) - 1 and not (final or slash or step.high or step.lazy)
            linear = linear and last and step.low <= 10 * _SHORT
        elif not after or step.lazy or step.kind.takes(after[0]):
            open_ended = True
    if linear and ways <= 10 * _SHORT:
        return None
    return int((_TRIES * factorial(loops) / ways) ** (1 / max(loops, 1)))


def _fixed(steps: tuple[Step, ...], number: int) -> str:
    step = steps[number] if 0 <= number < len(steps) else None
    return step.words[0] if isinstance(step, Words) and len(step.words) == 1 else ""
