"""Make a release of what stands here: checked, built, tried out, tagged. Nothing is pushed or uploaded.

python tools/release.py            check and build version 3.1.3+dewar.N of pyproject.toml, try the wheel, tag vVERSION
python tools/release.py --check    only say whether it could be done

What must hold before: a clean tree, `.ci/run` (it is run, unless --without-ci), and CHANGES.md that begins with the
version as "(not released)". The date is put there, the archives are left in dist/, and a second commit opens the next
version.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = re.compile(r'^version = "(?P<version>(?P<api>[\d.]+)\+dewar\.(?P<number>\d+))"$', re.MULTILINE)
OPEN = "not released"
TRIAL = """
import flask, importlib.metadata as metadata
app = flask.Flask("trial")
app.get("/")(lambda: "served")
assert app.test_client().get("/").text == "served"
print(metadata.version("flask"))
"""


class Refused(Exception):
    """Why nothing is released, and what to do."""


def version_of(project: str) -> re.Match[str]:
    """The version in the text of pyproject.toml: `version`, and its parts `api` and `number`."""
    found = VERSION.search(project)
    if found is None:
        raise Refused('pyproject.toml has no line of the form version = "3.1.3+dewar.1".')
    return found


def dated(changes: str, version: str, day: str) -> str:
    """CHANGES.md with the day on which its first version was released."""
    heading = f"## {version} ({OPEN})"
    if changes.count(heading) != 1 or not changes.partition("## ")[2].startswith(heading[3:]):
        raise Refused(f"CHANGES.md has to begin with {heading!r}: say there what is new.")
    return changes.replace(heading, f"## {version} ({day})")


def opened(changes: str, version: str) -> str:
    """CHANGES.md with a heading for the version that is worked on next."""
    before, mark, rest = changes.partition("## ")
    return f"{before}## {version} ({OPEN})\n\n{mark}{rest}"


def following(project: str) -> tuple[str, str]:
    """The text of pyproject.toml with the next number, and that version."""
    now = version_of(project)
    version = f"{now['api']}+dewar.{int(now['number']) + 1}"
    return project.replace(now[0], f'version = "{version}"'), version


def run(*words: str | Path) -> str:
    """What a command prints; one that fails ends the release."""
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(map(str, words))} ended with status {done.returncode}.")
    return done.stdout.strip()


def check(tag: str) -> None:
    """Raise `Refused` where the tree is not what could be released."""
    if run("git", "status", "--porcelain"):
        raise Refused("There are changes that are not committed: commit or stash them.")
    if run("git", "tag", "--list", tag):
        raise Refused(f"The tag {tag} is there already: this version was released.")


def built(folder: Path) -> Path:
    """Make both archives in a folder, by an environment that exists for it alone; the wheel."""
    with tempfile.TemporaryDirectory() as tools:
        python = _environment(Path(tools))
        run(python, "-m", "pip", "install", "--quiet", "hatchling")
        run(python, "-m", "hatchling", "build", "--directory", folder)
    return max(folder.glob("*.whl"), key=os.path.getmtime)


def try_out(wheel: Path, version: str) -> None:
    """Install the wheel where nothing else is, and have it serve a request."""
    with tempfile.TemporaryDirectory() as folder:
        python = _environment(Path(folder))
        run(python, "-m", "pip", "install", "--quiet", wheel)
        # Isolated: neither this folder nor a PYTHONPATH may stand in for what was built.
        if (told := run(python, "-I", "-c", TRIAL)) != version:
            raise Refused(f"The wheel says that it is {told}, not {version}.")


def _environment(folder: Path) -> Path:
    venv.create(folder, with_pip=True)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def release(*, with_ci: bool) -> None:
    """All of it; see the top of this file."""
    project, changes, readme = ROOT / "pyproject.toml", ROOT / "CHANGES.md", ROOT / "README.md"
    version = version_of(project.read_text(encoding="utf-8"))["version"]
    tag = f"v{version}"
    check(tag)
    entry = dated(changes.read_text(encoding="utf-8"), version, datetime.date.today().isoformat())
    if with_ci:
        run("bash", ROOT / ".ci" / "run")
    changes.write_text(entry, encoding="utf-8")
    try:
        try_out(built(ROOT / "dist"), version)
    except Refused:
        run("git", "checkout", "--quiet", "--", changes)
        raise
    run("git", "commit", "--quiet", "--message", f"Release {version}", changes)
    run("git", "tag", "--annotate", "--message", f"Release {version}", tag)

    text, coming = following(project.read_text(encoding="utf-8"))
    project.write_text(text, encoding="utf-8")
    changes.write_text(opened(entry, coming), encoding="utf-8")
    readme.write_text(readme.read_text(encoding="utf-8").replace(version, coming), encoding="utf-8")
    run("git", "commit", "--quiet", "--message", f"Begin {coming}", project, changes, readme)
    print(f"{tag} is made, its archives stand in dist/. To publish it: git push --follow-tags")


def main() -> int:
    """The exit status: 1 with the reason on standard error where nothing was released."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether it could be done")
    parser.add_argument("--without-ci", action="store_true", help="CI has passed for this very commit")
    asked = parser.parse_args()
    try:
        if asked.check:
            version = version_of((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["version"]
            check(f"v{version}")
            dated((ROOT / "CHANGES.md").read_text(encoding="utf-8"), version, "today")
            print(f"{version} can be released.")
        else:
            release(with_ci=not asked.without_ci)
    except Refused as reason:
        print(f"Nothing is released: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
