"""Holds every case to the same observations on upstream Flask and on ours; excuses only what `intended.toml` names."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests import oracle
from tests.differential import compare
from tests.differential.intended import Intended

INTENDED = Intended(compare.HERE / "intended.toml")
ALL = [(module, name) for module in compare.modules() for name in compare.cases(module)]


@pytest.fixture(scope="session")
def upstream() -> Path:
    """The interpreter that runs the original; without one the suite skips, and fails under CI."""
    return oracle.require()


@cache
def observed(upstream: Path, module: str) -> tuple[compare.Side, compare.Side]:
    return compare.both(upstream, Path(sys.executable), module, compare.cases(module))


@pytest.mark.parametrize(("module", "name"), ALL, ids=[f"{module}.{name}" for module, name in ALL])
def test_a_case_is_seen_alike(upstream: Path, compared: Counter[str], module: str, name: str) -> None:
    """What an application can observe is the same on upstream Flask and on ours, unless the difference is intended."""
    (_, theirs), (_, ours) = observed(upstream, module)
    compared[module] += 1
    labels = [label for label, _ in theirs[name]]
    assert labels
    assert not set(labels) & {"escaped", "the interpreter ended", "the module cannot be imported"}, (
        f"the case itself is broken: it must observe something, and end, on upstream\n{theirs[name]}"
    )
    found = compare.differences(theirs[name], ours[name])
    unexpected = INTENDED.unexcused(found, f"{module}.{name}")
    assert not unexpected, "\n" + compare.report(unexpected)
    unused = INTENDED.unused_labels(found, f"{module}.{name}")
    assert not unused, f"intended.toml excuses what does not differ: {unused}"


@pytest.mark.parametrize("module", compare.modules())
def test_each_side_is_what_it_should_be(upstream: Path, module: str) -> None:
    """Upstream's 3.1.3 is compared with ours, neither with itself, and both stand on the same packages."""
    (theirs, _), (ours, _) = observed(upstream, module)
    assert theirs.pop("flask") == "3.1.3"
    assert ours.pop("flask").startswith("3.1.3+dewar.")
    assert theirs == ours


def test_there_are_cases_enough() -> None:
    """Every bullet of the API has its cases, and there are more than four hundred."""
    counts = {compare.bullet(module): len(compare.cases(module)) for module in compare.modules()}
    assert len(counts) == 13
    assert min(counts.values()) >= 5
    assert sum(counts.values()) > 400


def test_intended_differences_are_argued() -> None:
    """Each excuse names a case that exists, the observations it covers and a reason."""
    for key, excuse in INTENDED.cases.items():
        assert tuple(key.split(".")) in ALL, key
        assert excuse.labels, key
        assert len(excuse.reason.split()) > 3, key
    assert all(len(rewording.reason.split()) > 3 for rewording in INTENDED.rewordings)


@pytest.mark.parametrize("number", range(len(INTENDED.rewordings)))
def test_each_rewording_is_met(upstream: Path, number: int) -> None:
    """A message that is meant to differ does differ somewhere, on both sides as written down."""
    rewording = INTENDED.rewordings[number]
    for module in compare.modules():
        (_, theirs), (_, ours) = observed(upstream, module)
        for name in compare.cases(module):
            for _, left, right in compare.differences(theirs[name], ours[name]):
                rewording.apply(left, "upstream")
                rewording.apply(right, "ours")
    assert rewording.used == ({"ours", "upstream"} if rewording.upstream else {"ours"})
