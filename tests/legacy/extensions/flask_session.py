"""A session is kept in a file, under the id that the cookie has."""

import tempfile

from flask_session import Session

from flask import Flask, session

app = Flask(__name__)
app.testing = True
folder = tempfile.TemporaryDirectory()
app.config.update(SESSION_TYPE="filesystem", SESSION_FILE_DIR=folder.name, SESSION_COOKIE_NAME="sid")
Session(app)


@app.route("/")
def count():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


client = app.test_client()
answers = [client.get("/") for _ in range(3)]
assert [answer.data for answer in answers] == [b"1", b"2", b"3"]
assert answers[0].headers["Set-Cookie"].startswith("sid=")
