"""The life of a request is told alike wherever it is told."""

from __future__ import annotations

import re
from pathlib import Path

from flask._dispatch import lifecycle

DOCS = Path(__file__).parents[2] / "docs"
STEPS = re.compile(r"^ +(\d+) (on error|\w+)  ", re.MULTILINE)
ROWS = re.compile(r"^\| (\d+) \| (on error|\w+) \|", re.MULTILINE)
DRAWN = re.compile(r'class="number"[^>]*>(\d+)</text>.*?class="name">(on error|\w+)</tspan>')


def test_code_table_and_picture_have_the_same_steps() -> None:
    """Numbers and names in the module's docstring, in the page's table and in its picture are the same."""
    told, _, of_websockets = str(lifecycle.__doc__).partition("Of a WebSocket")
    steps = STEPS.findall(told)
    assert [int(number) for number, _ in steps] == list(range(1, 13))
    assert len(STEPS.findall(of_websockets)) == 12
    assert ROWS.findall((DOCS / "request-life.md").read_text(encoding="utf-8")) == steps
    drawn = DRAWN.findall((DOCS / "request-life.html").read_text(encoding="utf-8"))
    assert sorted(drawn, key=lambda step: int(step[0])) == steps
