"""The bakery's files for deployment agree with one another, with the app's settings and with `flask serve`."""

from __future__ import annotations

import ast
import re
import shlex
import typing as t
from pathlib import Path

import pytest
import yaml

from flask import Flask
from flask.cli.serve import serve_command

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "scale-out"
CONFIG = EXAMPLE / "config"
UNITS = sorted((CONFIG / "systemd").glob("*.service"))
OPTIONS = {name for parameter in serve_command.params for name in (*parameter.opts, *parameter.secondary_opts)}
VARIABLES = {f"FLASK_SERVE_{parameter.name.upper()}" for parameter in serve_command.params if parameter.name}


def text(name: str) -> str:
    return (EXAMPLE / name).read_text(encoding="utf-8")


def compose() -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", yaml.safe_load(text("compose.yaml")))


def settings_of_the_app() -> set[str]:
    """The names in the app's table of defaults, and Flask's own; the app itself needs what is not installed here."""
    for node in ast.parse(text("bakery/settings.py")).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
            keys = {str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)}
            return keys | set(Flask(__name__).config)
    raise AssertionError("bakery/settings.py has no table of defaults")


def variables_in(source: str) -> set[str]:
    return set(re.findall(r"\b((?:BAKERY|FLASK)_[A-Z_]+)\b", source))


@pytest.mark.parametrize(
    "name", ["config/bakery.env", "compose.yaml", *(str(unit.relative_to(EXAMPLE)) for unit in UNITS)]
)
def test_each_variable_is_a_setting(name: str) -> None:
    """Whatever a file tells the app or the server in a variable is something that one of them knows."""
    told = variables_in(text(name))
    assert told
    known = {f"BAKERY_{setting}" for setting in settings_of_the_app()} | VARIABLES
    assert told <= known


def test_each_option_of_flask_serve_exists() -> None:
    """Whatever `flask serve` is given, in the image, in a unit or by `start`, is one of its options."""
    script = text("local/bakery.py")
    commands = [
        next(line for line in text("Dockerfile").splitlines() if line.startswith("CMD")),
        next(line for line in text("config/systemd/bakery-node@.service").splitlines() if line.startswith("ExecStart")),
        script[script.index("def _serve") : script.index("def _celery")],
    ]
    for command in commands:
        given = set(re.findall(r"--[a-z][a-z-]+", command)) - {"--app"}
        assert given
        assert given <= OPTIONS


def test_the_compose_file_names_only_what_is_there() -> None:
    """Each service that another one waits for, each secret, network, volume and file of the compose file exists."""
    whole = compose()
    for name, service in whole["services"].items():
        assert set(service.get("depends_on", {})) <= set(whole["services"]), name
        assert set(service.get("secrets", [])) <= set(whole["secrets"]), name
        assert set(service["networks"]) <= set(whole["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in whole["volumes"] or (EXAMPLE / source).exists(), (name, source)
        if "env_file" in service:
            assert (EXAMPLE / service["env_file"]).exists()
        if "build" in service:
            context = (EXAMPLE / service["build"]["context"]).resolve()
            assert (context / service["build"]["dockerfile"]).exists()
            copied = re.findall(r"^COPY (.+) \S+$", text("Dockerfile"), re.MULTILINE)
            assert all((context / path).exists() for line in copied for path in shlex.split(line))


def test_nginx_the_nodes_and_compose_agree() -> None:
    """Nginx asks the nodes that compose starts, at the port that they listen on, and they believe nginx alone."""
    services = compose()["services"]
    nodes = re.findall(r"^server (\w+):(\d+)", text("config/nginx/nodes.conf"), re.MULTILINE)
    assert [name for name, _ in nodes] == [name for name in services if name.startswith("node")]
    listened = re.search(r'"--port", "(\d+)"', text("Dockerfile"))
    assert listened is not None
    assert {port for _, port in nodes} == {listened[1]}
    address = services["nginx"]["networks"]["bakery"]["ipv4_address"]
    for name, _ in nodes:
        assert services[name]["environment"]["FLASK_SERVE_FORWARDED_ALLOW_IPS"] == address
        assert services[name]["environment"]["BAKERY_NODE"] == name


def test_no_secret_stands_in_a_file_of_the_repository() -> None:
    """The three secrets come from files that are nowhere in the repository, and each unit is given all of them."""
    names = {"secret_key", "database_password", "redis_password"}
    assert set(compose()["secrets"]) == names
    assert not (EXAMPLE / "secrets").exists() or "secrets/" in text(".gitignore").splitlines()
    for unit in UNITS:
        assert set(re.findall(r"^LoadCredential=(\w+):", unit.read_text(encoding="utf-8"), re.MULTILINE)) == names
    assert not re.search(r"(?im)^\s*[A-Z_]*(?:password|secret_key)\s*[=:]\s*\S", text("config/bakery.env"))


def test_every_process_has_longer_to_end_than_it_may_need() -> None:
    """Whoever supervises waits longer than the server waits for requests, or Celery for a job, before it kills."""
    graceful = re.search(r"FLASK_SERVE_GRACEFUL_TIMEOUT=(\d+)", text("config/bakery.env"))
    job = re.search(r'"JOB_VISIBILITY_TIMEOUT": (\d+)', text("bakery/settings.py"))
    assert graceful is not None
    assert job is not None
    services = compose()["services"]
    for service, unit, least in (("node1", "node@", graceful[1]), ("worker", "worker@", job[1])):
        waits = re.search(r"^TimeoutStopSec=(\d+)", text(f"config/systemd/bakery-{unit}.service"), re.MULTILINE)
        assert waits is not None
        assert int(waits[1]) > int(least)
        assert int(services[service]["stop_grace_period"].removesuffix("s")) > int(least)
