"""No change without a token that only our own pages know, and no page that runs what is not ours."""

import secrets

from flask import Flask, Response, abort, current_app, request, session

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CONTENT_POLICY = (
    "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    app.before_request(refuse_forged_changes)
    app.after_request(add_safety_headers)
    app.add_template_global(form_token)


def form_token() -> str:
    """The visitor's token, to be sent back with each form, or in the header ``X-Form-Token``."""
    if "form_token" not in session:
        session["form_token"] = secrets.token_urlsafe()
    return str(session["form_token"])


def refuse_forged_changes() -> None:
    """Stop a request that would change something but does not carry the token of its own visitor's session."""
    if request.method in SAFE_METHODS or request.endpoint is None:
        return
    sent = request.headers.get("X-Form-Token") or request.form.get("form_token", "")
    # compare_digest takes the same time whatever differs; it wants bytes, since text must be ASCII there.
    if not secrets.compare_digest(sent.encode(), form_token().encode()):
        current_app.logger.warning("Change at %s without its token refused, from %s", request.path, request.remote_addr)
        abort(400, "This form has grown old, or it did not come from here. Please load the page again and repeat.")


def add_safety_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response
