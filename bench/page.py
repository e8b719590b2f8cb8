"""The table as pages: Markdown for the documentation, and the figures that the README holds between its two marks."""

from __future__ import annotations

import statistics
import typing as t
from pathlib import Path

from bench import machine
from bench.ratios import Found, times_faster, verdicts
from bench.scenarios import SCENARIOS

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
NAMES = {"bare": "bare WSGI"}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def markdown(found: Found, others: t.Sequence[str]) -> str:
    """The table: a row for each scenario, a column for each of some other sides."""
    titles = ["scenario", "upstream µs", "ours µs", "ours ×", "bar"]
    titles += [f"{NAMES.get(side, side.capitalize())} ×" for side in others]
    titles += ["ours : Falcon"] if "falcon" in others else []
    titles += ["Python calls: upstream, ours"]
    lines = ["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for scenario, by_side in found.items():
        us = [_number(statistics.median(run["us"] for run in by_side[side])) for side in ("upstream", "ours")]
        ratio, bar = times_faster(by_side, "ours"), SCENARIOS[scenario].bar
        ours = f"**{_number(ratio)}**" if ratio is not None and ratio >= bar else _number(ratio)
        cells = [scenario, *us, ours, str(bar), *(_number(times_faster(by_side, side)) for side in others)]
        if "falcon" in others:  # how many times faster than it ours is
            against = times_faster(by_side, "ours", than="falcon")
            cells.append("–" if against is None else f"{against:.2f}")
        calls = [str(by_side[side][0]["calls"]) for side in ("upstream", "ours")]
        lines.append("| " + " | ".join([*cells, ", ".join(calls)]) + " |")
    return "\n".join(lines)


def write_page(folder: Path, about: t.Mapping[str, t.Any], found: Found) -> None:
    """The whole table with its setting and conclusions, for the documentation to include."""
    others = [side for side in next(iter(found.values())) if side not in {"upstream", "ours"}]
    said = "\n".join(f"- {line[0].upper()}{line[1:]}" for line in verdicts(found))
    setting = machine.heading(about).replace("\n", ".\n\nVersions: ") + "."
    folder.mkdir(parents=True, exist_ok=True)
    page = f"{setting}\n\n{markdown(found, others)}\n\n{said}\n"
    (folder / "table.md").write_text(page, encoding="utf-8")


def write_readme(path: Path, about: t.Mapping[str, t.Any], found: Found, rounds: int) -> None:
    """Put the shorter table between the marks of the README."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{path} has not both {BEGIN} and {END}")
    others = [side for side in ("falcon", "bare") if next(iter(found.values())).get(side)]
    versions = about["versions"]["ours"]
    section = f"""
## Measured

Microseconds of processor time for each request, in process, the WSGI callable alone: upstream Flask 3.1.3, ours, and
how many times faster than upstream each side is; medians of {rounds} processes a side, which take turns. Bold where
ours is at its bar. {about["date"]}, {about["python"]}, Werkzeug {versions["werkzeug"]}, {about["processor"]}, \
{about["cores"]} cores.

`make bench` does it again; [performance](docs/performance.md) says how, and has the other frameworks, start-up, growth
and servers.

{markdown(found, others)}

{verdicts(found)[0].capitalize()}.
"""
    path.write_text(f"{before}{begin}{section}{end}{after}", encoding="utf-8")
