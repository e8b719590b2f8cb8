"""The examples of the page on types are what it says of them: quiet in the strict mode of both checkers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .pages import DOCS, ROOT, examples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples as modules, beside the files that they have."""
    folder = tmp_path_factory.mktemp("typed")
    for number, example in enumerate(examples(DOCS / "typing.md")):
        for block in example.blocks:
            if block.kind == "file":
                (folder / block.name).parent.mkdir(exist_ok=True)
                (folder / block.name).write_text(block.text, encoding="utf-8")
        code = [block.text for block in example.blocks if block.kind == "python"]
        (folder / f"example_{number}.py").write_text("\n".join(code), encoding="utf-8")
    return folder


def _is_quiet(folder: Path, *command: str) -> None:
    """Run a checker of this environment, which sees this flask."""
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_mypy_is_quiet(folder: Path) -> None:
    """The one called mypy, in strict mode, says nothing of them."""
    pytest.importorskip("mypy")
    _is_quiet(folder, "mypy", "--strict", "--config-file=", "--cache-dir=cache", "--exclude=cache", ".")


@pytest.mark.slow
def test_pyright_is_quiet(folder: Path) -> None:
    """The one called pyright, in strict mode, says nothing of them."""
    pytest.importorskip("pyright")
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT / "src")], "exclude": ["cache"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    _is_quiet(folder, "pyright", "--pythonpath", sys.executable)
