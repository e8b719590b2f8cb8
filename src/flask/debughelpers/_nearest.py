"""Which rules come nearest to a path that none of them answers, and why each does not.

It only compares: what it says never decides a request. Rules are read as Werkzeug bound them; a path is cut before it
is compared, and no more than a bounded number of rules is.
"""

from __future__ import annotations

import difflib
import itertools
import re
import typing as t
from math import factorial

from werkzeug.routing import Rule
from werkzeug.routing.converters import (
    AnyConverter,
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    NumberConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)

from .._routing.parts import INT_DIGITS
from .._routing.rules import TRACE, converters_of
from ._words import listed, methods_of, quoted, shortened

RULES_AT_MOST = 3_000
COMPARED_AT_MOST = 100
PATH_AT_MOST = 500
SEGMENTS_AT_MOST = 20
WORD_AT_MOST = 80
TRIES_AT_MOST = 5_000
NEAR = 0.5  # from here on a rule is near; 1 is a rule that would match but for its domain
ALIKE = 0.6  # from here on two words are alike
_VARIABLE = re.compile(r"<[^<>]*>")


class Asked(t.NamedTuple):
    """What a rule would have had to answer; `domain` is a host where rules have hosts, else a subdomain."""

    path: str
    method: str
    domain: str = ""
    by_host: bool = False


class Near(t.NamedTuple):
    """A rule, how near it comes (0 to 1), and why it does not match."""

    rule: Rule
    nearness: float
    reason: str


class Piece(t.NamedTuple):
    """A part of a rule: fixed text, or a variable with its converter."""

    text: str
    converter: BaseConverter | None = None


Pieces: t.TypeAlias = list[Piece]


def nearest(rules: t.Iterable[Rule], asked: Asked, at_most: int) -> list[Near]:
    """The rules that come near, the nearest first."""
    asked = asked._replace(path="/" + asked.path[:PATH_AT_MOST].lstrip("/"))
    found = []
    for rule in _sifted(list(itertools.islice(rules, RULES_AT_MOST)), asked.path):
        near = compare(rule, asked)
        if near.nearness >= NEAR:
            found.append(near)
    found.sort(key=lambda near: -near.nearness)
    return found[:at_most]


def _sifted(rules: list[Rule], path: str) -> list[Rule]:
    """The rules worth a closer look, in their order.

    PERF: a comparison takes up to a millisecond where expressions must be compiled, counting pairs of letters 10 µs.
    """
    if len(rules) <= COMPARED_AT_MOST:
        return rules
    wanted = _pairs(path)

    def likeness(number: int) -> float:
        pairs = _pairs(_VARIABLE.sub("", rules[number].rule))
        return 2 * len(wanted & pairs) / (len(wanted) + len(pairs) or 1)

    best = sorted(range(len(rules)), key=likeness, reverse=True)[:COMPARED_AT_MOST]
    return [rules[number] for number in sorted(best)]


def _pairs(text: str) -> set[str]:
    text = text.lower()
    return {text[at : at + 2] for at in range(len(text) - 1)}


def compare(rule: Rule, asked: Asked) -> Near:
    """How near one rule comes, and everything that keeps it from matching."""
    domain, path = pieces_of(rule)
    nearness, reason = _compare_path(rule, path, asked.path)
    reasons = [reason] if reason else []
    if nearness >= NEAR:
        if not _takes(domain, asked.domain):
            reasons.append(_other_domain(rule, asked))
            nearness *= 0.9
        if rule.build_only:
            reasons.append("it is build_only: URLs are made from it, but it answers none")
        if rule.methods is not None and asked.method not in rule.methods:
            reasons.append(f"it takes {methods_of(rule.methods)}, not {shortened(asked.method, 20)}")
    return Near(rule, nearness, "; ".join(reasons) or "another rule, or a converter, keeps it from being reached")


def pieces_of(rule: Rule) -> tuple[Pieces, Pieces]:
    """What a bound rule is made of: its domain's pieces, its path's."""
    converters = converters_of(rule)
    pieces = [Piece(text, converters[text] if dynamic else None) for dynamic, text in getattr(rule, TRACE)]
    at = pieces.index(Piece("|"))
    return pieces[:at], pieces[at + 1 :]


# --- the ways in which a path can miss a rule, the nearest first ------------------------------------------------------


def _compare_path(rule: Rule, pieces: Pieces, path: str) -> tuple[float, str]:
    values = _values(pieces, path)
    if values is not None:
        return _refused(rule, pieces, values)
    for check in (_slash, _case, _converter, _prefix):
        found = check(rule, pieces, path)
        if found is not None:
            return found
    return _by_segments(rule, pieces, path)


def _refused(rule: Rule, pieces: Pieces, values: list[str]) -> tuple[float, str]:
    """The expressions take the path; a converter may have refused its value all the same."""
    for piece, value in zip(_variables(pieces), values, strict=True):
        if isinstance(piece.converter, NumberConverter) and not (value.isascii() and len(value) <= INT_DIGITS):
            return 0.95, _not_taken(rule, piece, value)
        try:
            piece.converter.to_python(value)  # type: ignore[union-attr]
        except Exception:  # noqa: BLE001 - by whatever a converter refuses, ValidationError or a 404
            return 0.95, _not_taken(rule, piece, value)
    return 1.0, ""


def _slash(rule: Rule, pieces: Pieces, path: str) -> tuple[float, str] | None:
    if path.endswith("/") and path != "/":
        if _takes(pieces, path[:-1]):
            return 0.98, "the path ends with a slash, the rule does not"
    elif _takes(pieces, f"{path}/"):
        return 0.98, "the rule ends with a slash, the path does not"
    return None


def _case(rule: Rule, pieces: Pieces, path: str) -> tuple[float, str] | None:
    if _values(pieces, path, ignore_case=True) is None:
        return None
    return 0.97, "capital and small letters differ"


def _converter(rule: Rule, pieces: Pieces, path: str) -> tuple[float, str] | None:
    values = _values(pieces, path, loose=True)
    if values is None:
        return None
    wrong = [
        _not_taken(rule, piece, value)
        for piece, value in zip(_variables(pieces), values, strict=True)
        if piece.converter is not None and not _takes([piece], value)
    ]
    # Where a rule is all variable anything would be near.
    nearness = 0.95 if _has_text(pieces) else 0.7
    return (nearness, "; ".join(wrong[:3])) if wrong else None


def _prefix(rule: Rule, pieces: Pieces, path: str) -> tuple[float, str] | None:
    """The one is the other's end: the prefix of a blueprint or of the application is missing, or is too much."""
    segments = _segments(pieces)
    for count in range(1, min(len(segments), SEGMENTS_AT_MOST)):
        behind = _joined(segments[count:])
        if not _has_text(behind):
            continue
        likeness, difference = (1.0, "") if _takes(behind, path) else _by_segments(rule, behind, path)
        if likeness >= 0.8:
            front = f"it has {_shown(rule, _joined(segments[:count]))} in front"
            return 0.9 * likeness, f"{front}, and {difference}" if difference else front
    if _has_text(pieces):
        parts = path.split("/")[1:]
        for count in range(1, min(len(parts), SEGMENTS_AT_MOST)):
            if _takes(pieces, "/" + "/".join(parts[count:])):
                return 0.9, f"the path has {quoted('/' + '/'.join(parts[:count]))} in front"
    return None


def _by_segments(rule: Rule, pieces: Pieces, path: str) -> tuple[float, str]:
    """Segment by segment: how much of both is alike, and the first place where they part."""
    theirs = _segments(pieces)[:SEGMENTS_AT_MOST]
    ours = path.split("/", SEGMENTS_AT_MOST)[1:]
    if theirs and any(piece.converter and not piece.converter.part_isolating for piece in theirs[-1]):
        last = len(theirs) - 1
        ours = [*ours[:last], "/".join(ours[last:])] if len(ours) > last else ours

    alike = weights = 0.0
    reason = ""
    whole = named = False  # whether all segments were the same so far, and one of them was fixed text
    for number, (segment, text) in enumerate(zip(theirs, ours, strict=False)):
        weight = 0.5 if _variables(segment) else 1.0
        likeness = _likeness(segment, text)
        alike += likeness * weight
        weights += weight
        whole = likeness == 1 and (whole or number == 0)
        named = named or (whole and weight == 1 and text != "")
        if likeness < 1 and not reason:
            reason = _difference(rule, segment, text)
    common = min(len(theirs), len(ours))
    weights += max(len(theirs), len(ours)) - common
    if not reason and len(theirs) > common:
        reason = f"it goes on with {_shown(rule, _joined(theirs[common:]))}"
    elif not reason:
        reason = f"the path goes on with {quoted('/' + '/'.join(ours[common:]))}"
    nearness = alike / weights
    return max(nearness, 0.6) if whole and named else nearness, reason


def _likeness(segment: Pieces, text: str) -> float:
    if _takes(segment, text):
        return 1.0
    if _variables(segment):
        return 0.5 if _values(segment, text, loose=True) is not None else 0.0
    literal = "".join(piece.text for piece in segment)[:WORD_AT_MOST]
    ratio = difflib.SequenceMatcher(None, literal.lower(), text[:WORD_AT_MOST].lower()).ratio()
    return min(ratio, 0.97) if ratio >= ALIKE else 0.0  # where only capitals differ, they differ all the same


def _difference(rule: Rule, segment: Pieces, text: str) -> str:
    if not _variables(segment):
        return f"it has {_shown(rule, segment)} where the path has {quoted(text)}"
    (piece, *others) = _variables(segment)
    if len(segment) == 1 and not others and text:
        return _not_taken(rule, piece, text)
    return f"it has {_shown(rule, segment)} where the path has {quoted(text) if text else 'nothing'}"


# --- rules as text and as expressions ---------------------------------------------------------------------------------


def _values(pieces: Pieces, text: str, loose: bool = False, ignore_case: bool = False) -> list[str] | None:
    """The text of each variable, where the pieces match; `loose` lets a variable be anything that is not a slash.

    PERF: segment by segment, so that a map has few different expressions: compiling one takes 100 µs, and Python
    remembers 512.
    """
    if all(piece.converter is None or piece.converter.part_isolating for piece in pieces) and Piece("/") in pieces:
        segments, texts = _segments(pieces), text.split("/")[1:]
        if len(segments) != len(texts):
            return None
        values = []
        for segment, part in zip(segments, texts, strict=True):
            found = _values_within(segment, part, loose, ignore_case)
            if found is None:
                return None
            values += found
        return values
    return _values_within(pieces, text, loose, ignore_case)


def _values_within(pieces: Pieces, text: str, loose: bool, ignore_case: bool) -> list[str] | None:
    """The same for pieces that stand in one segment, or that a variable with slashes holds together."""
    if not _variables(pieces):
        literal = "".join(piece.text for piece in pieces)
        same = literal.lower() == text.lower() if ignore_case else literal == text
        return [] if same else None
    expression = ""
    names: list[str] = []
    for piece in pieces:
        converter = piece.converter
        if converter is None:
            literal = re.escape(piece.text)
            expression += f"(?i:{literal})" if ignore_case else literal
            continue
        regex = converter.regex
        if loose:
            regex = "[^/]+" if converter.part_isolating else ".+"
        names.append(f"flask_{len(names)}")
        expression += f"(?P<{names[-1]}>{regex})"
    # An expression of several variables tries every way to share the text out: here none may be asked for much.
    if len(text) ** len(names) / factorial(len(names)) > TRIES_AT_MOST and len(names) > 1:
        return None
    try:
        match = re.fullmatch(expression, text)
    except (re.error, RecursionError, OverflowError):  # an expression of the application's that was never good
        return None
    return None if match is None else [match[name] or "" for name in names]


def _takes(pieces: Pieces, text: str) -> bool:
    return _values(pieces, text) is not None


def _variables(pieces: Pieces) -> Pieces:
    return [piece for piece in pieces if piece.converter is not None]


def _has_text(pieces: Pieces) -> bool:
    return any(piece.converter is None and piece.text != "/" for piece in pieces)


def _segments(pieces: Pieces) -> list[Pieces]:
    """The pieces between slashes; the rule's leading slash begins the first segment."""
    segments: list[Pieces] = []
    for piece in pieces:
        if piece == Piece("/"):
            segments.append([])
        elif segments:
            segments[-1].append(piece)
    return segments


def _joined(segments: list[Pieces]) -> Pieces:
    return [piece for segment in segments for piece in (Piece("/"), *segment)]


def _shown(rule: Rule, pieces: Pieces) -> str:
    return quoted("".join(variable(rule, piece.text) if piece.converter else piece.text for piece in pieces))


def variable(rule: Rule, name: str) -> str:
    """A variable as it stands in its rule: `<int:id>`."""
    found = re.search(rf"<[^<>]*\b{re.escape(name)}>", f"{rule.host or rule.subdomain or ''}|{rule.rule}")
    return shortened(found[0] if found else f"<{name}>", 60)


def _not_taken(rule: Rule, piece: Piece, value: str) -> str:
    assert piece.converter is not None
    return f"{variable(rule, piece.text)} takes {taken_by(piece.converter)}, not {quoted(value)}"


def _other_domain(rule: Rule, asked: Asked) -> str:
    if asked.by_host:
        return f"it answers on the host {quoted(rule.host or '')}, not on {quoted(asked.domain)}"
    there = f"on the subdomain {quoted(rule.subdomain)}" if rule.subdomain else "without a subdomain"
    here = f"on {quoted(asked.domain)}" if asked.domain else "without one"
    return f"it answers {there}, the request came {here}"


# --- what a converter takes, in words ---------------------------------------------------------------------------------


def taken_by(converter: BaseConverter) -> str:
    """What a converter takes: the words for Werkzeug's own, else its expression."""
    words = _IN_WORDS.get(type(converter))
    if words is not None:
        return words(converter)
    return f"what matches {quoted(converter.regex)} ({shortened(type(converter).__name__, 60)})"


def _number(converter: t.Any, words: str) -> str:
    low, high = converter.min, converter.max
    if converter.fixed_digits:
        words += f" of {converter.fixed_digits} digits"
    if low is not None:
        words += f" from {low}"
    if high is not None:
        words += f" up to {high}"
    return words if converter.signed else f"{words} without a sign"


def _text(converter: t.Any) -> str:
    low, _, high = converter.regex.removeprefix("[^/]{").removesuffix("}").partition(",")
    if converter.regex == "[^/]{1,}":
        return "text without a slash"
    if "," not in converter.regex:
        return f"text of {low} characters"
    return f"text of at least {low} characters" if not high else f"text of {low} to {high} characters"


_IN_WORDS: dict[type, t.Callable[[t.Any], str]] = {
    IntegerConverter: lambda converter: _number(converter, "a whole number"),
    FloatConverter: lambda converter: _number(converter, "a number with a point"),
    UUIDConverter: lambda converter: "a UUID",
    AnyConverter: lambda converter: f"{listed(sorted(converter.items), 'or')}",
    PathConverter: lambda converter: "text that does not begin with a slash",
    UnicodeConverter: _text,
}
