"""Atheris as an engine: libFuzzer makes up bytes, led by what of the package they reach. Linux alone has it.

Each target has a process of its own, since libFuzzer ends the one that it runs in:
`python -m fuzz.by_atheris TARGET SECONDS SEED FOLDER` prints what was found as JSON.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import subprocess
import sys
import time
import typing as t
from dataclasses import asdict
from pathlib import Path

from fuzz.model import Finding, Run, Target, seed_of
from fuzz.shorter import shortest

ROOT = Path(__file__).resolve().parents[1]
FOUND = "found.json"
LONGEST_INPUT = 2000
_EXAMPLES = re.compile(r"stat::number_of_executed_units: *(\d+)")


def is_here() -> bool:
    """Whether this Python has Atheris."""
    return importlib.util.find_spec("atheris") is not None


def run(target: Target[t.Any], seconds: float, seed: int, folder: Path) -> Run:
    """Try for so long, or until something is found, beginning with what earlier runs kept in the folder."""
    where = folder / target.name
    where.mkdir(parents=True, exist_ok=True)
    (where / FOUND).unlink(missing_ok=True)
    begin = time.monotonic()
    command = [sys.executable, "-m", "fuzz.by_atheris", target.name, str(max(1, round(seconds))), str(seed), str(where)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    outcome = Run(target.name, "atheris", seed, time.monotonic() - begin)
    (where / "log.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    if counted := _EXAMPLES.search(done.stderr):
        outcome.examples = int(counted[1])
    if (where / FOUND).exists():
        outcome.finding = Finding(**json.loads((where / FOUND).read_text(encoding="utf-8")))
    elif done.returncode:
        # It ran out of memory or time, or the interpreter itself broke: libFuzzer has kept the input, if there was one.
        outcome.finding = Finding(target.name, None, f"{done.stderr[-3000:]}\nMore in {where}.")
    return outcome


def _work(name: str, seconds: str, seed: str, folder: str) -> None:
    """In the process of a target: libFuzzer's loop, from which nobody returns."""
    atheris: t.Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["flask"]):
        target = Target.named(name)
    where = Path(folder)
    corpus, words = where / "corpus", where / "words.txt"
    corpus.mkdir(exist_ok=True)
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if word), encoding="ascii")
    check = _checking(target)

    def one(data: bytes) -> None:
        try:
            check(data)
        except Exception:
            short = shortest(data, check)
            _tell(target, short, where)
            raise

    options = {
        "max_total_time": seconds,
        "seed": str(seed_of(int(seed), name) % 2**31 or 1),
        **({"dict": str(words)} if target.words else {}),
        "artifact_prefix": f"{where}/",
        "max_len": str(LONGEST_INPUT),
        "timeout": "30",
        "print_final_stats": "1",
        "verbosity": "0",
    }
    atheris.Setup([sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus)], one)
    atheris.Fuzz()


def _checking(target: Target[t.Any]) -> t.Callable[[bytes], object]:
    """What tries some bytes: they are the input, or they decide what Hypothesis draws."""
    if target.raw is not None:
        raw = target.raw
        return lambda data: target.check(raw(data))
    import hypothesis

    drawn = hypothesis.settings(database=None, deadline=None)(hypothesis.given(target.inputs)(target.check))
    return t.cast(t.Any, drawn).hypothesis.fuzz_one_input  # type: ignore[no-any-return]


def _tell(target: Target[t.Any], data: bytes, where: Path) -> None:
    """Write the finding for whoever started this process."""
    broken: list[t.Any] = []

    def keep(value: t.Any) -> None:
        broken[:] = [value]
        target.check(value)

    try:
        _checking(Target(target.name, target.inputs, keep, target.raw))(data)
    except Exception as error:  # noqa: BLE001 - the finding
        (where / FOUND).write_text(json.dumps(asdict(Finding.of(target, broken[0], error))), encoding="utf-8")


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    _work(*sys.argv[1:])
