"""The shed: who has which of the neighbourhood's tools."""

from flask import Flask, render_template
from flask_wtf import CSRFProtect

from . import commands, people, tools
from .models import db

csrf = CSRFProtect()


def create_app(settings=None):
    """An app; `settings` go before those of the environment, which begin with SHED_."""
    app = Flask(__name__)
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI="sqlite:///shed.sqlite",  # below the instance folder
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=100_000,
        LOAN_DAYS=14,
    )
    app.config.from_prefixed_env("SHED")
    app.config.from_mapping(settings or {})

    db.init_app(app)
    csrf.init_app(app)
    app.register_blueprint(people.blueprint)
    app.register_blueprint(tools.blueprint)
    app.cli.add_command(commands.shed)
    for code in (400, 403, 404):
        app.register_error_handler(code, show_error)
    return app


def show_error(error):
    """The page for what a visitor did that cannot be."""
    return render_template("error.html", error=error), error.code
