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
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import oracle  # noqa: E402 - the repository's root has to be importable first

EXCEPTIONS = ROOT / "docs" / "decisions" / "conformance-exceptions.toml"
ARCHIVE = f"flask-{oracle.UPSTREAM}.tar.gz"
FINGERPRINT = "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb"  # sha256, as pip verified it
SHARE_OF_EXCEPTIONS = 0.01
LIMIT_SECONDS = 600
VERDICT = {True: "passes", False: "fails"}

# Runs inside the environment under test: first says which flask it has, then lets pytest run in the same process.
PROBE = """
import importlib.metadata, json, sys
import flask, pytest
with open(sys.argv[1], "w") as file:
    json.dump({"file": flask.__file__, "version": importlib.metadata.version("flask")}, file)
raise SystemExit(pytest.main(sys.argv[2:]))
"""
LIST_PACKAGES = """
import importlib.metadata as metadata
names = {d.name.lower(): d.version for d in metadata.distributions()}
print(*sorted(f"{name}=={version}" for name, version in names.items() if name not in ("flask", "pip")), sep="\\n")
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one test: passed, failed or skipped, and what it said."""

    result: str
    message: str = ""
    text: str = ""


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


def fetch_archive() -> Path:
    """The published source archive, from the cache or the package index; checked against its known fingerprint."""
    cached = oracle.cache_folder() / "sdist" / ARCHIVE
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
            command += ["--no-binary", ":all:", "-d", folder, f"flask=={oracle.UPSTREAM}"]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            shutil.move(Path(folder) / ARCHIVE, cached)
    seen = hashlib.sha256(cached.read_bytes()).hexdigest()
    if seen != FINGERPRINT:
        cached.unlink()
        raise SystemExit(f"{ARCHIVE} is not the published one: sha256 {seen}")
    return cached


def unpack_tests(archive: Path, target: Path) -> None:
    """Unpack upstream's tests and pytest settings, and nothing of its source."""
    top = ARCHIVE.removesuffix(".tar.gz")
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            inside = member.name.removeprefix(f"{top}/")
            if inside == "pyproject.toml" or inside.startswith("tests/"):
                member.name = inside
                opened.extract(member, target, filter="data")


def answer(interpreter: Path, program: str) -> str:
    """What a short program prints under an interpreter."""
    done = subprocess.run([interpreter, "-I", "-c", program], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def our_environment(upstream: Path) -> Path:
    """An environment with the very packages of the oracle, but our flask built from this tree in place of upstream."""
    wanted = answer(upstream, LIST_PACKAGES) + "\nhatchling\n"
    version = answer(upstream, "import sys; print('{}.{}'.format(*sys.version_info))")
    folder = ROOT / ".build" / f"conformance-{version}"
    interpreter = oracle.interpreter_of(folder)
    stamp = folder / "wanted.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        base = answer(upstream, "import sys; print(sys._base_executable)")
        oracle.make_environment(folder, base)
        requirements = folder / "requirements.txt"
        requirements.write_text(wanted)
        oracle.install(interpreter, "-r", requirements)
        stamp.write_text(wanted)
    command = [str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "--force-reinstall", str(ROOT)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return interpreter


def outcomes_in(report: Path) -> dict[str, Outcome]:
    """Each test's outcome, read from a JUnit report; a test that passed and then failed in its teardown has failed."""
    found: dict[str, Outcome] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        outcome = Outcome("passed")
        for child in case:
            if child.tag in {"failure", "error", "skipped"}:
                result = "skipped" if child.tag == "skipped" else "failed"
                outcome = Outcome(result, child.get("message", ""), child.text or "")
                break
        if name not in found or outcome.result == "failed":
            found[name] = outcome
    return found


def run_suite(interpreter: Path, suite: Path, version: str, only: str | None) -> dict[str, Outcome]:
    """Run the unpacked suite with one interpreter, and make sure in the same process which flask that was."""
    report = suite / "report.xml"
    witness = suite / "witness.json"
    for old in (report, witness):
        old.unlink(missing_ok=True)
    command = [str(interpreter), "-I", "-c", PROBE, str(witness), "-q", "--tb=short", "-p", "no:cacheprovider"]
    command += ["-o", "faulthandler_timeout=60", "-o", "junit_family=xunit2", f"--junitxml={report}"]
    command += [f"--rootdir={suite}", *(["-k", only] if only else []), str(suite / "tests")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "PYTHON"))}
    done = subprocess.run(
        command,
        cwd=suite,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if not witness.exists() or not report.exists():
        raise SystemExit(f"the suite did not run with {interpreter}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    seen = json.loads(witness.read_text())
    environment_root = interpreter.parent.parent.resolve()
    if seen["version"] != version or environment_root not in Path(seen["file"]).resolve().parents:
        raise SystemExit(f"the run with {interpreter} used flask {seen['version']} at {seen['file']}")
    return outcomes_in(report)


def worse(theirs: dict[str, Outcome], ours: dict[str, Outcome]) -> list[Difference]:
    """The tests that pass upstream and not here, or that are skipped only here."""
    missing = Outcome("missing", "the test was not collected")
    found = []
    for test, there in theirs.items():
        here = ours.get(test, missing)
        fine = here.result == "passed" or there.result == "failed" or there.result == here.result == "skipped"
        if not fine:
            found.append(Difference(test, there, here))
    return found


def exceptions() -> dict[str, str]:
    """The tests that cannot pass here, each with its reason."""
    listed = tomllib.loads(EXCEPTIONS.read_text(encoding="utf-8")).get("exception", [])
    reasons = {entry["test"]: entry["reason"].strip() for entry in listed}
    if empty := [test for test, reason in reasons.items() if not reason]:
        raise SystemExit(f"exceptions without a reason: {', '.join(empty)}")
    return reasons


def counted(outcomes: dict[str, Outcome]) -> str:
    """How many passed, failed and were skipped, in words."""
    tally = Counter(outcome.result for outcome in outcomes.values())
    return ", ".join(f"{tally[result]} {result}" for result in ("passed", "failed", "skipped") if tally[result])


def write_failures(target: Path, differences: list[Difference]) -> None:
    """Write each difference with its message, for whoever mends it."""
    parts = [f"{len(differences)} tests are worse than upstream\n"]
    for difference in differences:
        head = f"=== {difference.test}  ({difference.ours.result})"
        parts.append(f"{head}\n{difference.ours.message}\n{difference.ours.text}\n")
    target.write_text("\n".join(parts), encoding="utf-8")


def judge(theirs: dict[str, Outcome], ours: dict[str, Outcome], failures: Path | None) -> list[str]:
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
    print(f"upstream {oracle.UPSTREAM}: {counted(theirs)}")
    print(f"ours {our_version()}: {counted(ours)}; {len(allowed)} listed exceptions")
    return complaints


def our_version() -> str:
    """The version that this tree builds."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


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


def known_upstream(upstream: Path, suite: Path, archive: Path) -> dict[str, Outcome]:
    """Upstream's own outcomes: run once per environment and kept in the cache beside the archive."""
    key = hashlib.sha256((answer(upstream, LIST_PACKAGES) + str(upstream)).encode()).hexdigest()[:16]
    kept = archive.with_name(f"outcomes-{key}.json")
    if kept.exists():
        return {name: Outcome(*fields) for name, fields in json.loads(kept.read_text()).items()}
    found = run_suite(upstream, suite, oracle.UPSTREAM, None)
    kept.write_text(json.dumps({name: [o.result, o.message, o.text] for name, o in found.items()}))
    return found


@contextlib.contextmanager
def unpacked() -> Iterator[tuple[Path, Path]]:
    """The archive, and a temporary folder with its tests that is gone afterwards."""
    archive = fetch_archive()
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        suite = Path(folder).resolve()
        unpack_tests(archive, suite)
        yield archive, suite


def compare(only: str | None, failures: Path | None, fresh: bool) -> list[str]:
    """Run what was asked for; what is wrong, a line each."""
    upstream = oracle.make()
    ours = our_environment(upstream)
    with unpacked() as (archive, suite):
        here = run_suite(ours, suite, our_version(), only)
        if only:
            there = known_upstream(upstream, suite, archive)
            differences = worse({test: there[test] for test in here if test in there}, here)
            print(f"ours: {counted(here)}; {len(differences)} worse than upstream")
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
