"""An ordinary application of three extensions, served unchanged by every server: people join, log in and keep notes.

Each page has a twin that is `async def`, waits in the middle, and has threads ask the database: that may block, and on
an event loop's server all others with it. Nothing here knows what serves it.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import typing as t
from datetime import timedelta

from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import CSRFError
from flask_wtf.file import FileAllowed, FileField, FileRequired
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import Email, InputRequired, Length

from flask import Flask, abort, g, redirect, render_template_string, request, session, url_for

app = Flask(__name__)
app.config.update(
    SECRET_KEY="members",
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['MEMBERS_DATABASE']}",
    # As many connections as there are requests: on an event loop's server these are not bounded by threads.
    SQLALCHEMY_ENGINE_OPTIONS={"max_overflow": -1},
    REMEMBER_COOKIE_DURATION=timedelta(days=3),
    MAX_CONTENT_LENGTH=1_000_000,
)
db = SQLAlchemy(app)
logins = LoginManager(app)
logins.login_view = "login"
logins.session_protection = "strong"
CSRFProtect(app)


class Member(UserMixin, db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    password: Mapped[str]


class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(db.ForeignKey("member.id"))
    text: Mapped[str]


with app.app_context():
    db.create_all()


class JoinForm(FlaskForm):
    name = StringField(validators=[InputRequired(), Length(max=40)])
    email = EmailField(validators=[Email()])
    password = PasswordField(validators=[InputRequired()])


class LoginForm(FlaskForm):
    name = StringField(validators=[InputRequired()])
    password = PasswordField(validators=[InputRequired()])
    remember = BooleanField()


class NoteForm(FlaskForm):
    text = StringField(validators=[InputRequired(), Length(max=100)])


class PictureForm(FlaskForm):
    picture = FileField(validators=[FileRequired(), FileAllowed(["png"], "Pictures only.")])


@logins.user_loader
def load_member(number: str) -> Member | None:
    g.loads = g.get("loads", 0) + 1
    found: Member | None = db.session.get(Member, int(number))
    return found


@app.errorhandler(CSRFError)
def refused(error: CSRFError) -> tuple[str, int]:
    return f"refused: {error.description}", 400


PAGE = """
{%- if current_user.is_authenticated %}<p>Hello {{ current_user.name }}</p>{% endif %}
<form method="post">{{ form.hidden_tag() }}</form>
{% for field, errors in form.errors.items() %}<p>{{ field }}: {{ errors|join(" ") }}</p>{% endfor -%}
"""


def page(form: FlaskForm) -> tuple[str, int]:
    return render_template_string(PAGE, form=form), 422 if form.errors else 200


@app.get("/")
def index() -> tuple[str, int]:
    return page(FlaskForm())


@app.get("/later/")
async def index_later() -> tuple[str, int]:
    await asyncio.sleep(0.005)
    return page(FlaskForm())


@app.route("/join", methods=["GET", "POST"])
def join() -> t.Any:
    form = JoinForm()
    if not form.validate_on_submit():
        return page(form)
    password = generate_password_hash(form.password.data, "pbkdf2:sha256:10")
    db.session.add(Member(name=form.name.data, email=form.email.data, password=password))
    db.session.commit()
    return redirect(url_for("login"))


def log_in(form: LoginForm) -> t.Any:
    member = db.session.scalars(db.select(Member).filter_by(name=form.name.data)).one_or_none()
    if member is None or not check_password_hash(member.password, form.password.data):
        abort(401, "Wrong name or password.")
    login_user(member, remember=form.remember.data)
    return redirect(request.args.get("next") or url_for("me"))


@app.route("/login", methods=["GET", "POST"])
def login() -> t.Any:
    form = LoginForm()
    return log_in(form) if form.validate_on_submit() else page(form)


@app.route("/later/login", methods=["GET", "POST"])
async def login_later() -> t.Any:
    form = LoginForm()
    await asyncio.sleep(0.005)
    return await asyncio.to_thread(log_in, form) if form.validate_on_submit() else page(form)


@app.post("/logout")
@login_required
def logout() -> t.Any:
    logout_user()
    return redirect(url_for("index"))


def of_member() -> dict[str, t.Any]:
    notes = db.session.scalars(db.select(Note.text).filter_by(owner=current_user.id).order_by(Note.id)).all()
    return {"name": current_user.name, "notes": notes, "loads": g.loads, "fresh": session["_fresh"]}


@app.get("/me")
@login_required
def me() -> dict[str, t.Any]:
    return of_member()


@app.get("/later/me")
@login_required
async def me_later() -> dict[str, t.Any]:
    async def name() -> str:
        await asyncio.sleep(0.005)
        found: str = current_user.name
        return found

    names = await asyncio.gather(name(), name())
    return await asyncio.to_thread(of_member) | {"names": names}


def keep(text: str | None) -> None:
    db.session.add(Note(owner=current_user.id, text=text))
    db.session.commit()


@app.post("/notes")
@login_required
def write() -> t.Any:
    form = NoteForm()
    if not form.validate_on_submit():
        return page(form)
    keep(form.text.data)
    return redirect(url_for("me"))


@app.post("/later/notes")
@login_required
async def write_later() -> t.Any:
    form = NoteForm()
    await asyncio.sleep(0.005)
    if not form.validate_on_submit():
        return page(form)
    await asyncio.to_thread(keep, form.text.data)
    return redirect(url_for("me_later"))


@app.post("/notes/lost")
@login_required
async def lose() -> t.Any:
    """Fail with a note that was not committed, the connection in the midst of a transaction."""
    await asyncio.to_thread(db.session.execute, db.insert(Note).values(owner=current_user.id, text="lost"))
    raise RuntimeError("lost")


def digest(form: PictureForm) -> t.Any:
    if not form.validate_on_submit():
        return page(form)
    data = form.picture.data.read()
    return {"name": form.picture.data.filename, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@app.post("/picture")
@login_required
def picture() -> t.Any:
    return digest(PictureForm())


@app.post("/later/picture")
@login_required
async def picture_later() -> t.Any:
    await asyncio.sleep(0.005)
    return digest(PictureForm())


@app.get("/database")
def database() -> dict[str, int]:
    """What of the database is in use by other requests."""
    pool: t.Any = db.engine.pool
    return {"connections": pool.checkedout(), "sessions": len(db.session.registry.registry)}
