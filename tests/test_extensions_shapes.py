"""Shapes in which extensions lean on the framework, each tried without the extension that does so."""

from __future__ import annotations

import flask


def test_a_response_is_made_where_no_request_is() -> None:
    """A plain result becomes a response with only an app context, or with none at all; no request is asked for."""
    app = flask.Flask(__name__)
    results = ["text", b"bytes", {"a": 1}, [1], ("", 204), ("", 204, {"X": "1"}), iter(["part"]), flask.Response("made")]
    for result in results:
        assert isinstance(app.make_response(result), flask.Response)
    with app.app_context():
        assert flask.make_response("", 204).status == "204 NO CONTENT"
