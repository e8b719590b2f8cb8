"""The environments that the sides are measured in, one each, below the user's cache; never the one that this runs in.

Each is described by a file of pins in `requirements/` and made again only when its description has changed.

    python -m bench environments [side …]
"""

from __future__ import annotations

import compileall
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from tests import oracle

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = Path(__file__).with_name("requirements")
PEERS = ("falcon", "bottle", "pyramid", "django")
ASYNC_PEERS = ("quart", "fastapi", "starlette", "litestar")
OURS = ("ours", "ours-async")  # the latter with the servers that speak ASGI, and Flask-Login
SIDES = ("upstream", "ours", *PEERS)
ASYNC_SIDES = ("ours-async", *ASYNC_PEERS)
OTHERS = ("plots",)  # what is not measured

INSTALLED = "measure a plain install of the tree as it is now, not the tree itself, which may change meanwhile"


def folder(side: str) -> Path:
    """Where a side's environment stands, made or not."""
    return oracle.cache_folder() / f"bench-{side}-{sys.version_info.major}.{sys.version_info.minor}"


def description(side: str) -> str:
    """A digest of all that decides what a side's environment holds."""
    texts = _requirements(REQUIREMENTS / f"{side}.txt")
    if side in OURS:
        texts.append(repr(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]))
    return hashlib.sha256("\0".join([sys.version, *texts]).encode()).hexdigest()


def _requirements(file: Path) -> list[str]:
    """The text of a file of pins, and of those that it names."""
    text = file.read_text(encoding="utf-8")
    named = [line.removeprefix("-r ") for line in text.splitlines() if line.startswith("-r ")]
    return [text, *(more for name in named for more in _requirements(file.with_name(name)))]


def make(side: str) -> Path:
    """Make a side's environment unless it is there as described; its interpreter's path. Ours follows the tree."""
    where, stamp = folder(side), folder(side) / ".made"
    interpreter = oracle.interpreter_of(where)
    if not stamp.exists() or stamp.read_text() != description(side):
        print(f"making {where}", file=sys.stderr)
        oracle.make_environment(where)
        oracle.install(interpreter, "-r", REQUIREMENTS / f"{side}.txt", *([ROOT] if side in OURS else []))
        compileall.compile_dir(where, quiet=2, workers=0)
        stamp.write_text(description(side))
    if side in OURS:
        _follow_the_tree(interpreter)
    return interpreter


def ours(installed: bool) -> Path:
    """The interpreter that has ours: this one, whose install follows every change of the tree, or a plain one's."""
    return make("ours") if installed else Path(sys.executable)


def before(commit: str) -> Path:
    """The interpreter that has the source of an earlier commit, among what the tree's own install has."""
    make("ours")
    where = folder("before")
    interpreter = oracle.interpreter_of(where)
    if not where.exists():
        oracle.make_environment(where)
    oracle.install(interpreter, "-r", REQUIREMENTS / "ours.txt", ROOT)
    archive = subprocess.run(["git", "archive", commit, "src/flask"], cwd=ROOT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as then:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(then, filter="data")
        _put(interpreter, Path(then) / "src" / "flask")
    return interpreter


def _follow_the_tree(interpreter: Path) -> None:
    _put(interpreter, ROOT / "src" / "flask")


def _put(interpreter: Path, source: Path) -> None:
    """Put a source where the installer had put ours: a plain install, not an editable one."""
    asked = [str(interpreter), "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    installed, coming, going = (packages / name for name in ("flask", "flask.coming", "flask.going"))
    if _digest_of(source) == _digest_of(installed):
        return
    for left in (coming, going):  # by a run that was broken off
        shutil.rmtree(left, ignore_errors=True)
    shutil.copytree(source, coming, ignore=shutil.ignore_patterns("__pycache__"))
    if installed.exists():
        installed.rename(going)
    coming.rename(installed)
    shutil.rmtree(going, ignore_errors=True)
    subprocess.run([interpreter, "-m", "compileall", "-q", installed], check=True)


def _digest_of(package: Path) -> str:
    """A digest of all modules of a package, where each lies and what it holds."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        found.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def main(sides: list[str]) -> None:
    for side in sides or (*SIDES, *ASYNC_SIDES, *OTHERS):
        print(f"{side:<11} {make(side)}")
