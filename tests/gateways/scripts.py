"""Runs a text as a program of its own, for what must not happen in the process of the tests: forks, exits, signals."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(text: str, timeout: float = 60, **options: object) -> subprocess.CompletedProcess[str]:
    """Run Python source to its end and return what it wrote; a program that hangs fails the test."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **options,  # type: ignore[call-overload]
    )
