"""Reads `intended.toml`: the differences from upstream that are meant; it excuses nothing that is not written there."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Difference = tuple[str, Any, Any]


@dataclass
class Rewording:
    """One message that says the same in other words, wherever it appears; without `upstream`, words that ours adds."""

    ours: str
    reason: str
    upstream: str = ""
    used: set[str] = field(default_factory=set)

    def apply(self, value: Any, side: str) -> Any:
        """The observation with this message replaced by a mark that is the same on both sides."""
        pattern = self.ours if side == "ours" else self.upstream
        if not pattern:
            return value
        if isinstance(value, str):
            changed, count = re.subn(pattern, f"⟨{self.reason}⟩" if self.upstream else "", value, flags=re.S)
            if count:
                self.used.add(side)
            return changed
        if isinstance(value, list):
            return [self.apply(item, side) for item in value]
        if isinstance(value, dict):
            return {key: self.apply(item, side) for key, item in value.items()}
        return value


@dataclass
class Excuse:
    """One case in which some observations are meant to differ."""

    labels: list[str]
    reason: str


class Intended:
    """All differences that are meant, and which of them were met."""

    def __init__(self, path: Path) -> None:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        self.rewordings = [Rewording(**entry) for entry in written.pop("reworded", [])]
        self.cases = {
            f"{module}.{name}": Excuse(**entry) for module, names in written.items() for name, entry in names.items()
        }

    def unexcused(self, differences: list[Difference], case: str) -> list[Difference]:
        """What is left of a case's differences."""
        found = []
        for label, theirs, ours in differences:
            for rewording in self.rewordings:
                theirs, ours = rewording.apply(theirs, "upstream"), rewording.apply(ours, "ours")
            if theirs != ours:
                found.append((label, theirs, ours))
        excuse = self.cases.get(case)
        return [difference for difference in found if excuse is None or difference[0] not in excuse.labels]

    def unused_labels(self, differences: list[Difference], case: str) -> list[str]:
        """The observations that an entry excuses although they do not differ."""
        excuse = self.cases.get(case)
        return [] if excuse is None else sorted(set(excuse.labels) - {label for label, _, _ in differences})
