"""What a version, a specifier and a marker mean: the same as to the library that installers use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion
from packaging.version import Version as Known

from flask.cli.moving.requirements import admits, requirement, version

OURS = "3.1.3+dewar.1"
NUMBERS = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(
    ["", "a1", "b2", "rc1", ".post1", ".dev1", "a1.dev2", ".post2.dev3", "-1", "_pre4", "c", ".r2"]
)
LABELS = st.sampled_from(["", "+dewar.1", "+dewar.2", "+dewar", "+1", "+1.a", "+ubuntu-1"])
EPOCHS = st.sampled_from(["", "0!", "1!", "v"])
PUBLIC = st.builds(lambda *parts: "".join(parts), EPOCHS, NUMBERS, SUFFIXES)
VERSIONS = st.builds(lambda *parts: "".join(parts), PUBLIC, LABELS)


@given(VERSIONS, VERSIONS)
def test_versions_have_their_order(one: str, other: str) -> None:
    """Two versions compare as PEP 440 has it."""
    here, there = version(one), version(other)
    assert here is not None
    assert there is not None
    assert (here < there, here == there) == (Known(one) < Known(other), Known(one) == Known(other))


CLAUSES = st.one_of(
    st.builds(lambda op, v: f"{op}{v}", st.sampled_from(["==", "!=", "==="]), VERSIONS),
    st.builds(lambda op, v: f"{op} {v}", st.sampled_from(["<=", ">=", "<", ">", "~="]), PUBLIC),
    st.builds(lambda op, v: f"{op}{v}.*", st.sampled_from(["==", "!="]), NUMBERS),
)


@given(st.lists(CLAUSES, max_size=3).map(",".join), st.one_of(st.just(OURS), VERSIONS))
def test_a_specifier_admits_what_installers_admit(specifier: str, candidate: str) -> None:
    """Every operator, with wildcards and labels, admits the same versions."""
    try:
        known = SpecifierSet(specifier, prereleases=True)
    except InvalidSpecifier:
        return
    assert admits(specifier, candidate) is known.contains(candidate, prereleases=True)


@pytest.mark.parametrize(
    ("specifier", "fits"),
    [
        ("", True),
        (">=0.9", True),
        (">=2.2.5,<4", True),
        ("==3.1.3", True),
        ("==3.1.*", True),
        ("<=3.1.3", True),
        ("~=3.1.0", True),
        ("==3.1.3+dewar.1", True),
        (">3.1.3", False),
        (">=3.1.4", False),
        ("<3.1", False),
        ("!=3.1.3", False),
        ("==3.1.3+other", False),
        ("===3.1.3", False),
    ],
)
def test_our_label_is_what_pep_440_says_of_it(specifier: str, fits: bool) -> None:
    """A build of 3.1.3 with a label is 3.1.3 to whoever names none; it is not later than 3.1.3."""
    assert admits(specifier, OURS) is fits


@pytest.mark.parametrize("text", ["", "x", "1..2", "1.0+", "1.0 0"])
def test_what_is_no_version(text: str) -> None:
    """Where a text is no version, nothing is made of it."""
    with pytest.raises(InvalidVersion):
        Known(text)
    assert version(text) is None
    with pytest.raises(ValueError, match="is no version"):
        admits(">=1", text)


@pytest.mark.parametrize("text", ["=1", "1.0", ">=", "~=1.*", ">=x"])
def test_what_is_no_specifier(text: str) -> None:
    """A specifier that cannot be read is an error, not an answer."""
    with pytest.raises(ValueError, match=r"is no specifier|is no version"):
        admits(text, OURS)


@pytest.mark.parametrize(
    "marker",
    [
        'python_version >= "3.8"',
        'python_version < "3.10"',
        "python_full_version >= '3.8.1' and os_name == 'posix'",
        'sys_platform == "win32" or (os_name == "posix" and python_version != "2.7")',
        '(sys_platform == "win32" or os_name == "posix") and extra == "Async_IO"',
        "extra == 'async-io'",
        'extra != "async-io"',
        '"linux" in sys_platform',
        '"x" not in sys_platform and python_version ~= "3.5"',
        'platform_python_implementation == "PyPy"',
    ],
)
@pytest.mark.parametrize("extra", ["", "async-io", "Async.IO"])
def test_markers_hold_as_installers_see_them(marker: str, extra: str) -> None:
    """Brackets, `and` before `or`, versions as versions, extras by their normal form."""
    environment = {str(name): str(value) for name, value in default_environment().items()}
    asked = requirement(f"Flask>=2; {marker}")
    assert asked is not None
    assert asked.applies(environment, extra) is Marker(marker).evaluate({"extra": extra})


@pytest.mark.parametrize("marker", ["nonsense", "os_name ==", "(os_name == 'a'", "os_name == 'a' 'b'", "$"])
def test_what_is_no_marker(marker: str) -> None:
    """A marker that cannot be read is an error."""
    asked = requirement(f"flask; {marker}")
    assert asked is not None
    with pytest.raises(ValueError, match="marker"):
        asked.applies({"os_name": "posix"})


@pytest.mark.parametrize(
    ("text", "name", "specifier", "url"),
    [
        ("Flask", "flask", "", ""),
        ("Flask_SQLAlchemy [async,x] >=3,<4", "flask-sqlalchemy", ">=3,<4", ""),
        ("flask (>=0.9)", "flask", ">=0.9", ""),
        (
            "flask @ git+https://example.com/a.git@main ; os_name == 'posix'",
            "flask",
            "",
            "git+https://example.com/a.git@main",
        ),
    ],
)
def test_requirements_are_read(text: str, name: str, specifier: str, url: str) -> None:
    """The forms of PEP 508, and the older one with brackets."""
    asked = requirement(text)
    assert asked is not None
    assert (asked.name, asked.specifier, asked.url) == (name, specifier, url)


@pytest.mark.parametrize("text", ["", "-r other.txt", "./folder", "flask >=2; x\n; y; @ ["])
def test_what_is_no_requirement(text: str) -> None:
    """Nothing is made of other text, or nothing that asks for Flask."""
    asked = requirement(text)
    assert asked is None or asked.marker
