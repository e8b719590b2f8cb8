"""A finding as the readers of sources see it: a kind, a file, the lines that it stands on.

Nothing here knows how findings are written out.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..findings import Kind


@dataclass(frozen=True, slots=True)
class Spot:
    """What was found in a file. A silencing comment may stand on any of the lines, or alone on the one before."""

    kind: Kind
    file: str
    line: int
    last: int
    message: str

    @property
    def place(self) -> tuple[str, str, int]:
        """What two findings of the same thing have in common."""
        return self.kind.id, self.file, self.line


Report = t.Callable[[Spot], None]
