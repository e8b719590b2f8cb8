"""The two forms in which findings are written: for people, grouped by area, and for programs, as JSON.

Nothing here decides whether a check has failed.
"""

from __future__ import annotations

import json
import textwrap
import typing as t
from collections import Counter
from itertools import groupby

import click

from .findings import Finding
from .levels import LEVELS

#: Raised when a key of the JSON goes or changes its meaning; new keys may come at any time.
SHAPE = 1
_COLORS = {"error": "red", "warning": "yellow", "info": "blue"}
_WIDTH = 100


def as_json(app: str, findings: list[Finding], ignored: list[Finding], fail_level: str, failed: bool) -> str:
    """All of it as one JSON object."""
    counts = Counter(finding.level for finding in findings)
    return json.dumps(
        {
            "version": SHAPE,
            "app": app,
            "fail_level": fail_level,
            "failed": failed,
            "counts": {level: counts[level] for level in reversed(LEVELS)},
            "findings": [finding.as_dict() for finding in findings],
            "ignored": [finding.as_dict() for finding in ignored],
        },
        indent=2,
    )


def as_text(app: str, findings: list[Finding], ignored: list[Finding]) -> str:
    """All of it as lines for a terminal."""
    return "\n".join([*findings_as_text(findings), _summary(app, findings, ignored)])


def findings_as_text(findings: list[Finding]) -> list[str]:
    """Findings in their order, with a heading for each area."""
    lines: list[str] = []
    for area, group in groupby(findings, lambda finding: finding.kind.area):
        lines += [click.style(area, bold=True), ""]
        for finding in group:
            lines += [*_told(finding), ""]
    return lines


def _told(finding: Finding) -> t.Iterator[str]:
    level = click.style(finding.level, fg=_COLORS[finding.level], bold=True)
    yield f"  {level}  {finding.id}  {finding.message}"
    facts = {
        "where": str(finding.where),
        "why": finding.kind.reason,
        "remedy": finding.remedy,
        "read": finding.kind.link,
    }
    for name, fact in facts.items():
        if fact:
            yield textwrap.fill(
                fact,
                _WIDTH,
                initial_indent=f"    {name:<8}",
                subsequent_indent=" " * 12,
                break_long_words=False,
                break_on_hyphens=False,
            )


def _summary(app: str, findings: list[Finding], ignored: list[Finding]) -> str:
    counts = Counter(finding.level for finding in findings)
    names = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes")}
    parts = [f"{counts[level]} {names[level][counts[level] != 1]}" for level in reversed(LEVELS) if counts[level]]
    told = f"{app}: {', '.join(parts) or 'nothing found'}."
    if ignored:
        told += f" Ignored: {', '.join(sorted({finding.id for finding in ignored}))}."
    return told
