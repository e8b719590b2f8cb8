"""Dates are written in the language that the request asks for."""

from datetime import date

from flask_babel import Babel, format_date

from flask import Flask, request

app = Flask(__name__)
babel = Babel(app)


@babel.localeselector
def choose():
    return request.accept_languages.best_match(["de", "en"])


@app.route("/")
def today():
    return format_date(date(2020, 5, 17), "long")


client = app.test_client()
assert client.get("/", headers={"Accept-Language": "de"}).get_data(as_text=True) == "17. Mai 2020"
assert client.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True) == "May 17, 2020"
