"""Who is there: joining, signing in and out. A password is never kept or logged; wrong ones are counted."""

from __future__ import annotations

import re

from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from .extensions import db, limiter, logins
from .models import Account

NAME = re.compile(r"[\w.-]{2,30}")
SHORTEST_PASSWORD = 8

blueprint = Blueprint("accounts", __name__)


@logins.user_loader
def account(number: str) -> Account | None:
    return db.session.get(Account, int(number))


def address_and_name() -> str:
    """Whom a wrong password is counted for: one address may not try one account's passwords one after the other."""
    return f"{get_remote_address()} {request.form.get('name', '')[:30]}"


def refused(response: Response) -> bool:
    return response.status_code == 401


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    return render_template("sign_in.html")


@blueprint.post("/sign-in")
@limiter.limit("5 per minute", key_func=address_and_name, deduct_when=refused)
def signed_in() -> ResponseReturnValue:
    name, password = request.form["name"].strip(), request.form["password"]
    found = db.session.scalar(db.select(Account).filter_by(name=name))
    if found is None or not check_password_hash(found.password_hash, password):
        current_app.logger.warning("sign-in as %.30r refused", name)
        flash("That name and that password do not go together.")
        return render_template("sign_in.html"), 401
    return enter(found)


@blueprint.post("/join")
@limiter.limit("100 per minute")
def join() -> ResponseReturnValue:
    name, password = request.form["name"].strip(), request.form["password"]
    if not NAME.fullmatch(name) or len(password) < SHORTEST_PASSWORD:
        flash(f"A name has 2 to 30 letters, digits, dots or dashes; a password {SHORTEST_PASSWORD} characters or more.")
        return render_template("sign_in.html"), 422
    new = Account(name=name, password_hash=generate_password_hash(password))
    db.session.add(new)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        flash("Somebody has that name already.")
        return render_template("sign_in.html"), 409
    return enter(new)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    if current_user.is_authenticated:
        current_app.logger.info("%s signed out", current_user.name)
    logout_user()
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


def enter(found: Account) -> ResponseReturnValue:
    """Sign an account in, under a new session id: one that somebody planted before is worth nothing."""
    if session:
        current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    session.clear()
    login_user(found)
    current_app.logger.info("%s signed in", found.name)
    return redirect(url_for("orders.page"), 303)
