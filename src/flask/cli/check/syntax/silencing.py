"""Comments that silence a check in place: `flask-check: ignore[flask.F001] reason`.

A comment silences the ids that it names, on its own lines only; one that silences nothing is a finding itself.
"""

from __future__ import annotations

import io
import re
import tokenize
import typing as t
from dataclasses import dataclass, field
from difflib import get_close_matches

from jinja2 import Environment, TemplateError

from ..findings import KINDS
from .kinds import SILENCES_NOTHING, UNKNOWN_ID
from .spots import Report, Spot

_WORD = "flask-check"
_COMMENT = re.compile(r"#?[-+]?\s*flask-check:\s*ignore\[(?P<ids>[^\]]*)\]")


@dataclass(slots=True)
class Comment:
    """One silencing comment: the ids that it names, and those that it has silenced so far."""

    file: str
    line: int
    is_alone: bool  # on its line: it speaks of the next one, too
    ids: tuple[str, ...]
    used: set[str] = field(default_factory=set)

    def silences(self, spot: Spot) -> bool:
        """Whether a finding is meant; remembered."""
        last = self.line + 1 if self.is_alone else self.line
        if spot.kind.id not in self.ids or spot.line > last or spot.last < self.line:
            return False
        self.used.add(spot.kind.id)
        return True

    def tell(self, report: Report) -> None:
        """Report what of the comment has no effect."""
        for id in self.ids:
            if id not in KINDS:
                close = get_close_matches(id, KINDS, 1)
                hint = f" Did you mean '{close[0]}'?" if close else ""
                report(Spot(UNKNOWN_ID, self.file, self.line, self.line, f"No check has the id {id!r}.{hint}"))
            elif id not in self.used:
                message = f"The comment silences '{id}', which finds nothing here."
                report(Spot(SILENCES_NOTHING, self.file, self.line, self.line, message))


def in_python(file: str, text: str) -> list[Comment]:
    """The silencing comments of a Python file."""
    if _WORD not in text:
        return []
    found: list[Comment] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip()
                found += _read(file, token.start[0], alone, token.string)
    except (tokenize.TokenError, SyntaxError):
        pass  # what the parser made of the file is reported elsewhere
    return found


def in_template(file: str, text: str, environment: Environment) -> list[Comment]:
    """The silencing comments of a template."""
    if _WORD not in text:
        return []
    lines = text.splitlines()
    frame = (environment.comment_start_string, environment.comment_end_string, environment.line_comment_prefix or "")
    found: list[Comment] = []
    try:
        for line, kind, value in environment.lex(text):
            if kind in ("comment", "linecomment"):
                rest = lines[line - 1] if line <= len(lines) else ""
                for part in (value, *frame):
                    rest = rest.replace(part, "")
                found += _read(file, line, not rest.strip("-+ \t"), value)
    except TemplateError:
        pass  # what the parser made of the template is reported elsewhere
    return found


def _read(file: str, line: int, is_alone: bool, comment: str) -> t.Iterator[Comment]:
    matched = _COMMENT.match(comment.strip())
    if matched is not None:
        ids = tuple(part.strip() for part in matched["ids"].split(",") if part.strip())
        yield Comment(file, line, is_alone, ids or ("",))
