"""What the table's figures come to: ratios, means, the table as text, and what each bar says of it."""

from __future__ import annotations

import statistics
import typing as t

from bench import machine
from bench.scenarios import SCENARIOS

MEAN_BAR = 10
HELLO_CALLS = 45
NOISE = 0.05  # of a row, between two runs of the very same code
Runs = list[dict[str, t.Any]]
Found = dict[str, dict[str, Runs]]  # by scenario, then by side


def times_faster(by_side: t.Mapping[str, Runs], side: str, than: str = "upstream") -> float | None:
    """How many times faster than another a side is; None where one of them has no such row.

    The ratio is taken turn by turn, then the median in each round, then the median over the rounds.
    """
    pairs = list(zip(by_side.get(than, ()), by_side.get(side, ()), strict=False))
    if not pairs:
        return None
    return statistics.median(machine.ratio(slower["turns"], faster["turns"]) for slower, faster in pairs)


def mean_over(found: Found, side: str) -> float | None:
    """The geometric mean of a side's ratios over the rows that it has."""
    ratios = [ratio for by_side in found.values() if (ratio := times_faster(by_side, side)) is not None]
    return statistics.geometric_mean(ratios) if ratios else None


def _cell(value: float | None, width: int = 8) -> str:
    if value is None:
        return f"{'-':>{width}}"
    return f"{value:>{width},.{0 if value >= 1000 else 1}f}"


def text(found: Found) -> str:
    """The table as text, with what it says of the bars."""
    others = [side for side in next(iter(found.values())) if side not in {"upstream", "ours"}]
    lines = [
        "µs: processor time per request. ×: how many times faster than upstream.",
        f"{'scenario':<22}{'upstream µs':>12}{'ours µs':>9}{'ours ×':>8}{'bar':>5} {'':<6}"
        + "".join(f"{side + ' ×':>11}" for side in others)
        + f"{'Python calls':>16}{'bytecodes':>15}",
    ]
    for scenario, by_side in found.items():
        bar, ratio = SCENARIOS[scenario].bar, times_faster(by_side, "ours")
        assert ratio is not None
        us = {side: statistics.median(run["us"] for run in by_side[side]) for side in ("upstream", "ours")}
        counts = {
            what: " ".join(f"{by_side[side][0][what] or '-':>6}" for side in ("upstream", "ours"))
            for what in ("calls", "bytecodes")
        }
        lines.append(
            f"{scenario:<22}{_cell(us['upstream'], 12)}{_cell(us['ours'], 9)}{_cell(ratio)}{bar:>5} "
            f"{'met' if ratio >= bar else 'UNMET':<6}"
            + "".join(_cell(times_faster(by_side, side), 11) for side in others)
            + f"   {counts['calls']}  {counts['bytecodes']}"
        )
    return "\n".join([*lines, "", *verdicts(found)])


def verdicts(found: Found) -> list[str]:
    """What decides: the mean over the rows, the rows below their bars, the calls of hello, where Falcon stands."""
    ratios = {scenario: times_faster(by_side, "ours") or 0.0 for scenario, by_side in found.items()}
    unmet = [scenario for scenario, ratio in ratios.items() if ratio < SCENARIOS[scenario].bar]
    mean = statistics.geometric_mean(ratios.values())
    rows = "all rows" if len(found) == len(SCENARIOS) else f"these {len(found)} of {len(SCENARIOS)} rows"
    verdict = "met" if mean >= MEAN_BAR else "UNMET"
    said = [
        f"ours, geometric mean over {rows}: {mean:.2f} times faster than upstream (bar {MEAN_BAR}: {verdict})",
        f"rows below their bar: {len(unmet)} of {len(found)}" + (f" ({'; '.join(unmet)})" if unmet else ""),
    ]
    if "hello" in found:
        calls = found["hello"]["ours"][0]["calls"]
        met = "met" if calls <= HELLO_CALLS else "UNMET"
        said.append(f"Python calls for hello: {calls} (bar at most {HELLO_CALLS}: {met})")
    for side in next(iter(found.values())):
        if side == "before":
            said.append(since(found))
        if side in {"upstream", "ours"} or (theirs := mean_over(found, side)) is None:
            continue
        shared = {scenario: by_side for scenario, by_side in found.items() if by_side[side]}
        ahead = [scenario for scenario in shared if ratios[scenario] >= (times_faster(shared[scenario], side) or 0)]
        said.append(
            f"{side}: {theirs:.2f} over the {len(shared)} rows that it has, ours {mean_over(shared, 'ours'):.2f} over "
            f"the same, faster in {len(ahead)}" + (f" ({'; '.join(ahead)})" if ahead and side == "falcon" else "")
        )
    return said


def since(found: Found) -> str:
    """What ours takes now of what it took before, over all rows and where that is out of the ordinary."""
    now = {scenario: 1 / (times_faster(by_side, "ours", "before") or 1.0) for scenario, by_side in found.items()}
    changed = [f"{scenario} {ratio:.2f}" for scenario, ratio in now.items() if abs(ratio - 1) > NOISE]
    words = f"beyond {NOISE:.0%}: {'; '.join(changed) or 'none'}"
    return f"now of before: {statistics.geometric_mean(now.values()):.3f} over all rows; {words}"
