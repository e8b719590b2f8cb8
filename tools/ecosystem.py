"""Run the published test suites of extensions and applications on upstream and on ours, and compare test by test.

Which suites, `tools/ecosystem.toml` says. Each one is unpacked into a temporary folder and run twice, in two
environments that hold the same versions of everything but Flask. What becomes of a test, passed, failed, broken or
skipped, must be the same on both. Nothing of a suite is kept but its archive, below the user's cache.

    python tools/ecosystem.py                           all; exit status 0 when there is no difference
    python tools/ecosystem.py --only flask-login        one; may be repeated; --list names them
    python tools/ecosystem.py --figures docs/figures    also write ecosystem.md there; --only replaces rows
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import tomllib
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# The repository's root has to be importable first.
from tests import oracle  # noqa: E402
from tools import published  # noqa: E402
from tools.published import Outcome, Outcomes  # noqa: E402

SUITES = Path(__file__).with_suffix(".toml")
LIMIT_SECONDS = 1800
STANDS_ON = ("werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker", "pytest")
# What the garbage collector finds is told of in whichever test runs just then.
BY_CHANCE = ("-W", "default::pytest.PytestUnraisableExceptionWarning")
ALL_THE_SAME = "--continue-on-collection-errors"
MISSING = Outcome("missing", "the test was not collected")

# The lines of what a distribution installs, without its tests: Python and templates.
_LINES = """
import importlib.metadata, sys
files = [f for f in importlib.metadata.files(sys.argv[1]) or () if f.suffix in (".py", ".html", ".jinja", ".jinja2")]
print(sum(len(f.locate().read_bytes().splitlines()) for f in files if "tests" not in f.parts))
"""


@dataclass(frozen=True)
class Suite:
    """One published suite, as `ecosystem.toml` describes it."""

    name: str
    version: str
    sha256: str
    needs: tuple[str, ...] = ()
    tests: tuple[str, ...] = ("tests",)
    variables: t.Mapping[str, str] = field(default_factory=dict)
    prelude: str = ""

    @property
    def requirements(self) -> list[str]:
        """What its environments hold beside Flask."""
        return [f"{self.name}=={self.version}", "pytest", *self.needs]

    def environment(self, side: str) -> Path:
        """The folder of one of its environments, made or not."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return oracle.cache_folder() / f"ecosystem-{self.name.lower()}-{side}-{version}"


@dataclass(frozen=True)
class Found:
    """What both runs of a suite came to."""

    suite: Suite
    lines: int
    pins: dict[str, str]
    theirs: Outcomes
    ours: Outcomes

    @property
    def differences(self) -> list[str]:
        """The tests that did not come to the same, a line each, with what was said where it is worse."""
        lines = []
        for test in sorted(self.theirs.keys() | self.ours.keys()):
            there, here = self.theirs.get(test, MISSING), self.ours.get(test, MISSING)
            if there.result != here.result:
                said = (here if here.result != "passed" else there).message.splitlines()[:1] or [""]
                lines.append(f"{self.suite.name} {test}: {there.result} upstream, {here.result} here: {said[0]}")
        return lines

    @property
    def complaints(self) -> list[str]:
        """What is wrong, a line each: a difference, or a suite that shows nothing."""
        if not any(outcome.result == "passed" for outcome in self.theirs.values()):
            return [f"{self.suite.name}: no test of {len(self.theirs)} passes upstream, so nothing is shown"]
        return self.differences

    @property
    def row(self) -> str:
        """Its line of the table."""
        passed = [sum(outcome.result == "passed" for outcome in side.values()) for side in (self.theirs, self.ours)]
        numbers = (self.lines, len(self.theirs), *passed, len(self.differences))
        return f"| {self.suite.name} | {self.suite.version} | " + " | ".join(f"{n:,}" for n in numbers) + " |"


def known() -> dict[str, Suite]:
    """All suites by name, in lower case."""
    listed = tomllib.loads(SUITES.read_text(encoding="utf-8"))["suite"]
    entries: list[dict[str, t.Any]] = [
        {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()} for entry in listed
    ]
    suites = [Suite(**entry) for entry in entries]
    return {suite.name.lower(): suite for suite in suites}


def upstream_for(suite: Suite, fresh: bool) -> Path:
    """The environment of a suite with upstream, made unless it is there as described; its interpreter's path."""
    folder = suite.environment("upstream")
    interpreter, stamp = oracle.interpreter_of(folder), folder / ".made"
    wanted = hashlib.sha256("\0".join([sys.version, oracle.UPSTREAM, *suite.requirements]).encode()).hexdigest()
    if fresh or not stamp.exists() or stamp.read_text() != wanted:
        oracle.make_environment(folder)
        oracle.install(interpreter, f"flask=={oracle.UPSTREAM}", *suite.requirements)
        stamp.write_text(wanted)
    return interpreter


def ours_for(suite: Suite, upstream: Path, wheel: Path, fresh: bool) -> Path:
    """The environment of a suite with ours, as this tree is now; its interpreter's path."""
    folder = suite.environment("ours")
    if fresh:
        (folder / "wanted.txt").unlink(missing_ok=True)
    return published.ours_beside(upstream, folder, wheel)


def run(suite: Suite, interpreter: Path, version: str) -> Outcomes:
    """A suite's outcomes with one interpreter, run in a folder of its own that is gone afterwards."""
    archive = published.fetch(suite.name, suite.version, suite.sha256)
    with tempfile.TemporaryDirectory(prefix="ecosystem-") as name:
        folder = Path(name).resolve()
        published.unpack(archive, folder)
        if suite.prelude:
            (folder / "conftest.py").write_text(suite.prelude, encoding="utf-8")
        tests, variables = [*suite.tests, *BY_CHANCE, ALL_THE_SAME], suite.variables
        return published.run(interpreter, folder, version, tests, seconds=LIMIT_SECONDS, variables=variables)


def compare(suite: Suite, wheel: Path, fresh: bool) -> Found:
    """Run a suite on both."""
    upstream = upstream_for(suite, fresh)
    ours = ours_for(suite, upstream, wheel, fresh)
    theirs = run(suite, upstream, oracle.UPSTREAM)
    lines = int(published.answer(upstream, _LINES, suite.name))
    pins = dict(line.split("==") for line in published.packages(upstream).splitlines())
    return Found(suite, lines, pins, theirs, run(suite, ours, published.our_version()))


def table(found: t.Sequence[Found], kept: str = "") -> str:
    """What was found, below what it was found with, as a page of the documentation has it.

    Of an earlier table the rows of suites that were not run now are kept, in the order of the list.
    """
    rows = {
        line.split(" | ")[0].removeprefix("| ").lower(): line for line in kept.splitlines() if line.startswith("| ")
    }
    rows |= {one.suite.name.lower(): one.row for one in found}
    stood_on = [f"{name} {' and '.join(sorted({one.pins[name] for one in found}))}" for name in STANDS_ON]
    setting = [datetime.date.today().isoformat(), f"{platform.python_implementation()} {platform.python_version()}"]
    return "\n".join(
        [
            f"{', '.join(setting + stood_on)}; upstream {oracle.UPSTREAM}, ours {published.our_version()}.",
            "",
            "| suite | version | lines of Python and templates | tests | upstream passes | ours passes | differ |",
            "|---|---|--:|--:|--:|--:|--:|",
            *(rows[name] for name in known() if name in rows),
        ]
    )


def main() -> int:
    """Print where the two differ, then the table; exit status 0 when there is no difference."""
    suites = known()
    parser = argparse.ArgumentParser(description="Run published suites of extensions on upstream and on ours.")
    parser.add_argument("--only", action="append", choices=suites, metavar="SUITE", help="may be repeated (all)")
    parser.add_argument("--fresh", action="store_true", help="make the environments anew, as CI does")
    parser.add_argument("--figures", type=Path, metavar="FOLDER", help="write the table there, as ecosystem.md")
    parser.add_argument("--list", action="store_true", help="the suites and their versions")
    asked = parser.parse_args()
    if asked.list:
        print(*(f"{suite.name} {suite.version}" for suite in suites.values()), sep="\n")
        return 0
    found, complaints = [], []
    with tempfile.TemporaryDirectory(prefix="ecosystem-wheel-") as folder:
        wheel = published.built(Path(folder))
        for name in asked.only or suites:
            try:
                one = compare(suites[name], wheel, asked.fresh or bool(os.environ.get("CI")))
            except (SystemExit, subprocess.SubprocessError) as error:
                complaints.append(f"{suites[name].name}: it broke off: {error}")
            else:
                found.append(one)
                complaints += one.complaints
                print(f"{name}: upstream {published.counted(one.theirs)}", file=sys.stderr, flush=True)
                print(f"{name}: ours {published.counted(one.ours)}", file=sys.stderr, flush=True)
    print(*complaints, sep="\n", end="\n\n" if complaints else "")
    if found:
        print(table(found))
        if asked.figures:
            page = asked.figures / "ecosystem.md"
            kept = page.read_text(encoding="utf-8") if asked.only and page.exists() else ""
            page.write_text(table(found, kept) + "\n", encoding="utf-8")
    print("\nno difference" if not complaints else f"\n{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
