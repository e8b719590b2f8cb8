"""Run upstream's own published test suite on upstream and on ours, and compare test by test; nothing of it is kept.

The published source archive of Flask 3.1.3 is fetched with pip, its tests are unpacked into a temporary folder, and the
same run is made twice in two like environments: one with upstream installed, one with ours. What passes there must
pass here; a skip that upstream lacks counts as a failure. Tests that assert a private part of upstream are named, each
with its reason, in docs/decisions/conformance-exceptions.toml: less than one in a hundred, and never one that passes.
Then upstream's programs for type checkers go through mypy and pyright against our types.

    python tools/conformance.py                     everything; exit status 0 when nothing is worse than upstream
    python tools/conformance.py --only test_json    the inner loop: ours alone, tests whose name matches (pytest's -k)
    python tools/conformance.py --failures FILE     also write each difference with its message into FILE
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# The repository's root has to be importable first.
from tests import oracle  # noqa: E402
from tools import published  # noqa: E402
from tools.published import Outcome, Outcomes  # noqa: E402

EXCEPTIONS = ROOT / "docs" / "decisions" / "conformance-exceptions.toml"
FINGERPRINT = "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb"  # sha256, as pip verified it
SHARE_OF_EXCEPTIONS = 0.01
LIMIT_SECONDS = 600
VERDICT = {True: "passes", False: "fails"}


@dataclass(frozen=True)
class Difference:
    """One test that is worse on ours than on upstream, and how."""

    test: str
    theirs: Outcome
    ours: Outcome

    def in_words(self) -> str:
        """The difference on one line."""
        said = self.ours.message.splitlines()[:1] or [""]
        return f"{self.test}: {self.theirs.result} upstream, {self.ours.result} here: {said[0]}"


def run_suite(interpreter: Path, suite: Path, version: str, only: str | None) -> Outcomes:
    """Run the unpacked suite with one interpreter."""
    chosen = [*(["-k", only] if only else []), str(suite / "tests")]
    return published.run(interpreter, suite, version, chosen, seconds=LIMIT_SECONDS)


def worse(theirs: Outcomes, ours: Outcomes) -> list[Difference]:
    """The tests that pass upstream and not here, or that are skipped only here."""
    missing = Outcome("missing", "the test was not collected")
    found = []
    for test, there in theirs.items():
        here = ours.get(test, missing)
        broken_there = there.result in {"failed", "error"}
        if not (here.result == "passed" or broken_there or there.result == here.result == "skipped"):
            found.append(Difference(test, there, here))
    return found


def exceptions() -> dict[str, str]:
    """The tests that cannot pass here, each with its reason."""
    listed = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8")).get("exception", [])
    reasons = {entry["test"]: entry["reason"].strip() for entry in listed}
    if empty := [test for test, reason in reasons.items() if not reason]:
        raise SystemExit(f"exceptions without a reason: {', '.join(empty)}")
    return reasons


def write_failures(target: Path, differences: list[Difference]) -> None:
    """Write each difference with its message, for whoever mends it."""
    parts = [f"{len(differences)} tests are worse than upstream\n"]
    for difference in differences:
        head = f"=== {difference.test}  ({difference.ours.result})"
        parts.append(f"{head}\n{difference.ours.message}\n{difference.ours.text}\n")
    target.write_text("\n".join(parts), encoding="utf-8")


def judge(theirs: Outcomes, ours: Outcomes, failures: Path | None) -> list[str]:
    """What is wrong with our run beside upstream's, a line each."""
    allowed = exceptions()
    differences = worse(theirs, ours)
    if failures:
        write_failures(failures, differences)
    complaints = [difference.in_words() for difference in differences if difference.test not in allowed]
    failing = {difference.test for difference in differences}
    complaints += [
        f"{test}: listed as an exception, but it is no worse here" for test in allowed if test not in failing
    ]
    if len(allowed) >= SHARE_OF_EXCEPTIONS * len(theirs):
        complaints.append(f"{len(allowed)} exceptions among {len(theirs)} tests: {SHARE_OF_EXCEPTIONS:.0%} or more")
    print(f"upstream {oracle.UPSTREAM}: {published.counted(theirs)}")
    print(f"ours {published.our_version()}: {published.counted(ours)}; {len(allowed)} listed exceptions")
    return complaints


def check_types(upstream: Path, ours: Path, suite: Path) -> list[str]:
    """Upstream's programs for type checkers, against our types with mypy and pyright; a line for each that fails."""
    programs = sorted((suite / "tests" / "type_check").glob("*.py"))
    if not programs:
        raise SystemExit("the archive holds no programs for type checkers")
    settings = suite / "types"
    settings.mkdir(exist_ok=True)
    (settings / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    complaints = []
    for program in programs:
        for checker in ("mypy", "pyright"):
            there, _ = run_checker(checker, upstream, program, settings)
            here, said = run_checker(checker, ours, program, settings)
            print(f"{checker} {program.name}: upstream {VERDICT[there]}, ours {VERDICT[here]}")
            if not here:
                complaints.append(f"{checker} {program.name}:\n{said}")
    return complaints


def run_checker(checker: str, interpreter: Path, program: Path, settings: Path) -> tuple[bool, str]:
    """Whether one program passes one checker with the packages of an environment, and what the checker said."""
    command = [sys.executable, "-m", checker]
    if checker == "mypy":
        command += ["--config-file", str(settings / "mypy.ini"), "--python-executable", str(interpreter)]
        command += ["--cache-dir", str(settings / f"cache-{interpreter.parent.parent.name}")]
    else:
        command += ["--pythonpath", str(interpreter)]
    done = subprocess.run(
        [*command, str(program)], cwd=settings, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def known_upstream(upstream: Path, suite: Path, archive: Path) -> Outcomes:
    """Upstream's own outcomes: run once per environment and kept in the cache beside the archive."""
    key = hashlib.sha256((published.packages(upstream) + str(upstream)).encode()).hexdigest()[:16]
    kept = archive.with_name(f"outcomes-{key}.json")
    if kept.exists():
        return {name: Outcome(*fields) for name, fields in json.loads(kept.read_text()).items()}
    found = run_suite(upstream, suite, oracle.UPSTREAM, None)
    kept.write_text(json.dumps({name: [o.result, o.message, o.text] for name, o in found.items()}))
    return found


@contextlib.contextmanager
def unpacked() -> Iterator[tuple[Path, Path]]:
    """The archive, and a temporary folder with its tests that is gone afterwards."""
    archive = published.fetch("flask", oracle.UPSTREAM, FINGERPRINT)
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        suite = Path(folder).resolve()
        published.unpack(archive, suite, "pyproject.toml", "tests")  # and nothing of its source
        yield archive, suite


def compare(only: str | None, failures: Path | None, fresh: bool) -> list[str]:
    """Run what was asked for; what is wrong, a line each."""
    upstream = oracle.make()
    with unpacked() as (archive, suite):
        version = published.answer(upstream, "import sys; print('{}.{}'.format(*sys.version_info))")
        ours = published.ours_beside(upstream, ROOT / ".build" / f"conformance-{version}", published.built(suite))
        here = run_suite(ours, suite, published.our_version(), only)
        if only:
            there = known_upstream(upstream, suite, archive)
            differences = worse({test: there[test] for test in here if test in there}, here)
            print(f"ours: {published.counted(here)}; {len(differences)} worse than upstream")
            return [f"{d.test}\n{d.ours.text}" for d in differences]
        there = run_suite(upstream, suite, oracle.UPSTREAM, None) if fresh else known_upstream(upstream, suite, archive)
        return judge(there, here, failures) + check_types(upstream, ours, suite)


def main() -> int:
    """Print what is worse than upstream; exit status 0 when nothing is."""
    parser = argparse.ArgumentParser(description="Run upstream's published tests on upstream and on ours.")
    parser.add_argument("--only", metavar="PATTERN", help="run ours alone, the tests that match (pytest's -k)")
    parser.add_argument("--failures", metavar="FILE", type=Path, help="write each difference with its message")
    parser.add_argument("--fresh", action="store_true", help="run upstream again instead of reading its known outcomes")
    options = parser.parse_args()
    complaints = compare(options.only, options.failures, options.fresh or bool(os.environ.get("CI")))
    for complaint in complaints:
        print(complaint)
    print("conformance holds" if not complaints else f"{len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    raise SystemExit(main())
