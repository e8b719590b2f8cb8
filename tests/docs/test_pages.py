"""Every example of every page does what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pages import Example, examples, pages
from .running import run


@pytest.mark.parametrize(
    "example", [pytest.param(example, id=example.name) for page in pages() for example in examples(page)]
)
def test_example(example: Example, tmp_path: Path) -> None:
    """What a page shows is what happens."""
    run(example, tmp_path)
