"""Requirements as distributions write them (PEP 508), versions and what they admit (PEP 440), to judge one build.

Nothing is installed or asked for; what cannot be read as a requirement or a version is None or an error, never a guess.
"""

from __future__ import annotations

import operator
import re
import typing as t
from collections.abc import Callable, Mapping

_VERSION = re.compile(
    r"""\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|rc|c)[-_.]?(?P<pre_number>\d*))?
    (?P<post>-(?P<post_alone>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d*))?
    (?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_PHASES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Version(t.NamedTuple):
    """A version in the order of PEP 440: compared as it stands, part by part."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[t.Any, ...]
    post: int
    dev: float
    local: tuple[tuple[int, int, str], ...]

    @property
    def public(self) -> Version:
        """Without its local label."""
        return self._replace(local=())

    @property
    def base(self) -> tuple[int, tuple[int, ...]]:
        """The release alone."""
        return self.epoch, self.release

    @property
    def is_early(self) -> bool:
        """Whether it comes before its release."""
        return self.pre != _FINAL or self.dev != _NO_DEV


_FINAL, _BEFORE_ALL = (1,), (-1,)
_NO_DEV = float("inf")


def version(text: str) -> Version | None:
    """A version, or None where the text is none."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    release = [int(number) for number in match["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    post = int(match["post_alone"] or match["post_number"] or 0) if match["post"] else -1
    pre: tuple[t.Any, ...] = _BEFORE_ALL if match["dev"] and post < 0 else _FINAL
    if match["pre"]:
        phase = match["pre"].lower()
        pre = (0, _PHASES.get(phase, phase), int(match["pre_number"] or 0))
    return Version(
        int(match["epoch"] or 0),
        tuple(release),
        pre,
        post,
        int(match["dev_number"] or 0) if match["dev"] else _NO_DEV,
        tuple(
            (1, int(part), "") if part.isdigit() else (0, 0, part)
            for part in re.split(r"[-_.]", (match["local"] or "").lower())
            if part
        ),
    )


_CLAUSE = re.compile(r"\s*(===|==|!=|~=|<=|>=|<|>)\s*(\S+?)\s*")


def admits(specifier: str, candidate: str) -> bool:
    """Whether a specifier (``>=2.2.5,<4``; nothing admits all) admits a version; ValueError where it is none.

    A local label counts only where the specifier names one: ``==3.1.3`` admits ``3.1.3+dewar.1``, ``>3.1.3`` does not.
    """
    found = version(candidate)
    if found is None:
        raise ValueError(f"{candidate!r} is no version")
    return all(_clause(clause, found, candidate) for clause in specifier.split(",") if clause.strip())


def _clause(clause: str, found: Version, text: str) -> bool:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        raise ValueError(f"{clause.strip()!r} is no specifier")
    compare, wanted = match[1], match[2]
    if compare == "===":
        return wanted.lower() == text.strip().lower()
    if wanted.endswith(".*") and compare in ("==", "!="):
        return _begins(found, wanted[:-2]) is (compare == "==")
    asked = version(wanted)
    if asked is None:
        raise ValueError(f"{wanted!r} is no version")
    if compare == "~=":
        return found.public >= asked and _begins(found, f"{asked.epoch}!{'.'.join(_numbers(wanted)[:-1])}")
    return _COMPARE[compare](found, asked)


def _numbers(text: str) -> list[str]:
    match = _VERSION.fullmatch(text)
    return match["release"].split(".") if match else []


def _begins(found: Version, prefix: str) -> bool:
    asked, numbers = version(prefix), tuple(map(int, _numbers(prefix)))
    if asked is None or not numbers:
        raise ValueError(f"{prefix!r} begins no version")
    padded = found.release + (0,) * (len(numbers) - len(found.release))
    return asked.epoch == found.epoch and padded[: len(numbers)] == numbers


def _equal(found: Version, asked: Version) -> bool:
    return (found if asked.local else found.public) == asked


def _below(found: Version, asked: Version) -> bool:
    early_of_it = found.is_early and not asked.is_early and found.base == asked.base
    return found < asked and not early_of_it


def _above(found: Version, asked: Version) -> bool:
    later_of_it = found.post >= 0 > asked.post and found.base == asked.base
    label_of_it = bool(found.local) and found.base == asked.base
    return found > asked and not later_of_it and not label_of_it


_COMPARE: dict[str, Callable[[Version, Version], bool]] = {
    "==": _equal,
    "!=": lambda found, asked: not _equal(found, asked),
    "<=": lambda found, asked: found.public <= asked,
    ">=": lambda found, asked: found.public >= asked,
    "<": _below,
    ">": _above,
}


class Requirement(t.NamedTuple):
    """What a distribution asks for: a name, in the form in which names are compared, and under which circumstances."""

    name: str
    specifier: str
    url: str
    marker: str

    def applies(self, environment: Mapping[str, str], extra: str = "") -> bool:
        """Whether it is asked for in an environment, with one extra or none."""
        return not self.marker or _Marker(self.marker, {**environment, "extra": extra}).holds()


_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*"
    r"(?:@\s*(?P<url>\S+)|\(?(?P<specifier>[^;()]*)\)?)\s*(?:;(?P<marker>.*))?",
    re.DOTALL,
)


def normal(name: str) -> str:
    """A name of a distribution or an extra as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement(text: str) -> Requirement | None:
    """A requirement, or None where the text is none."""
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        return None
    parts = (match["specifier"], match["url"], match["marker"])
    return Requirement(normal(match["name"]), *((part or "").strip() for part in parts))


_TOKEN = re.compile(
    r"""\s*(?:(?P<sign>[()]|===|~=|[=!<>]=|[<>])|(?P<text>'[^']*'|"[^"]*")|(?P<word>[A-Za-z_][\w.]*))"""
)
_ORDER: dict[str, Callable[[t.Any, t.Any], bool]] = {
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _Marker:
    """A marker, read by the grammar of PEP 508: ``or`` of ``and`` of comparisons and brackets."""

    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.tokens: list[str] = []
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                raise ValueError(f"{text!r} is no marker")
            self.tokens.append(match[0].strip())
            place = match.end()
        self.tokens.reverse()

    def holds(self) -> bool:
        found = self._or()
        if self.tokens:
            raise ValueError(f"{self.tokens[-1]!r} is one too many in a marker")
        return found

    def _next(self) -> str:
        if not self.tokens:
            raise ValueError("a marker ends too early")
        return self.tokens.pop()

    def _or(self) -> bool:
        found = self._and()
        while self.tokens and self.tokens[-1] == "or":
            self._next()
            found = self._and() or found
        return found

    def _and(self) -> bool:
        found = self._one()
        while self.tokens and self.tokens[-1] == "and":
            self._next()
            found = self._one() and found
        return found

    def _one(self) -> bool:
        first = self._next()
        if first == "(":
            found = self._or()
            if self._next() != ")":
                raise ValueError("a bracket of a marker is not closed")
            return found
        compare = self._next()
        if compare == "not":
            compare += f" {self._next()}"
        return self._compared(first, compare, self._next())

    def _compared(self, first: str, compare: str, second: str) -> bool:
        one, other = self._value(first), self._value(second)
        if "extra" in (first, second):
            one, other = normal(one), normal(other)
        elif compare not in ("in", "not in"):
            try:
                return admits(f"{compare}{other}", one)
            except ValueError:  # neither of a version: compared as text
                pass
        if compare in ("in", "not in"):
            return (one in other) is (compare == "in")
        if compare not in _ORDER:
            raise ValueError(f"{compare!r} compares nothing in a marker")
        return _ORDER[compare](one, other)

    def _value(self, token: str) -> str:
        if token[0] in "'\"":
            return token[1:-1]
        if token not in self.environment:
            raise ValueError(f"{token!r} is no variable of markers")
        return self.environment[token]
