"""Joining, signing in, signing out; and who asks."""

from functools import wraps

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy.exc import IntegrityError

from .models import Person, db

blueprint = Blueprint("people", __name__, url_prefix="/people")


@blueprint.before_app_request
def find_person():
    """Who asks is g.person, or None."""
    known = session.get("person")
    g.person = db.session.get(Person, known) if known is not None else None


def members_only(view):
    """A view that sends others to where they can sign in."""

    @wraps(view)
    def for_members(**arguments):
        if g.person is None:
            flash("Sign in first.")
            return redirect(url_for("people.sign_in"))
        return view(**arguments)

    return for_members


@blueprint.route("/join", methods=["GET", "POST"])
def join():
    if request.method == "GET":
        return render_template("join.html")
    name, password = request.form["name"].strip(), request.form["password"]
    if not name or len(password) < 8:
        flash("A name, and a password of eight characters or more.")
        return render_template("join.html", name=name), 400
    person = Person(name=name)
    person.set_password(password)
    db.session.add(person)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        flash("Somebody has that name already.")
        return render_template("join.html", name=name), 400
    current_app.logger.info("person %d has joined", person.id)
    return welcome(person)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in():
    if request.method == "GET":
        return render_template("sign_in.html")
    name = request.form["name"].strip()
    person = db.session.scalar(db.select(Person).filter_by(name=name))
    if person is None or not person.has_password(request.form["password"]):
        flash("Name and password do not fit.")
        return render_template("sign_in.html", name=name), 400
    return welcome(person)


@blueprint.post("/sign-out")
def sign_out():
    session.clear()
    return redirect(url_for("tools.index"))


def welcome(person):
    """Begin a session of this person's, and of nobody's before."""
    session.clear()
    session["person"] = person.id
    flash(f"Welcome, {person.name}.")
    return redirect(url_for("tools.index"))
