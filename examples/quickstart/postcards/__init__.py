"""Postcards: a wall of pictures that people send one another. Puts the application together; answers no request."""

import os
import secrets
from pathlib import Path

from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask

from . import accounts, api, errors, forgery, posting, text, wall, welcome
from .models import db


def create_app(instance_path: str | None = None) -> Flask:
    """Make the application; what it must remember is kept in the instance folder (an absolute path, if given).

    Settings come from the environment too: ``FLASK_MAX_CONTENT_LENGTH=1000000``, ``FLASK_PROXIES=1`` and so on.
    """
    app = Flask(__name__, instance_path=instance_path)
    instance = Path(app.instance_path)
    instance.mkdir(parents=True, exist_ok=True)

    app.config.from_mapping(
        MAX_CONTENT_LENGTH=5 * 1024 * 1024,
        SESSION_COOKIE_SAMESITE="Lax",
        SQLALCHEMY_DATABASE_URI="sqlite:///postcards.sqlite",  # a relative path starts in the instance folder
        PROXIES=0,
    )
    app.config.from_prefixed_env()
    app.secret_key = app.secret_key or kept_secret(instance / "secret_key")

    # X-Forwarded-* headers are believed only for as many proxies as really stand in front: anyone can send them.
    proxies = app.config["PROXIES"]
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_port=proxies, x_prefix=proxies
    )

    for part in (accounts, api, posting, wall):
        app.register_blueprint(part.blueprint)
    for part in (errors, forgery, text):
        part.init_app(app)

    db.init_app(app)
    with app.app_context():
        db.create_all()
        welcome.hang_first_cards()
    return app


def kept_secret(path: Path) -> str:
    """The key that signs the session cookies: made on the first run, readable by its owner alone, then kept."""
    try:
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, mode=0o600)) as file:
            file.write(secrets.token_hex())
    except FileExistsError:
        pass
    return path.read_text()
