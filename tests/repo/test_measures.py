"""The tools that judge the project notice what they are there to notice."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from tests import oracle
from tools import published

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def load(name: str) -> ModuleType:
    """A tool as a module, without running it."""
    spec = importlib.util.spec_from_file_location(f"tool_{name}", TOOLS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def conformance() -> ModuleType:
    """The comparison with upstream's published suite."""
    return load("conformance")


@pytest.fixture(scope="module")
def summary() -> ModuleType:
    """The count that closes a run of CI."""
    return load("ci_summary")


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """What makes a release."""
    return load("release")


@pytest.mark.parametrize(
    ("theirs", "ours", "is_worse"),
    [
        ("passed", "passed", False),
        ("passed", "failed", True),
        ("passed", "skipped", True),
        ("passed", None, True),
        ("skipped", "skipped", False),
        ("skipped", "passed", False),
        ("skipped", "failed", True),
        ("skipped", None, True),
        ("failed", "failed", False),
        ("passed", "error", True),
        ("error", "failed", False),
        ("failed", "passed", False),
    ],
)
def test_worse_is_what_passes_only_upstream(
    conformance: ModuleType, theirs: str, ours: str | None, is_worse: bool
) -> None:
    """A test that upstream passes has to pass here; a skip, or its absence, is no pass."""
    here = {"a::b": conformance.Outcome(ours)} if ours else {}
    found = conformance.worse({"a::b": conformance.Outcome(theirs)}, here)
    assert [difference.test for difference in found] == (["a::b"] if is_worse else [])


def test_a_failing_teardown_breaks_its_test(tmp_path: Path) -> None:
    """A report in which a test passed and its teardown then failed counts it as broken."""
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="b"/><testcase classname="a" name="b">'
        '<error message="left behind">where</error></testcase><testcase classname="a" name="c"><skipped message="w"/>'
        "</testcase></testsuite></testsuites>"
    )
    found = published.outcomes_in(report)
    assert {name: outcome.result for name, outcome in found.items()} == {"a::b": "error", "a::c": "skipped"}


@pytest.mark.parametrize(
    ("version", "inside", "ours", "right"),
    [
        ("3.1.3", True, False, True),
        ("3.1.3", True, True, False),
        ("3.1.3", False, False, False),
        ("3.1.2", True, False, False),
    ],
)
def test_a_run_with_another_flask_counts_for_nothing(
    tmp_path: Path, version: str, inside: bool, ours: bool, right: bool
) -> None:
    """What a suite imported must lie in its environment, have its version, and be ours only where that is meant."""
    interpreter = tmp_path / "bin" / "python"
    file = (tmp_path if inside else tmp_path.parent) / "lib" / "flask" / "__init__.py"
    with contextlib.nullcontext() if right else pytest.raises(SystemExit, match="used flask"):
        published.check_witness({"version": version, "file": str(file), "ours": ours}, interpreter, "3.1.3")


def test_the_name_of_ours_alone_is_so(conformance: ModuleType) -> None:
    """What tells ours from upstream at run time is a public name here, and none there."""
    import flask

    assert hasattr(flask, published.OURS_ALONE)
    program = "import flask, sys; print(hasattr(flask, sys.argv[1]))"
    assert published.answer(oracle.require(), program, published.OURS_ALONE) == "False"


def test_archives_are_unpacked_as_asked(tmp_path: Path) -> None:
    """The topmost folder falls away; only what is named is unpacked, and nothing outside of the target."""
    source, target = tmp_path / "shop-1.0", tmp_path / "target"
    for name in ("tests/test_a.py", "tests_more/b.py", "src/shop.py", "pyproject.toml"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    with tarfile.open(tmp_path / "shop.tar.gz", "w:gz") as archive:
        archive.add(source, "shop-1.0")
    published.unpack(tmp_path / "shop.tar.gz", target, "tests", "pyproject.toml")
    assert {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()} == {
        "tests/test_a.py",
        "pyproject.toml",
    }


@pytest.fixture(scope="module")
def ecosystem() -> ModuleType:
    """The comparison by the suites of extensions."""
    return load("ecosystem")


@pytest.mark.parametrize("theirs", ["passed", "failed", "error", "skipped", None])
@pytest.mark.parametrize("ours", ["passed", "failed", "error", "skipped", None])
def test_any_difference_of_a_suite_counts(ecosystem: ModuleType, theirs: str | None, ours: str | None) -> None:
    """Whatever becomes of a test must become of it on both sides, for better or worse; also that there is one."""
    suite = ecosystem.Suite("Shop", "1.0", "0")
    there, here = (
        {"a::b": published.Outcome("passed"), **({"a::c": published.Outcome(result, "why")} if result else {})}
        for result in (theirs, ours)
    )
    found = ecosystem.Found(suite, 10, {}, there, here)
    assert bool(found.complaints) is (theirs != ours)
    assert all("a::c" in complaint for complaint in found.complaints)


def test_a_suite_that_shows_nothing_counts(ecosystem: ModuleType) -> None:
    """Where no test passes upstream, that nothing differs is no evidence."""
    suite = ecosystem.Suite("Shop", "1.0", "0")
    for result in ("failed", "error", "skipped"):
        outcomes = {"a::b": published.Outcome(result)}
        (complaint,) = ecosystem.Found(suite, 10, {}, outcomes, outcomes).complaints
        assert "nothing is shown" in complaint
    assert ecosystem.Found(suite, 10, {}, {}, {}).complaints


def test_one_suite_replaces_its_row(ecosystem: ModuleType) -> None:
    """A table of a part keeps the other rows of the table before, each suite in its place."""
    suites, passed = [*ecosystem.known().values()][:3], {"a::b": published.Outcome("passed")}
    pins = dict.fromkeys(ecosystem.STANDS_ON, "1.0")
    found = [ecosystem.Found(suite, 10, pins, passed, passed) for suite in suites]
    before = ecosystem.table(found)
    more = passed | {"a::c": published.Outcome("passed")}
    after = ecosystem.table([ecosystem.Found(suites[1], 10, pins, more, more)], before)
    assert ["| 2 | 2 | 2 | 0 |" in line for line in after.splitlines()[-3:]] == [False, True, False]
    assert [line.split(" | ")[0] for line in after.splitlines()[-3:]] == [f"| {suite.name}" for suite in suites]


def test_suites_are_pinned(ecosystem: ModuleType) -> None:
    """Each suite has an exact version and a fingerprint, and the eight of the promise are among them."""
    suites = ecosystem.known()
    assert all(re.fullmatch(r"[0-9a-f]{64}", suite.sha256) for suite in suites.values())
    assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)+", suite.version) for suite in suites.values())
    named = "sqlalchemy login wtf cors migrate restful caching limiter".split()
    assert {f"flask-{name}" for name in named} <= suites.keys()


def test_exceptions_that_pass_are_refused(
    conformance: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception stays listed only as long as its test is worse here than upstream."""
    listed = tmp_path / "exceptions.toml"
    listed.write_text('[[exception]]\ntest = "a::b0"\nreason = "asserts a private part"\n')
    monkeypatch.setattr(conformance, "EXCEPTIONS", listed)
    passed, failed = conformance.Outcome("passed"), conformance.Outcome("failed", "no")
    theirs = {f"a::b{number}": passed for number in range(200)}
    assert conformance.judge(theirs, theirs | {"a::b0": failed}, None) == []
    assert len(conformance.judge(theirs, theirs, None)) == 1
    assert len(conformance.judge(theirs, theirs | {"a::b0": failed, "a::b1": failed}, None)) == 1


def test_exceptions_are_fewer_than_one_in_a_hundred(
    conformance: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One exception among a hundred tests is one too many."""
    listed = tmp_path / "exceptions.toml"
    listed.write_text('[[exception]]\ntest = "a::b0"\nreason = "asserts a private part"\n')
    monkeypatch.setattr(conformance, "EXCEPTIONS", listed)
    theirs = {f"a::b{number}": conformance.Outcome("passed") for number in range(100)}
    ours = theirs | {"a::b0": conformance.Outcome("failed", "no")}
    assert len(conformance.judge(theirs, ours, None)) == 1


def test_exceptions_need_a_reason(conformance: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception without a reason stops the comparison."""
    listed = tmp_path / "exceptions.toml"
    listed.write_text('[[exception]]\ntest = "a::b"\nreason = " "\n')
    monkeypatch.setattr(conformance, "EXCEPTIONS", listed)
    with pytest.raises(SystemExit, match="without a reason: a::b"):
        conformance.exceptions()


def test_ci_counts_tests_and_steps(summary: ModuleType, tmp_path: Path) -> None:
    """Each test of a report is one, each step without a report is one, and a step that failed is never lost."""
    (tmp_path / "test.step").write_text("ok\n")
    (tmp_path / "test.xml").write_text(
        '<testsuites><testsuite tests="5" skipped="1" failures="0" errors="0"/></testsuites>'
    )
    (tmp_path / "lint.step").write_text("ok\n")
    assert summary.count(tmp_path) == (5, 0)
    (tmp_path / "types.step").write_text("failed\n")
    (tmp_path / "again.step").write_text("failed\n")
    (tmp_path / "again.xml").write_text(
        '<testsuites><testsuite tests="3" skipped="0" failures="2" errors="0"/></testsuites>'
    )
    assert summary.count(tmp_path) == (6, 3)


def test_ci_counts_a_broken_run_of_passing_tests_as_failed(summary: ModuleType, tmp_path: Path) -> None:
    """A run whose tests all passed and that ended with an error nevertheless has failed."""
    (tmp_path / "test.step").write_text("failed\n")
    (tmp_path / "test.xml").write_text(
        '<testsuites><testsuite tests="5" skipped="0" failures="0" errors="0"/></testsuites>'
    )
    assert summary.count(tmp_path) == (5, 1)


def test_a_release_is_dated_and_the_next_one_opened(release: ModuleType) -> None:
    """What was not released gets its day, and above it stands the next number."""
    before = "# Changes\n\n## 3.1.3+dewar.9 (not released)\n\n- New.\n"
    entry = release.dated(before, "3.1.3+dewar.9", "2026-12-01")
    project, coming = release.following('[project]\nversion = "3.1.3+dewar.9"\n')
    assert (project, coming) == ('[project]\nversion = "3.1.3+dewar.10"\n', "3.1.3+dewar.10")
    assert release.opened(entry, coming) == (
        "# Changes\n\n## 3.1.3+dewar.10 (not released)\n\n## 3.1.3+dewar.9 (2026-12-01)\n\n- New.\n"
    )


@pytest.mark.parametrize(
    "changes",
    [
        "# Changes\n",
        "# Changes\n\n## 3.1.3+dewar.9 (2026-12-01)\n",
        "# Changes\n\n## 3.1.3+dewar.10 (not released)\n\n## 3.1.3+dewar.9 (not released)\n",
    ],
)
def test_a_release_needs_its_changes(release: ModuleType, changes: str) -> None:
    """Nothing is released whose changes nobody has written down."""
    with pytest.raises(release.Refused, match="CHANGES"):
        release.dated(changes, "3.1.3+dewar.9", "2026-12-01")


def test_what_stands_here_could_be_released(release: ModuleType) -> None:
    """The version and CHANGES.md go together."""
    version = release.version_of((release.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["version"]
    assert version in (release.ROOT / "README.md").read_text(encoding="utf-8")
    release.dated((release.ROOT / "CHANGES.md").read_text(encoding="utf-8"), version, "today")
