"""Figures of what was measured, as SVG; drawn in an environment of their own, so that nothing else needs matplotlib.

python -m bench plots KIND FILE.json FOLDER     draws again what a measurement wrote with --json
"""

from __future__ import annotations

import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLOURS = {
    "ours": "#0b6e4f",
    "upstream": "#555555",
    "bare": "#b0b0b0",
    "falcon": "#c8553d",
    "bottle": "#3d6fc8",
    "pyramid": "#9a6fb0",
    "django": "#c79a2b",
}


def draw(kind: str, about: t.Mapping[str, t.Any], figures: t.Any, folder: Path) -> None:
    """Draw the figures of a measurement into a folder."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"{kind}.json"
        file.write_text(json.dumps({"setting": about, "figures": figures}), encoding="utf-8")
        main([kind, str(file), str(folder)])


def main(arguments: list[str]) -> None:
    """Draw with the interpreter that has matplotlib."""
    if len(arguments) != 3 or arguments[0] not in {"table", "curves"}:
        raise SystemExit("usage: python -m bench plots table|curves FILE.json FOLDER")
    from bench import environments

    kind, file, folder = arguments
    Path(folder).mkdir(parents=True, exist_ok=True)
    command = [
        str(environments.make("plots")),
        "-m",
        "bench.plots",
        kind,
        *(str(Path(p).resolve()) for p in (file, folder)),
    ]
    subprocess.run(command, cwd=ROOT, check=True)


def _figure(rows: int, columns: int, width: float, height: float) -> tuple[t.Any, t.Any]:
    """A figure and its grid of axes."""
    matplotlib: t.Any = importlib.import_module("matplotlib")  # it is not in the environment where types are checked
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "bench",
            "font.size": 9,
            "font.family": "sans-serif",
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    figure, axes = importlib.import_module("matplotlib.pyplot").subplots(
        rows, columns, figsize=(width, height), layout="constrained", squeeze=False
    )
    return figure, axes


def _save(figure: t.Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None}, facecolor="white")
    # matplotlib ends some lines with a space, which would look like an accident in a repository
    lines = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _caption(about: t.Mapping[str, t.Any]) -> str:
    return f"{about['date']}, {about['python']}, {about['processor']}, {about['cores']} cores"


def draw_table(about: t.Mapping[str, t.Any], found: t.Any, folder: Path) -> None:
    """Each row's ratios on one line: how many times faster than upstream every side is, and the bar."""
    from bench.ratios import times_faster
    from bench.scenarios import SCENARIOS

    rows = list(found)
    figure, ((axes,),) = _figure(1, 1, 8.2, 0.9 + 0.27 * len(rows))
    for place, row in enumerate(rows):
        axes.plot([SCENARIOS[row].bar] * 2, [place - 0.4, place + 0.4], color="black", linewidth=1.4, zorder=2)
    axes.plot([], [], color="black", linewidth=1.4, label="bar for ours")
    for side in COLOURS:
        points = [(times_faster(found[row], side), place) for place, row in enumerate(rows) if found[row].get(side)]
        if side == "upstream" or not points:
            continue
        size, order = (52, 4) if side == "ours" else (20, 3)
        axes.scatter(*zip(*points, strict=True), s=size, color=COLOURS[side], label=side, zorder=order)
    axes.axvline(1, color=COLOURS["upstream"], linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks([0.1, 0.3, 1, 3, 10, 30, 100], ["0.1", "0.3", "1", "3", "10", "30", "100"])
    axes.set_yticks(range(len(rows)), rows)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="x", color="#e5e5e5", zorder=0)
    axes.set_xlabel(f"times faster than upstream Flask (processor time per request)\n{_caption(about)}")
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    _save(figure, folder / "table.svg")


def draw_curves(about: t.Mapping[str, t.Any], found: t.Any, folder: Path) -> None:
    """A panel for each curve and unit: upstream dashed, ours drawn through."""
    from bench.curves import OF

    panels = [
        (curve, unit) for curve in found for unit in dict.fromkeys(what.rpartition(", ")[2] for what in found[curve])
    ]
    lines = (len(panels) + 1) // 2
    figure, grid = _figure(lines, 2, 8.2, 2.7 * lines)
    for number, axes in enumerate(grid.flat):
        if number < len(panels):
            _draw_panel(axes, *panels[number], found)
            axes.set_xlabel(OF[panels[number][0]])
        else:
            axes.remove()
    figure.supxlabel(f"dashed: upstream; drawn through: ours\n{_caption(about)}", fontsize=9)
    _save(figure, folder / "curves.svg")


def _draw_panel(axes: t.Any, curve: str, unit: str, found: t.Any) -> None:
    from bench.curves import STREAMING_BAR

    shown = {what: points for what, points in found[curve].items() if what.endswith(f", {unit}")}
    for (what, points), colour in zip(shown.items(), ("#0b6e4f", "#c8553d", "#3d6fc8"), strict=False):
        sizes = sorted(points, key=int)
        for side, style in (("upstream", "--"), ("ours", "-")):
            values = [statistics.median(points[size][side]) for size in sizes]
            label = what.rpartition(", ")[0] if side == "ours" else None
            places = [int(size) for size in sizes]
            axes.plot(places, values, style, marker="o", markersize=3, color=colour, label=label)
    # sizes and costs span decades, but for those that begin at nought
    if curve != "hooks":
        axes.set_xscale("log")
    if curve == "hooks":
        axes.set_ylim(bottom=0)
    elif (curve, unit) == ("body", "kB"):
        axes.set_ylim(-0.03 * STREAMING_BAR, STREAMING_BAR)
    else:
        axes.set_yscale("log")
    axes.set_ylabel({"µs": "µs of processor time", "ms": "ms of processor time", "kB": "kB of memory"}[unit])
    axes.grid(color="#e5e5e5")
    axes.legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    drawing = {"table": draw_table, "curves": draw_curves}[sys.argv[1]]
    told = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    drawing(told["setting"], told["figures"], Path(sys.argv[3]))
