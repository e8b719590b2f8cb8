"""What the differential suite shares between its tests; prints the number of cases for each bullet of the API."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.differential import compare

COMPARED = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COMPARED] = Counter()


@pytest.fixture
def compared(pytestconfig: pytest.Config) -> Counter[str]:
    """How many cases were compared, by bullet."""
    return pytestconfig.stash.setdefault(COMPARED, Counter())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    counts = config.stash.get(COMPARED, Counter())
    if counts:
        terminalreporter.section("differential cases by bullet of the API")
        for module in compare.modules():
            terminalreporter.line(f"{counts[module]:4}  {compare.bullet(module)}")
        terminalreporter.line(f"{counts.total():4}  in all")
