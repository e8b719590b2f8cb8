"""What was measured on and with: the machine, the date, the versions; and how figures of several rounds become one."""

from __future__ import annotations

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_VERSIONS = """
import importlib.metadata as m, json, platform
names = ["flask", "werkzeug", "jinja2", "falcon", "bottle", "pyramid", "django", "quart", "fastapi", "starlette"]
names += ["litestar", "flask-login", "granian", "gunicorn", "waitress", "uvicorn", "hypercorn"]
names += ["uvloop", "httptools", "websockets"]
found = {d.name.lower(): d.version for d in m.distributions()}
print(json.dumps({"python": platform.python_version(), **{n: found[n] for n in names if n in found}}))
"""


def processor() -> str:
    """The processor's model, as the system names it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def load() -> str:
    """How busy the machine is, where it says so: figures of a busy machine are only good as ratios."""
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"


def environment_of_a_child() -> dict[str, str]:
    """The environment variables of a measured process: nothing that adds to its path, one order of its sets."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASK_"))}
    return {**kept, "PYTHONHASHSEED": "0"}


def versions(interpreter: str | Path) -> dict[str, str]:
    """The versions of what is installed for an interpreter and matters here."""
    done = subprocess.run([interpreter, "-I", "-c", _VERSIONS], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def setting(sides: t.Mapping[str, str | Path]) -> dict[str, t.Any]:
    """All that a figure has to be read with."""
    return {
        "date": datetime.date.today().isoformat(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "load at the start": load(),
        "versions": {side: versions(interpreter) for side, interpreter in sides.items()},
    }


def heading(about: t.Mapping[str, t.Any]) -> str:
    """The setting in two or three lines of text; what all sides have alike is said once."""
    every = [dict(found) for found in about["versions"].values()]
    alike = {name: version for name, version in every[0].items() if all(found.get(name) == version for found in every)}
    told = {"all": alike} if len(every) > 1 else {}
    for side, found in about["versions"].items():
        told[side] = {name: version for name, version in found.items() if told.get("all", {}).get(name) != version}
    sides = "; ".join(
        f"{side}: "
        + (", ".join(f"{name} {version}" for name, version in found.items() if name != "python") or "no more")
        for side, found in told.items()
    )
    return (
        f"{about['date']}, {about['python']}, {about['system']}, {about['processor']}, {about['cores']} cores, "
        f"load {about['load at the start']}\n{sides}"
    )


def ratio(theirs: t.Sequence[float], ours: t.Sequence[float]) -> float:
    """How many times more theirs is: the ratio within each round, then the median, as both met the same machine."""
    return statistics.median(one / other for one, other in zip(theirs, ours, strict=True))


def write_json(path: Path | None, about: t.Mapping[str, t.Any], figures: t.Any) -> None:
    """All figures of a run with their setting, if a file is named."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"setting": about, "figures": figures}, indent=1) + "\n", encoding="utf-8")


def publish(folder: Path | None, name: str, about: t.Mapping[str, t.Any], text: str) -> None:
    """A result's text with its setting, as a page that the documentation includes, if a folder is named."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page = f"```text\n{heading(about)}\n\n{text.strip()}\n```\n"
        (folder / f"{name}.md").write_text(page, encoding="utf-8")


def progress(text: str) -> None:
    """A line for whoever waits, apart from the result."""
    print(text, file=sys.stderr, flush=True)


def inside(interpreter: str | Path, module: str, *arguments: object, **variables: str) -> dict[str, t.Any]:
    """The figures that a module of the measurement prints as JSON, run in a process of an interpreter.

    The variables are added to the environment's.
    """
    done = subprocess.run(
        [interpreter, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=environment_of_a_child() | variables,
    )
    if done.returncode:
        words = " ".join(map(str, arguments))
        raise SystemExit(f"{module} {words} on {interpreter}: {done.stdout}{done.stderr}")
    figures: dict[str, t.Any] = json.loads(done.stdout)
    return figures


def resident() -> int:
    """The kilobytes that this process holds now, where the system tells it; else the most that it ever held."""
    return _status("VmRSS")


def threads() -> int:
    """The threads of this process, also those that Python does not know of where the system tells it."""
    return _status("Threads") if Path("/proc/self/status").exists() else threading.active_count()


def let_open(files: int) -> bool:
    """Whether this process and those that it starts may have so many files open; the limit is raised if need be."""
    try:
        import resource
    except ImportError:  # Windows, whose sockets are not files
        return True
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        return False
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return True


def most_resident() -> int:
    """The most kilobytes that this process held since `forget_most_resident`, or since it began."""
    return _status("VmHWM")


def forget_most_resident() -> None:
    """Let the most that is held begin anew with what is held now, where the system can."""
    if Path("/proc/self/clear_refs").exists():
        Path("/proc/self/clear_refs").write_text("5")


def _status(name: str) -> int:
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name))
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
