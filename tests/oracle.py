"""Say where the upstream Flask stands that ours is compared with, and make that environment; never import it here.

The oracle is the Python of an environment of its own, outside of the repository: what the variable DEWAR_ORACLE names,
else ``<user cache>/dewar/oracle-<major.minor>``. Whoever compares asks `python` or `require`:

    python tests/oracle.py          prints the interpreter's path, or why there is none (exit status 1)
    python tests/oracle.py --make   makes the environment if it is not there yet
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

UPSTREAM = "3.1.3"
REQUIREMENTS = Path(__file__).with_name("oracle-requirements.txt")
_PROBE = "import importlib.metadata as m; print(m.version('flask'))"


def cache_folder() -> Path:
    """The folder below the user's cache that holds what is expensive to fetch: environments, published packages."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dewar"


def interpreter_of(environment: Path) -> Path:
    """The interpreter of a virtual environment, wherever this platform puts it."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def expected() -> Path:
    """Where the oracle's interpreter should be by the rule above, there or not."""
    if named := os.environ.get("DEWAR_ORACLE"):
        return Path(named)
    return interpreter_of(cache_folder() / f"oracle-{sys.version_info.major}.{sys.version_info.minor}")


@functools.cache
def _version_at(interpreter: Path) -> str | None:
    """The version of Flask installed for an interpreter; None where either is missing."""
    try:
        done = subprocess.run(
            [interpreter, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def python() -> Path | None:
    """The oracle's interpreter, or None when there is none or it holds another Flask than upstream's 3.1.3."""
    path = expected()
    return path if _version_at(path) == UPSTREAM else None


def require() -> Path:
    """The oracle's interpreter; a test without one fails under CI and is skipped elsewhere."""
    path = python()
    if path is None:
        import pytest

        message = f"no upstream flask=={UPSTREAM} at {expected()} ('make oracle' makes it)"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return path


def install(interpreter: Path, *arguments: str | Path) -> None:
    """Install into an environment, with uv where it is on PATH and with the environment's own pip else."""
    words = [str(word) for word in arguments]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(interpreter), *words]
    else:
        command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def make_environment(folder: Path, base: str = sys.executable) -> Path:
    """Make a virtual environment of a Python that holds pip alone; its interpreter's path."""
    uv = shutil.which("uv")
    command = [uv, "venv", "--quiet", "--clear", "--seed", "--python", base] if uv else [base, "-m", "venv", "--clear"]
    subprocess.run([*command, str(folder)], check=True, stdin=subprocess.DEVNULL)
    return interpreter_of(folder)


def make() -> Path:
    """Make the oracle's environment unless it is there; its interpreter's path."""
    path = expected()
    if _version_at(path) != UPSTREAM:
        if "DEWAR_ORACLE" in os.environ:
            raise SystemExit(f"DEWAR_ORACLE names {path}, which does not hold flask=={UPSTREAM}")
        install(make_environment(path.parent.parent), "-r", REQUIREMENTS)
        _version_at.cache_clear()
        if _version_at(path) != UPSTREAM:
            raise SystemExit(f"{path} should hold flask=={UPSTREAM} and does not")
    return path


def main() -> int:
    """Print the oracle's interpreter, made first if asked."""
    parser = argparse.ArgumentParser(description="Where upstream Flask stands that ours is compared with.")
    parser.add_argument("--make", action="store_true", help="make the environment if it is not there")
    found = make() if parser.parse_args().make else python()
    print(found or f"no upstream flask=={UPSTREAM} at {expected()} ('make oracle' makes it)")
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
