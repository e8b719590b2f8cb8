"""Who is there: signing in and out. A password is never kept, only its hash; the session holds nothing but an id."""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from .models import Person, db

P = ParamSpec("P")

NAME = re.compile(r"[^\W_][\w.-]{1,29}")
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200

blueprint = Blueprint("accounts", __name__)


@blueprint.app_template_global()
def current_person() -> Person | None:
    """Whoever sent this request, if they have signed in: looked up when first asked for, then kept in ``g``."""
    if "person" not in g:
        g.person = db.session.get(Person, session["person"]) if "person" in session else None
    return g.person  # type: ignore[no-any-return]


def for_person(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let only people who have signed in reach the view; send the others to sign in, and then back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_person() is None:
            if request.method == "GET":
                # Kept in the signed session and not in the URL, so that nobody can craft a link that leads elsewhere.
                session["wanted"] = url_for(str(request.endpoint), **(request.view_args or {}))
            flash("Please sign in first.", "hint")
            return redirect(url_for("accounts.sign_in"), 303)
        return view(*args, **kwargs)

    return guarded


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    if request.method == "GET":
        return render_template("sign_in.html")
    name, password = request.form["name"].strip(), request.form["password"]
    person = db.session.scalar(db.select(Person).where(Person.name == name))
    if person is None or not person.password_hash or not check_password_hash(person.password_hash, password):
        current_app.logger.warning("Sign-in as %.40r refused, from %s", name, request.remote_addr)
        flash("That name and that password do not go together.", "error")
        return render_template("sign_in.html"), 401
    return welcome_in(person, f"Good to see you again, {person.name}.")


@blueprint.post("/join")
def join() -> ResponseReturnValue:
    name, password = request.form["name"].strip(), request.form["password"]
    if not NAME.fullmatch(name):
        return refuse("A name has 2 to 30 letters, digits, dots or dashes, and starts with a letter or digit.")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return refuse(f"A password has at least {SHORTEST_PASSWORD} characters, and {LONGEST_PASSWORD} at most.")
    person = Person(name=name, password_hash=generate_password_hash(password))
    db.session.add(person)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return refuse("Somebody has that name already.")
    return welcome_in(person, f"Welcome, {person.name}! The wall is yours to write on.")


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    session.clear()
    flash("You have signed out. Come back soon!")
    return redirect(url_for("wall.index"), 303)


def welcome_in(person: Person, greeting: str) -> ResponseReturnValue:
    wanted = session.get("wanted", url_for("wall.index"))
    session.clear()  # nothing that somebody may have planted in an anonymous session gets into this one
    session["person"] = person.id
    session.permanent = True
    current_app.logger.info("%s signed in", person.name)
    flash(greeting)
    return redirect(wanted, 303)


def refuse(reason: str) -> ResponseReturnValue:
    flash(reason, "error")
    return render_template("sign_in.html"), 422
