"""Published test suites: fetched from the package index, unpacked, run with an interpreter, and read test by test.

What runs is never this process: a suite runs in an environment of its own, which tells the `flask` that it imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import typing as t
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests import oracle

ROOT = Path(__file__).resolve().parent.parent
OURS_ALONE = "EventStream"  # a public name of our flask that upstream's has not
RESULTS = ("passed", "failed", "error", "skipped")

# Runs inside the environment under test: first says which flask it has, then lets pytest run in the same process.
_PROBE = """
import importlib.metadata, json, sys
import flask, pytest
found = {"file": flask.__file__, "version": importlib.metadata.version("flask"), "ours": hasattr(flask, sys.argv[2])}
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
raise SystemExit(pytest.main(sys.argv[3:]))
"""
_PACKAGES = """
import importlib.metadata as metadata
names = {d.name.lower(): d.version for d in metadata.distributions()}
print(*sorted(f"{name}=={version}" for name, version in names.items() if name not in ("flask", "pip")), sep="\\n")
"""


@dataclass(frozen=True)
class Outcome:
    """What became of one test, one of `RESULTS`, and what it said."""

    result: str
    message: str = ""
    text: str = ""


Outcomes = dict[str, Outcome]  # by the name of the test


def our_version() -> str:
    """The version that this tree builds."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def fetch(name: str, version: str, sha256: str) -> Path:
    """A published source archive, from the cache or the package index; checked against its known fingerprint."""
    folder = oracle.cache_folder() / "sdist" / f"{name.lower()}-{version}"
    if not any(folder.glob("*.tar.gz")):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as download:
            command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
            command += ["--no-binary", name, "-d", download, f"{name}=={version}"]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            for archive in Path(download).glob("*.tar.gz"):
                shutil.move(archive, folder)
    archive = next(folder.glob("*.tar.gz"))
    seen = hashlib.sha256(archive.read_bytes()).hexdigest()
    if seen != sha256:
        archive.unlink()
        raise SystemExit(f"{archive.name} is not the published one: sha256 {seen}")
    return archive


def unpack(archive: Path, target: Path, *paths: str) -> None:
    """Unpack an archive without its topmost folder: the files and folders that are named, or everything."""
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            inside = member.name.partition("/")[2]
            if inside and (not paths or any(inside == path or inside.startswith(f"{path}/") for path in paths)):
                member.name = inside
                opened.extract(member, target, filter="data")


def answer(interpreter: Path, program: str, *arguments: str) -> str:
    """What a short program prints under an interpreter."""
    command = [str(interpreter), "-I", "-c", program, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def packages(interpreter: Path) -> str:
    """What is installed for an interpreter beside Flask and pip, a pin in each line."""
    return answer(interpreter, _PACKAGES)


def built(target: Path) -> Path:
    """A wheel of this tree as it is now, in a folder; what builds it stands in an environment of its own."""
    folder = oracle.cache_folder() / f"build-{sys.version_info.major}.{sys.version_info.minor}"
    interpreter = oracle.interpreter_of(folder)
    if not (folder / ".made").exists():
        oracle.make_environment(folder)
        oracle.install(interpreter, "hatchling")
        (folder / ".made").touch()
    command = [str(interpreter), "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-build-isolation", "-w", str(target), str(ROOT)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return next(target.glob("flask-*.whl"))


def ours_beside(upstream: Path, folder: Path, wheel: Path) -> Path:
    """An environment with the very packages of another one, but our wheel in place of upstream; its interpreter.

    It is made again when the other one holds other versions. The wheel is installed in any case.
    """
    wanted = packages(upstream)
    interpreter, stamp = oracle.interpreter_of(folder), folder / "wanted.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        oracle.make_environment(folder, answer(upstream, "import sys; print(sys._base_executable)"))
        (folder / "pins.txt").write_text(wanted)
        oracle.install(interpreter, "--no-deps", "-r", folder / "pins.txt")
        oracle.install(interpreter, wheel)
        stamp.write_text(wanted)
    oracle.install(interpreter, "--no-deps", "--force-reinstall", wheel)
    if other := set(wanted.splitlines()) - set(packages(interpreter).splitlines()):
        raise SystemExit(f"{folder} should hold {', '.join(sorted(other))} as upstream's does")
    return interpreter


def outcomes_in(report: Path) -> Outcomes:
    """Each test's outcome, read from a JUnit report; a test that passed and then broke in its teardown is broken."""
    found: Outcomes = {}
    tags = {"failure": "failed", "error": "error", "skipped": "skipped"}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        outcome = Outcome("passed")
        for child in case:
            if child.tag in tags:
                outcome = Outcome(tags[child.tag], child.get("message", ""), child.text or "")
                break
        if name not in found or outcome.result in {"failed", "error"}:
            found[name] = outcome
    return found


def run(
    interpreter: Path,
    suite: Path,
    version: str,
    arguments: t.Sequence[str],
    *,
    seconds: int,
    variables: t.Mapping[str, str] | None = None,
) -> Outcomes:
    """Run an unpacked suite by pytest in an environment, and make sure in the same process which flask that was.

    The commands of the environment are found first. Variables of Flask's and Python's own are not handed down.
    """
    report, witness = suite / "report.xml", suite / "witness.json"
    for old in (report, witness):
        old.unlink(missing_ok=True)
    command = [str(interpreter), "-I", "-c", _PROBE, str(witness), OURS_ALONE, "-q", "--tb=short"]
    command += ["-o", "faulthandler_timeout=60", "-o", "junit_family=xunit2"]
    command += [f"--junitxml={report}", f"--rootdir={suite}", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "PYTHON"))}
    kept["PATH"] = os.pathsep.join([str(interpreter.parent), kept.get("PATH", os.defpath)])
    done = subprocess.run(
        command,
        cwd=suite,
        env=kept | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
        start_new_session=True,  # without a terminal, so that a test that asks for a password finds none
    )
    if not witness.exists() or not report.exists():
        raise SystemExit(f"the suite did not run with {interpreter}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    check_witness(json.loads(witness.read_text()), interpreter, version)
    return outcomes_in(report)


def check_witness(seen: t.Mapping[str, t.Any], interpreter: Path, version: str) -> None:
    """End unless the flask that a suite imported is its environment's, of this version, and ours where that is ours."""
    inside = interpreter.parent.parent.resolve() in Path(seen["file"]).resolve().parents
    if not inside or seen["version"] != version or seen["ours"] != (version == our_version()):
        raise SystemExit(f"the run with {interpreter} used flask {seen['version']} at {seen['file']}")


def counted(outcomes: Outcomes) -> str:
    """How many there are of each result, in words."""
    tally = Counter(outcome.result for outcome in outcomes.values())
    return ", ".join(f"{tally[result]} {result}" for result in RESULTS if tally[result])
