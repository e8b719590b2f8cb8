"""Hypothesis as an engine: it draws until the time is over, and makes what breaks a law as small as it can."""

from __future__ import annotations

import time
import typing as t

import hypothesis
from hypothesis import HealthCheck, Phase, settings

from fuzz.model import Finding, Run, Target, seed_of

# After so many Hypothesis begins anew, with another seed: it remembers what it drew, which takes memory and time.
ROUND = 10_000

_settings = settings(
    max_examples=ROUND,
    phases=[Phase.generate, Phase.shrink],
    database=None,  # a run depends on its seed alone
    deadline=None,
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=[*t.cast("t.Iterable[HealthCheck]", HealthCheck)],
)


class _Over(BaseException):
    """The time is."""


def run(target: Target[t.Any], seconds: float, seed: int) -> Run:
    """Draw for so long, or until something is found; to make that small takes longer, a few minutes at most."""
    outcome = Run(target.name, "hypothesis", seed)
    begin = time.monotonic()
    rounds = 0
    while outcome.finding is None and time.monotonic() - begin < seconds:
        try:
            _round(target, begin + seconds, seed_of(seed, target.name, rounds), outcome)
        except _Over:
            break
        rounds += 1
    outcome.seconds = time.monotonic() - begin
    return outcome


def _round(target: Target[t.Any], end: float, seed: int, outcome: Run) -> None:
    broken: list[t.Any] = []

    def check(value: t.Any) -> None:
        if not broken and time.monotonic() >= end:
            raise _Over
        outcome.examples += 1
        try:
            target.check(value)
        except Exception:
            broken[:] = [value]  # the last that Hypothesis tries is the smallest
            raise

    try:
        hypothesis.seed(seed)(_settings(hypothesis.given(target.inputs)(check)))()
    except Exception as error:  # whatever the law raises is the finding
        if not broken:
            raise
        outcome.finding = Finding.of(target, broken[0], error)
