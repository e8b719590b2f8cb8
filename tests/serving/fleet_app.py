"""An application with logins, as each process of a fleet serves it: on upstream's Flask or on ours, by one key.

It uses nothing that only one of the two has. What a session can hold stands in `VALUES`.
"""

from __future__ import annotations

import datetime
import decimal
import typing as t
import uuid
from importlib.metadata import version

from markupsafe import Markup

from flask import Flask, abort, flash, get_flashed_messages, jsonify, request, session
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface

app = Flask(__name__)
app.config.update(
    SECRET_KEY="a key of the whole fleet, long enough",
    SECRET_KEY_FALLBACKS=["the key that the fleet had before, long enough"],
    SESSION_COOKIE_SAMESITE="Lax",
    PERMANENT_SESSION_LIFETIME=datetime.timedelta(days=3),
)
VERSION = version("flask")


class TagDecimal(JSONTag):
    """A type that an application teaches its sessions."""

    __slots__ = ()
    key = " dec"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, decimal.Decimal)

    def to_json(self, value: t.Any) -> str:
        return str(value)

    def to_python(self, value: t.Any) -> decimal.Decimal:
        return decimal.Decimal(value)


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, with a serializer that no other app has."""

    serializer = TaggedJSONSerializer()


Sessions.serializer.register(TagDecimal)
app.session_interface = Sessions()

#: Every type that a tag carries, those that need none, and what only looks like a tag.
VALUES: dict[str, t.Any] = {
    "plain": [None, True, False, 0, -(10**20), 1.5, "", "snow ☃ 😀", {"a": {"b": [1, "2"]}}, []],
    "tuple": (1, ("a", ()), [("b",)]),
    "bytes": b"\x00\xff bytes",
    "markup": Markup("<b>&amp;</b>"),
    "uuid": uuid.UUID("12345678123456781234567812345678"),
    "datetime": datetime.datetime(2031, 2, 3, 4, 5, 6, tzinfo=datetime.UTC),
    "decimal": decimal.Decimal("1.10"),
    "looks like a tag": [{" t": [1]}, {" di": "x"}, {" t__": 1}, {" b": b"b"}, {" dec": ()}],
    "nested": {" u": 1, "a": [(b"1", Markup("i")), {"d": (uuid.UUID(int=1),)}]},  # keys come back sorted
    "large": [f"line {number}" for number in range(100)],  # what is long is compressed
}


def described(value: t.Any) -> str:
    """A value with all the types in it."""
    return f"{type(value).__name__}: {value!r}"


@app.after_request
def say_who(response: t.Any) -> t.Any:
    """Each answer tells who gave it."""
    response.headers["X-Flask"] = VERSION
    return response


@app.post("/login")
def login() -> t.Any:
    """Begin a session that outlives the browser."""
    session.permanent = True
    session["user"] = request.form["user"]
    session["count"] = 0
    return jsonify(user=session["user"])


@app.before_request
def signed_in() -> None:
    """Everything but the login is for those who are."""
    if request.endpoint != "login" and "user" not in session:
        abort(401)


@app.get("/who")
def who() -> t.Any:
    """Who is signed in."""
    return jsonify(user=session["user"], count=session["count"], permanent=session.permanent)


@app.post("/count")
def count() -> t.Any:
    """Change the session."""
    session["count"] += 1
    return jsonify(count=session["count"])


@app.post("/flash")
def leave_flashes() -> t.Any:
    """Two messages for the page after this one."""
    flash(request.form["text"])
    flash(Markup("<i>") + request.form["text"], "kind")
    return jsonify(left=2)


@app.get("/flashed")
def flashed() -> t.Any:
    """The messages, each once."""
    return jsonify([[category, described(text)] for category, text in get_flashed_messages(with_categories=True)])


@app.post("/keep")
def keep() -> t.Any:
    """Put a value of every type into the session."""
    session["kept"] = VALUES
    return jsonify(kept=len(VALUES))


@app.get("/kept")
def kept() -> t.Any:
    """What has become of the values; they are gone from the session then."""
    return jsonify({name: described(value) for name, value in session.pop("kept").items()})
