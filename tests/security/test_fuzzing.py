"""The fuzzer: its laws on a few inputs each, what it found so far, and that it finds what there is to find."""

from __future__ import annotations

import subprocess
import sys
import types
import typing as t
from pathlib import Path

import pytest
from hypothesis import strategies as st

from fuzz import by_atheris, by_hypothesis
from fuzz import model as fuzz_model
from fuzz.__main__ import main
from fuzz.model import Finding, Slow, Target
from fuzz.shorter import shortest
from fuzz.targets import NAMES, responses, sessions
from tests.robustness.runner import silent_log

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # of bad hosts, cookies, sessions

FIELD = b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
# Each broke the law of its target once.
FOUND: list[tuple[str, t.Any]] = [
    # A delimiter right behind a part's head was content or not, by where a read ended; so it is in Werkzeug 3.1.9.
    ("multiparts", FIELD + b"--edge\r\n\r\n--edge--\r\n"),
    ("multiparts", FIELD + b"--edge--\r\n--edge--\r\n"),
    # An entity tag with a quote in it, which Werkzeug's IfRange takes and cannot write.
    ("headers", (("If-Range", '0"'),)),
    # What is no address in brackets, of which no URL can be made (measured on upstream 3.1.3: status 500).
    ("headers", (("Host", "[:1]"),)),
    # Numbers that are none were JSON (measured on upstream 3.1.3).
    ("json_bodies", b"NaN"),
    ("json_bodies", b"1e999"),
    # A tag without its item was a `StopIteration`, which ends whatever generator it meets (so on upstream 3.1.3).
    ("tagged_json", ("text", '{" di":""}')),
    ("tagged_json", ("text", '{" di":{}}')),
    # A signature is no promise that a session was signed (measured on upstream 3.1.3: status 500).
    ("sessions", sessions.Cookie(b"")),
    ("sessions", sessions.Cookie(b"1")),
    ("sessions", sessions.Cookie(b'{" b":1}', packed=True)),
    # A name of a header that is no token, and text that no encoding has, left the app.
    ("responses", responses.Recipe("response")),
    ("responses", responses.Recipe("stream", "\ud800")),
]


@pytest.mark.parametrize("name", NAMES)
def test_fuzzing_keeps_every_law(name: str) -> None:
    """A moment of random input to each target breaks no law; for longer there are `make fuzz` and `make fuzz-quick`."""
    with silent_log():
        outcome = by_hypothesis.run(Target.named(name), 0.4, seed=20261123)
    assert outcome.finding is None, outcome.finding.line()
    assert outcome.examples > 0


@pytest.mark.parametrize(("name", "value"), FOUND, ids=[f"{name}-{number}" for number, (name, _) in enumerate(FOUND)])
def test_fuzzing_found_this_once(name: str, value: t.Any) -> None:
    """What fuzzing has found stays mended."""
    with silent_log():
        Target.named(name).check(value)


def module(law: t.Callable[[t.Any], None], **names: t.Any) -> types.ModuleType:
    """A target of this test's own."""
    made = types.ModuleType("fuzz.targets.own")
    made.__dict__.update(law=law, **names)
    return made


def refuses_x(text: str) -> None:
    """No text holds an x."""
    assert "x" not in text


def test_fuzzing_finds_the_smallest_input() -> None:
    """What breaks a law is found, made as small as it can be, and told as a line of Python that does it again."""
    outcome = by_hypothesis.run(Target.of(module(refuses_x, inputs=st.text("abcx"))), 60, seed=1)
    finding = t.cast(Finding, outcome.finding)
    assert finding.line() == "from fuzz.targets.own import *; law('x')"
    assert "AssertionError" in finding.error
    assert outcome.seconds < 60


def test_fuzzing_is_the_same_for_the_same_seed() -> None:
    """A run by Hypothesis draws the same for the same seed, and something else for another."""
    drawn: list[list[str]] = []

    def law(text: str) -> None:
        drawn[-1].append(text)

    for seed in (1, 1, 2):
        drawn.append([])
        by_hypothesis.run(Target.of(module(law, inputs=st.text())), 0.5, seed)
    first, again, other = (texts[:20] for texts in drawn)
    assert len(first) == 20
    assert first == again != other


def test_fuzzing_takes_what_is_slow_for_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input that takes the processor out of all proportion is a finding, though its law holds."""
    monkeypatch.setattr(fuzz_model, "LONGEST", 0)
    with pytest.raises(Slow):
        Target.of(module(lambda value: [*range(10_000)].sort(), inputs=st.none())).check(None)


def test_fuzzing_cuts_bytes_short() -> None:
    """Of bytes that break a law in one way, what does not matter for that is left out."""

    def check(data: bytes) -> None:
        if b"c" in data:
            raise KeyError
        assert not (data.startswith(b"a") and b"b" in data)

    assert shortest(b"a123b456" * 20, check) == b"ab"
    assert shortest(b"fine", check) == b"fine"


@pytest.mark.slow
def test_fuzzing_by_coverage(tmp_path: Path) -> None:
    """Atheris runs a target in a process of its own and keeps what it tried; the command says where it is missing."""
    if not by_atheris.is_here():
        with pytest.raises(SystemExit):
            main(["--engine", "atheris"])
        return
    outcome = by_atheris.run(Target.named("cookies"), 3, 1, tmp_path)
    assert outcome.finding is None, outcome.finding.error
    assert outcome.examples > 100
    assert any((tmp_path / "cookies" / "corpus").iterdir())


def test_fuzzing_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The command lists its targets with their laws, runs those that are named, and says how much it has tried."""
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(NAMES)
    assert all(line.endswith(".") for line in listed)
    assert main(["--only", "cookies", "--engine", "hypothesis", "--seconds", "0.2"]) == 0
    assert "1 targets" in capsys.readouterr().out


def test_fuzzing_says_what_it_found(tmp_path: Path) -> None:
    """The line that is printed for a finding runs by itself, with the same error."""
    line = Finding.of(Target.named("cookies"), "a=b", AssertionError()).line()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import sys; sys.path[:0] = sys.argv[1:]; {line}", ROOT, ROOT / "src"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
