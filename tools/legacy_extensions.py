"""Run applications of 2020, with extensions of 2020, on upstream Flask and on ours with and without `flask.legacy`.

Each program of tests/legacy/extensions is such an application, unchanged. The extensions stand in an environment of
their own below the user's cache, with upstream Flask; ours comes before it on the path. Exit status 1 unless every
program fails on upstream and runs on ours with FLASK_LEGACY=1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.oracle import UPSTREAM, cache_folder, install, interpreter_of, make_environment  # noqa: E402

PROGRAMS = ROOT / "tests" / "legacy" / "extensions"

#: The extension that each program is about. They are installed without what they require: they require old Flasks.
EXTENSIONS = {
    "bootstrap_flask": "bootstrap-flask==1.5.1",
    "flask_assets": "flask-assets==2.0",
    "flask_babel": "flask-babel==2.0.0",
    "flask_executor": "flask-executor==0.9.4",
    "flask_menu": "flask-menu==0.7.2",
    "flask_restful": "flask-restful==0.3.8",
    "flask_script": "flask-script==2.0.6",
    "flask_session": "flask-session==0.3.2",
    "flask_sqlalchemy": "flask-sqlalchemy==2.5.1",
    "flask_testing": "flask-testing==0.8.0",
}
REQUIRED = ("sqlalchemy<2", "babel", "pytz", "cachelib", "six", "webassets", "aniso8601", "setuptools<82")


def environment() -> Path:
    """The interpreter of the environment with upstream Flask and the extensions, which is made unless it is there."""
    folder = cache_folder() / f"legacy-{sys.version_info.major}.{sys.version_info.minor}"
    wanted = "\n".join([UPSTREAM, *EXTENSIONS.values(), *REQUIRED])
    made = folder / "holds.txt"
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        python = make_environment(folder)
        install(python, f"flask=={UPSTREAM}", *REQUIRED)
        install(python, "--no-deps", *EXTENSIONS.values())
        made.write_text(wanted, encoding="utf-8")
    return interpreter_of(folder)


def run(python: Path, program: Path, **variables: str) -> str:
    """What a program ends with: nothing if it ran, else the last line of its traceback."""
    surroundings = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "FLASK_LEGACY"}}
    # The program's own folder must not be on the path: the programs are named like the extensions.
    code = f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"
    done = subprocess.run(
        [python, "-P", "-W", "ignore", "-c", code],
        env=surroundings | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return lines[-1] if done.returncode else ""


def main() -> int:
    """Run all programs three times, and print what became of each."""
    python = environment()
    ours = str(ROOT / "src")
    is_good = True
    for name, extension in EXTENSIONS.items():
        program = PROGRAMS / f"{name}.py"
        upstream = run(python, program)
        plain = run(python, program, PYTHONPATH=ours)
        legacy = run(python, program, PYTHONPATH=ours, FLASK_LEGACY="1")
        is_good = is_good and bool(upstream) and not legacy
        print(extension)
        for where, ended in (("upstream", upstream), ("ours", plain), ("ours with flask.legacy", legacy)):
            print(f"  {where:24}{ended or 'runs'}")
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
