"""The bakery: customers order bread, and ask for a report of what they had. Puts the application together.

Nothing is kept in the process that serves: sessions and counts are in Redis, data in PostgreSQL, jobs with Celery. So
any node may answer any request, and a node may die at any moment.
"""

from __future__ import annotations

from typing import Any

from flask import Flask

from . import about, accounts, commands, errors, extensions, jobs, logs, orders, reports, settings


def create_app(**changed: Any) -> Flask:
    """Make the application, as the environment and the secret files say; what is named here is said last."""
    app = Flask(__name__)
    app.config.from_mapping(settings.DEFAULTS)
    app.config.from_prefixed_env("BAKERY")
    app.config.from_mapping(settings.secrets(app.config))
    app.config.from_mapping(changed)
    settings.complete(app.config)

    extensions.init_app(app)
    jobs.init_app(app)
    for part in (accounts, orders, reports):
        app.register_blueprint(part.blueprint)
    for further in (logs, about, errors, commands):
        further.init_app(app)
    return app
