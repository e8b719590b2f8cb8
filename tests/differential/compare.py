"""Runs the cases on two interpreters and tells where they differ; it never decides whether a difference is allowed.

By hand: `python -m tests.differential.compare [--left PYTHON] [--right PYTHON] [MODULE ...]` prints every case that
differs, with both observations. `--left` is the original by default; give it twice to see that it agrees with itself.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from tests import oracle
from tests.differential.intended import Difference, Intended

HERE = Path(__file__).parent
NOTHING = "(nothing)"
Observed = dict[str, Any]
Side = tuple[dict[str, str], Observed]


def modules() -> list[str]:
    """The case modules, one for each bullet of the API."""
    return sorted(path.stem for path in (HERE / "cases").glob("*.py") if path.stem != "__init__")


@cache
def cases(module: str) -> list[str]:
    """The names of a module's cases in the order they stand: its public functions of one argument, `out`."""
    tree = ast.parse((HERE / "cases" / f"{module}.py").read_text(encoding="utf-8"))
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and [argument.arg for argument in node.args.args] == ["out"]
    ]


@cache
def bullet(module: str) -> str:
    """The bullet of the API that a module is about: the first line of its docstring."""
    tree = ast.parse((HERE / "cases" / f"{module}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or module).splitlines()[0].partition(":")[0]


def observe(python: Path, module: str, names: list[str]) -> Side:
    """The versions of the packages that a fresh interpreter runs, and what each case saw there."""
    seen: Observed = {}
    versions: dict[str, str] = {}
    left = list(names)
    while left:
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [str(python), "-X", "utf8", str(HERE / "runner.py"), module, *left],
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                cwd=home,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                timeout=300,
            )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        versions = next((line["versions"] for line in lines if "versions" in line), versions)
        seen.update((line["case"], line["seen"]) for line in lines if "case" in line)
        left = [name for name in left if name not in seen]
        if left:  # the process ended within a case: that case is told, and the others get a process of their own
            seen[left.pop(0)] = [["the interpreter ended", f"{done.returncode}\n{done.stderr[-2000:]}"]]
            if not versions:
                seen.update((name, [["the module cannot be imported", done.stderr[-2000:]]]) for name in left)
                break
    return versions, seen


def _environment(home: str) -> dict[str, str]:
    """As little as an interpreter needs, so that nothing of the caller's shell is seen."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP") if name in os.environ}
    return {**kept, "HOME": home, "USERPROFILE": home, "TZ": "UTC", "PYTHONHASHSEED": "0", "PYTHONSAFEPATH": ""}


def both(left: Path, right: Path, module: str, names: list[str]) -> tuple[Side, Side]:
    """What both interpreters saw, run side by side."""
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(observe, left, module, names)
        second = pool.submit(observe, right, module, names)
        return first.result(), second.result()


def differences(left: list[list[Any]], right: list[list[Any]]) -> list[Difference]:
    """The observations that are not the same: label, the one, the other. The n-th of a label is held to the n-th."""
    first, second = _keyed(left), _keyed(right)
    found = [
        (key[0], first.get(key, NOTHING), second.get(key, NOTHING))
        for key in {**first, **second}
        if first.get(key, NOTHING) != second.get(key, NOTHING)
    ]
    if not found and list(first) != list(second):
        return [("the order of observations", [key[0] for key in first], [key[0] for key in second])]
    return found


def _keyed(seen: list[list[Any]]) -> dict[tuple[str, int], Any]:
    counts: Counter[str] = Counter()
    keyed = {}
    for label, value in seen:
        keyed[label, counts[label]] = value
        counts[label] += 1
    return keyed


def report(found: list[Difference], left: str = "upstream", right: str = "ours") -> str:
    """The differences in lines to be read."""
    width = max(len(left), len(right))
    return "\n".join(
        f"  {label}\n    {left:{width}}  {json.dumps(a, ensure_ascii=False)}\n"
        f"    {right:{width}}  {json.dumps(b, ensure_ascii=False)}"
        for label, a, b in found
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--left", type=Path, default=oracle.python())
    parser.add_argument("--right", type=Path, default=Path(sys.executable))
    parser.add_argument("--show", action="store_true", help="print what the left side saw, too")
    parser.add_argument("--all", action="store_true", help="also the differences that are meant")
    parser.add_argument("-k", default="", help="only cases whose name contains this")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    if options.left is None:
        parser.error(f"no interpreter with the original at {oracle.expected()}")
    different = total = 0
    intended = Intended(HERE / "intended.toml")
    for module in options.modules or modules():
        names = [name for name in cases(module) if options.k in name]
        (_, left), (_, right) = both(options.left, options.right, module, names)
        for name in names:
            total += 1
            if options.show:
                print(f"{module}.{name}")
                for label, seen in left[name]:
                    print(f"    {label}: {json.dumps(seen, ensure_ascii=False)}")
            found = differences(left[name], right[name])
            if not options.all:
                found = intended.unexcused(found, f"{module}.{name}")
            if found:
                different += 1
                print(f"{module}.{name}\n{report(found)}\n")
    print(f"{different} of {total} cases differ")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
