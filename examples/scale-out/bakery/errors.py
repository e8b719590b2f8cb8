"""What a visitor sees when something is refused. Says what to do, and nothing of how the site is built."""

from __future__ import annotations

from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from flask import Flask, render_template
from flask.typing import ResponseReturnValue


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show)


def show(error: HTTPException) -> ResponseReturnValue:
    """The page of an error, with the headers that belong to its kind."""
    if isinstance(error, InternalServerError):  # without a template: what failed may be what the page would ask
        return "Something broke on our side. Please try again in a moment.\n", 500, {"Content-Type": "text/plain"}
    if isinstance(error, CSRFError):
        error.description = "This form was open for too long. Load the page again, and send it once more."
    response = error.get_response()
    response.data = render_template("error.html", error=error)
    return response
