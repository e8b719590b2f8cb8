"""Count what a run of .ci/run has shown: each test of its reports is one, each step without a report is one.

python tools/ci_summary.py FOLDER     prints "N passed, N failed"; exit status 0 when nothing failed
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def count(folder: Path) -> tuple[int, int]:
    """How many tests and steps passed and failed; a step that failed although no test of its did counts too."""
    passed = failed = 0
    for step in sorted(folder.glob("*.step")):
        held = step.read_text().strip() == "ok"
        report = step.with_suffix(".xml")
        failed_here = 0
        if report.exists():
            for suite in ElementTree.parse(report).iter("testsuite"):
                failed_here += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
                passed += int(suite.get("tests", 0)) - int(suite.get("skipped", 0))
            passed -= failed_here
        elif held:
            passed += 1
        if not held and not failed_here:
            failed_here = 1
        failed += failed_here
    return passed, failed


def main() -> int:
    """Print the count on a line of its own; nothing at all having run is a failure."""
    passed, failed = count(Path(sys.argv[1]))
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    raise SystemExit(main())
