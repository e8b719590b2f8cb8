"""The smallest app and blueprint that can be set up: no protocol, so nothing here can serve."""

from __future__ import annotations

import typing as t

from werkzeug.wrappers import Response

from flask.sansio.app import App
from flask.sansio.blueprints import Blueprint
from flask.templating import Environment

SETTINGS: dict[str, t.Any] = {
    "DEBUG": None,
    "TESTING": False,
    "SECRET_KEY": None,
    "PERMANENT_SESSION_LIFETIME": 60,
    "PROVIDE_AUTOMATIC_OPTIONS": True,
    "TEMPLATES_AUTO_RELOAD": None,
    "TRAP_HTTP_EXCEPTIONS": False,
    "TRAP_BAD_REQUEST_ERRORS": None,
}


class PlainApp(App):
    default_config = SETTINGS
    response_class = Response

    def create_jinja_environment(self) -> Environment:
        return self.jinja_environment(self, **self.jinja_options)


class PlainBlueprint(Blueprint):
    def send_static_file(self, filename: str) -> str:
        return filename


def plain_app(**options: t.Any) -> PlainApp:
    return PlainApp("json", **options)


def plain_blueprint(name: str = "b", **options: t.Any) -> PlainBlueprint:
    return PlainBlueprint(name, "json", **options)


def rules(app: App) -> dict[str, str]:
    """Each rule of the app with its endpoint, in order of registration."""
    return {rule.rule: rule.endpoint for rule in app.url_map.iter_rules()}


def view() -> str:
    return ""


def other_view() -> str:
    return ""
