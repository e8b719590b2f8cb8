"""The levels of findings; nothing is imported here, since every run of the command comes by."""

from __future__ import annotations

import typing as t

Level = t.Literal["info", "warning", "error"]

#: From the least to the worst.
LEVELS: tuple[Level, ...] = ("info", "warning", "error")
