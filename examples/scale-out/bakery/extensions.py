"""The extensions, made once without an application and bound to it by the factory; nothing is asked of them here."""

from __future__ import annotations

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy.orm import DeclarativeBase

from flask import Flask


class Base(DeclarativeBase):
    """The root of all tables."""


db = SQLAlchemy(model_class=Base)
sessions = Session()
limiter = Limiter(get_remote_address)
csrf = CSRFProtect()
logins = LoginManager()
logins.login_view = "accounts.sign_in"
logins.login_message = "Please sign in first."


def init_app(app: Flask) -> None:
    """Bind them all."""
    for extension in (db, sessions, limiter, csrf, logins):
        extension.init_app(app)
