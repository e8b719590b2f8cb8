"""What a visitor sees when something goes wrong: a page, or JSON below /api/. An inner error's text is never shown."""

from werkzeug.exceptions import HTTPException

from flask import Flask, Response, g, jsonify, render_template, request

TITLES = {
    400: "The address is smudged",
    403: "Addressed to somebody else",
    404: "Return to sender",
    405: "Not by this kind of mail",
    413: "Too heavy for the post",
    415: "Not a picture that we can carry",
    500: "The mailbag tore",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, explain)


def explain(error: HTTPException) -> Response:
    """Say it in our own words, and keep what the error's response has to say in its headers, such as ``Allow``."""
    code = error.code or 500
    response = Response(headers=error.get_headers(request.environ), status=code)
    if request.path.startswith("/api/"):
        response.data = jsonify(status=code, error=error.description).data
        response.mimetype = "application/json"
        return response
    if code >= 500:
        g.person = None  # the page must not ask the database, which may be what failed
    response.data = render_template("error.html", code=code, title=TITLES.get(code, error.name), error=error)
    return response
