"""The application of the tutorial keeps its own promises, and its deployment speaks of one and the same thing."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).resolve().parents[2] / "examples" / "tutorial"
DEPLOY = TUTORIAL / "deploy"


@pytest.mark.slow
def test_its_own_tests_pass() -> None:
    """The tests that the tutorial has its readers write pass, run as it says."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"],
        cwd=TUTORIAL,
        env={name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "SHED_", "PYTEST_"))},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^2\d passed", done.stdout, re.MULTILINE), done.stdout


def test_the_deployment_agrees_with_itself() -> None:
    """Nginx asks the port that the server listens at, for the host that the app trusts, with bodies that it takes."""
    pairs = (line.partition("=") for line in (DEPLOY / "shed.env").read_text().splitlines())
    variables = {name: value for name, _, value in pairs}
    nginx = (DEPLOY / "nginx.conf").read_text()
    host = re.search(r"server_name (\S+);", nginx)
    assert host is not None
    assert variables["SHED_TRUSTED_HOSTS"] == f"'[\"{host[1]}\"]'"
    assert f"server 127.0.0.1:{variables['FLASK_SERVE_PORT']};" in nginx
    assert "client_max_body_size 100k;" in nginx
    assert "MAX_CONTENT_LENGTH=100_000," in (TUTORIAL / "shed" / "__init__.py").read_text()
    assert "EnvironmentFile=/etc/shed.env" in (DEPLOY / "shed.service").read_text()


def test_the_environment_sets_the_app_up() -> None:
    """What the file of variables says is what the app has for its settings, with the types that Flask expects."""
    program = (
        "import dotenv; dotenv.load_dotenv('deploy/shed.env')\n"
        "from shed import create_app; config = create_app().config\n"
        "print(config['TRUSTED_HOSTS'], config['SESSION_COOKIE_SECURE'], config['SQLALCHEMY_DATABASE_URI'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=TUTORIAL, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "['shed.example.org'] True sqlite:////var/lib/shed/shed.sqlite"


@pytest.mark.slow
def test_nothing_is_wrong_with_it() -> None:
    """The check that the tutorial has its readers run finds nothing where all is set up as it says."""
    lines = (DEPLOY / "shed.env").read_text().replace("'", "").splitlines()
    variables = dict(line.split("=", 1) for line in lines) | {"SHED_SECRET_KEY": secrets.token_hex()}
    done = subprocess.run(
        [sys.executable, "-m", "flask", "check", "--fail-level", "info"],
        cwd=TUTORIAL,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_says_what_it_needs() -> None:
    """The extensions that it imports are those that its project file names."""
    needs = tomllib.loads((TUTORIAL / "pyproject.toml").read_text())["project"]["dependencies"]
    source = "".join(file.read_text() for file in (TUTORIAL / "shed").glob("*.py"))
    imported = {name.replace("_", "-") for name in re.findall(r"^from (flask_\w+) import", source, re.MULTILINE)}
    assert imported == {need for need in needs if need.startswith("flask-")}
