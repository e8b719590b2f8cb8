"""Settings that are found, and settings that are left alone."""

from __future__ import annotations

import typing as t

import pytest

from flask import Request

from ..conftest import Write
from .checking import findings, ids, sound_app


def test_nothing_is_said_of_sound_settings() -> None:
    """An app with the settings of production has no finding."""
    assert ids("settings", sound_app()) == []


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"DEBUG": True}, ["C001"]),
        ({"TESTING": True}, ["C002"]),
        ({"PROPAGATE_EXCEPTIONS": True}, ["C003"]),
        ({"PROPAGATE_EXCEPTIONS": False}, []),
        ({"EXPLAIN_TEMPLATE_LOADING": True}, ["C004"]),
        ({"TEMPLATES_AUTO_RELOAD": True}, ["C005"]),
        ({"TEMPLATES_AUTO_RELOAD": False}, []),
        ({"TRUSTED_HOSTS": None}, ["C006"]),
        ({"TRUSTED_HOSTS": []}, ["C007"]),
        ({"TRUSTED_HOSTS": ["*"]}, ["C007"]),
        ({"TRUSTED_HOSTS": ["https://shop.example", "shop.example/", "."]}, ["C007"] * 3),
        ({"TRUSTED_HOSTS": [None]}, ["C007"]),
        (
            {
                "TRUSTED_HOSTS": [
                    "shop.example",
                    ".shop.example",
                    "127.0.0.1",
                    "[::1]",
                    "localhost:8000",
                    "bücher.example",
                ]
            },
            [],
        ),
        ({"TRUSTED_HOSTS": "shop.example"}, []),
        ({"MAX_CONTENT_LENGTH": None}, ["C008"]),
        ({"MAX_CONTENT_LENGTH": 0}, []),
        ({"DEBUG": "False"}, ["C009", "C001"]),
        ({"SESSION_COOKIE_SECURE": "0"}, ["C009"]),
        ({"SESSION_COOKIE_SECURE": ""}, []),
        ({"MAX_FORM_PARTS": None}, ["C010"]),
        ({"MAX_FORM_MEMORY_SIZE": None}, ["C010"]),
        ({"MAX_FORM_MEMORY_SIZE": 10**9}, []),
        ({"TRAP_HTTP_EXCEPTIONS": True}, ["C011"]),
        ({"TRAP_BAD_REQUEST_ERRORS": True}, ["C011"]),
        ({"TRAP_BAD_REQUEST_ERRORS": None}, []),
    ],
)
def test_each_setting(settings: dict[str, t.Any], found: list[str]) -> None:
    """A setting is found by its value, and left alone with another one."""
    assert ids("settings", sound_app(**settings)) == found


def test_limits_of_the_class_of_requests() -> None:
    """Limits and hosts that the app's own class of requests has count as set."""

    class Own(Request):
        max_content_length = 1000  # type: ignore[assignment]
        trusted_hosts = ["shop.example"]

    app = sound_app(MAX_CONTENT_LENGTH=None, TRUSTED_HOSTS=None)
    app.request_class = Own
    assert ids("settings", app) == []


def test_where_a_variable_comes_from(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debug mode that a variable turned on is told with the variable, and with the file that sets it."""
    from flask.cli import load_dotenv

    monkeypatch.setenv("FLASK_DEBUG", "1")
    [finding] = findings("settings", sound_app(DEBUG=True))
    assert str(finding.where) == "FLASK_DEBUG"

    monkeypatch.delenv("FLASK_DEBUG")
    file = write(".flaskenv", "FLASK_DEBUG=1\n")
    load_dotenv()
    [finding] = findings("settings", sound_app(DEBUG=True), file.parent)
    assert str(finding.where) == "FLASK_DEBUG (.flaskenv)"
