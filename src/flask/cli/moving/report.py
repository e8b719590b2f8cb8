"""The two forms in which a judgement is written: a table with findings and a verdict for people, and JSON.

Nothing here decides whether anything stands against moving.
"""

from __future__ import annotations

import json

import click

from ..check.report import findings_as_text
from .judging import Judgement, Row
from .standing import Standing

#: Raised when a key of the JSON goes or changes its meaning; new keys may come at any time.
SHAPE = 1
_HEADS = ("distribution", "version", "asks of Flask", "fits", "names", "private", "not here")


def as_json(judgement: Judgement) -> str:
    """All of it as one JSON object."""
    return json.dumps(
        {
            "version": SHAPE,
            "flask": judgement.version,
            "python": {
                "executable": judgement.environment.executable,
                "version": judgement.environment.markers["python_full_version"],
            },
            "installed": judgement.installed or None,
            "failed": judgement.failed,
            "distributions": [
                {
                    "name": row.name,
                    "version": row.version or None,
                    "specifier": row.specifier or None,
                    "fits": row.fits,
                    "names": sorted(found.name for found in row.names),
                    "private": row.private,
                    "missing": row.lacking(Standing.MISSING),
                    "gone": row.lacking(Standing.GONE),
                }
                for row in judgement.rows
            ],
            "findings": [finding.as_dict() for finding in judgement.findings],
        },
        indent=2,
    )


def as_text(judgement: Judgement) -> str:
    """All of it as lines for a terminal."""
    environment = judgement.environment
    there = f"Flask {judgement.installed}" if judgement.installed else "no Flask"
    lines = [f"{environment.executable}: Python {environment.markers['python_full_version']}, {there}", ""]
    if judgement.rows:
        lines += [*_table([_HEADS, *(_cells(row) for row in judgement.rows)]), ""]
    private = sorted({name for row in judgement.rows for name in row.private})
    if private:
        lines += [f"Private names of Flask that are touched: {', '.join(private)}", ""]
    lines += findings_as_text(judgement.findings)
    return "\n".join([*lines, _verdict(judgement)])


def _cells(row: Row) -> tuple[str, ...]:
    absent = len(row.lacking(Standing.MISSING)) + len(row.lacking(Standing.GONE))
    fits = ("yes" if row.fits else "NO") if row.version else ""
    asks = row.specifier or ("any" if row.version else "")
    return row.name, row.version, asks, fits, str(len(row.names)), str(len(row.private)), str(absent)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _verdict(judgement: Judgement) -> str:
    errors = sum(finding.level == "error" for finding in judgement.findings)
    askers = sum(bool(row.version) for row in judgement.rows)
    if errors:
        things = "One thing stands" if errors == 1 else f"{errors} things stand"
        text = f"{things} against Flask {judgement.version} here."
        return click.style(text, fg="red", bold=True)
    asking = f"{askers} distributions ask for Flask" if askers != 1 else "one distribution asks for Flask"
    return click.style(f"Flask {judgement.version} fits: {asking}, nothing stands against it.", fg="green", bold=True)
