"""Which rules come closest to a path that none of them matched, and what kept each from matching.

For a person to read: nothing that a request is answered by may be decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, Map, Rule

from .rules import converters_of

SHOWN_AT_MOST = 3
NEAR_ENOUGH = 0.5
# What is read of a path that a stranger may have sent, and of a map that may be huge.
PATH_AT_MOST = 1000
RULES_AT_MOST = 5000

_SEGMENT = re.compile(r"(?:<[^<>]*>|[^/<])+")


class Near(NamedTuple):
    """A rule that does not match, how close it comes (1: all but the values fits), and why it does not, where known."""

    rule: Rule
    closeness: float
    why: str


def nearest(url_map: Map, rules: Iterable[Rule], path: str) -> list[Near]:
    """The rules closest to a path, best first, at most three; none if nothing resembles it."""
    if len(path) > PATH_AT_MOST:
        return []
    found = []
    for rule, _ in zip(rules, range(RULES_AT_MOST), strict=False):
        if rule.build_only:
            continue
        closeness = _closeness(rule.rule, path)
        if closeness >= NEAR_ENOUGH:
            found.append((closeness, rule))
    found.sort(key=lambda item: -item[0])
    closest = [Near(rule, closeness, _why_not(url_map, rule, path)) for closeness, rule in found[: SHOWN_AT_MOST * 4]]
    # What fits but for a value is what was meant, however little the texts have in common.
    closest.sort(key=lambda near: (not near.why, -near.closeness))
    return closest[:SHOWN_AT_MOST]


def _closeness(rule: str, path: str) -> float:
    """How much of a rule and a path agrees, segment by segment, between 0 and 1; a variable agrees with anything."""
    ours, theirs = _SEGMENT.findall(rule), _SEGMENT.findall(path)
    if not ours or not theirs:
        return float(ours == theirs)
    agreed = 0.0
    for mine, other in zip(ours, theirs, strict=False):
        if mine.startswith("<"):
            # Less than a segment that is the same: '/<name>' is not near to everything.
            agreed += 0.6
        elif mine == other:
            agreed += 1
        else:
            agreed += SequenceMatcher(None, mine.lower(), other.lower()).ratio()
    if ours[-1].startswith("<path:") and len(theirs) > len(ours):
        return agreed / len(ours)
    return agreed / max(len(ours), len(theirs))


def _why_not(url_map: Map, rule: Rule, path: str) -> str:
    """What a rule whose shape fits has against a path; nothing where its shape does not fit."""
    values = _matched_by_shape(url_map, rule.rule, path)
    if values is None:
        return ""
    refused = [
        f"{text!r} is no value for {_written(rule.rule, name)}"
        for name, text in values.items()
        if not _takes(converters_of(rule).get(name), text)
    ]
    if refused:
        return " and ".join(refused)
    if path.endswith("/") and not rule.rule.endswith("/"):
        return "it has no slash at its end"
    return ""


def _matched_by_shape(url_map: Map, rule: str, path: str) -> dict[str, str] | None:
    """The texts that would be a rule's values if each of its variables took anything."""
    takes_anything = {name: _taking_anything(kind) for name, kind in url_map.converters.items()}
    try:
        alone = Map([Rule(rule, endpoint="it", strict_slashes=False)], converters=takes_anything, merge_slashes=False)
        _, values = alone.bind("localhost").match(path)
    except (HTTPException, LookupError, ValueError, TypeError):
        # No match, or a rule of a class of its own that cannot be read again.
        return None
    return dict(values)


def _taking_anything(kind: type[BaseConverter]) -> type[BaseConverter]:
    isolating = kind.part_isolating

    class TakesAnything(BaseConverter):
        regex = "[^/]+" if isolating else ".+?"
        part_isolating = isolating

        def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
            super().__init__(map)

    return TakesAnything


def _takes(converter: BaseConverter | None, text: str) -> bool:
    if converter is None:
        return True
    try:
        if re.fullmatch(converter.regex, text) is None:
            return False
        converter.to_python(text)
    except Exception:  # noqa: BLE001 - a converter of the app's own: whatever it raises, it did not take the value
        return False
    return True


def _written(rule: str, name: str) -> str:
    """A variable as it stands in its rule."""
    found = re.search(rf"<(?:[^<>]*:)?{re.escape(name)}>", rule)
    return found[0] if found else f"<{name}>"
