"""Apps that read all that a request can carry and tell what they saw; what is written is one request's alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, flash, g, redirect, request, send_file, session, url_for

KEY = "the key of the probe, which guards nothing"
CREATURES = {"cat": "meow", "dog": "woof"}


def make_app(**settings: Any) -> Flask:
    """The app that all bad input goes to; settings are added to its configuration."""
    app = Flask(__name__, subdomain_matching=settings.pop("subdomain_matching", False))
    app.config.from_mapping({"SECRET_KEY": KEY, **settings})

    @app.before_request
    def mark() -> None:
        """Leave traces that the next request must not find."""
        g.marks = [*g.get("marks", []), request.method]

    @app.get("/state")
    def state() -> dict[str, Any]:
        """What a fresh request finds: nothing but itself."""
        return {
            "g": {name: g.get(name) for name in g},
            "session": dict(session),
            "args": request.args,
            "cookies": request.cookies,
            "form": request.form,
            "body": len(request.get_data()),
            "url": request.url,
        }

    @app.route("/args", methods=["GET", "POST"])
    def args() -> dict[str, Any]:
        return {"args": request.args.to_dict(flat=False), "query": repr(request.query_string)}

    @app.get("/args/needed")
    def needed_args() -> str:
        return request.args["needed"]

    @app.get("/args/int")
    def typed_args() -> dict[str, Any]:
        return {"n": request.args.get("n", -1, type=int), "all": request.args.getlist("n", type=float)}

    @app.route("/form", methods=["POST", "PUT", "PATCH"])
    def form() -> dict[str, Any]:
        return {"form": request.form.to_dict(flat=False), "files": files_seen()}

    @app.post("/form/needed")
    def needed_form() -> str:
        g.before = True
        session["before"] = True
        return request.form["needed"]

    @app.post("/files/needed")
    def needed_file() -> str:
        return str(request.files["needed"].filename)

    @app.post("/values")
    def values() -> dict[str, Any]:
        return {"values": request.values.to_dict(flat=False)}

    @app.post("/json")
    def json() -> dict[str, Any]:
        return {"json": repr(request.json)[:200]}

    @app.post("/json/forced")
    def forced_json() -> dict[str, Any]:
        return {"json": repr(request.get_json(force=True))[:200]}

    @app.post("/json/silent")
    def silent_json() -> dict[str, Any]:
        return {"json": repr(request.get_json(silent=True))[:200]}

    @app.post("/json/after/data")
    def json_after_data() -> dict[str, Any]:
        return {"length": len(request.data), "json": repr(request.get_json(silent=True))[:200]}

    @app.route("/data", methods=["GET", "POST"])
    def data() -> dict[str, Any]:
        return {"data": repr(request.get_data()[:100]), "length": request.content_length}

    @app.get("/cookies")
    def cookies() -> dict[str, Any]:
        return {"cookies": request.cookies.to_dict(flat=False)}

    @app.get("/session")
    def read_session() -> dict[str, Any]:
        return {"session": {str(name): repr(value) for name, value in session.items()}}

    @app.post("/session")
    def write_session() -> dict[str, Any]:
        session["visits"] = session.get("visits", 0) + 1
        flash("visited")
        return {"visits": session["visits"]}

    @app.get("/host")
    def host() -> dict[str, Any]:
        return {
            "host": request.host,
            "url": request.url,
            "root": request.root_url,
            "built": url_for("host", _external=True),
        }

    @app.get("/headers")
    def headers() -> dict[str, Any]:
        return {name: repr(getattr(request, name)) for name in PARSED_HEADERS}

    @app.get("/headers/<name>")
    def header(name: str) -> dict[str, Any]:
        return {"value": request.headers.get(name), "all": request.headers.getlist(name), "in": name in request.headers}

    @app.get("/int/<int:number>")
    @app.get("/small/<int(min=1, max=99):number>")
    @app.get("/fixed/<int(fixed_digits=3):number>")
    @app.get("/signed/<int(signed=True):number>")
    def integer(number: int) -> dict[str, Any]:
        return {"number": number, "again": url_for("integer", number=number)}

    @app.get("/float/<float:number>")
    def decimal(number: float) -> dict[str, Any]:
        return {"number": repr(number)}

    @app.get("/uuid/<uuid:number>")
    def unique(number: Any) -> dict[str, Any]:
        return {"number": number}

    @app.get("/string/<name>")
    @app.get("/short/<string(maxlength=3):name>")
    def string(name: str) -> dict[str, Any]:
        return {"name": name, "again": url_for("string", name=name)}

    @app.get("/any/<any(cat, dog):creature>")
    def creature(creature: str) -> str:
        return CREATURES[creature]

    @app.get("/path/<path:rest>")
    def path(rest: str) -> dict[str, Any]:
        return {"rest": rest, "path": request.path, "again": url_for("path", rest=rest)}

    @app.get("/folder/")
    def folder() -> str:
        return "folder"

    @app.get("/folder/<name>/")
    def subfolder(name: str) -> str:
        return f"folder {len(name)}"

    @app.get("/redirect")
    def leave() -> Any:
        return redirect(request.args.get("to", "/state"))

    @app.get("/abort/<int:code>")
    def stop(code: int) -> Any:
        abort(code)

    @app.get("/file")
    def file() -> Any:
        return send_file(__file__, mimetype="text/plain", etag="fixed", last_modified=1_000_000_000, conditional=True)

    @app.get("/redirect/typed")
    def typed_redirect() -> Any:
        return redirect(url_for("path", rest=request.args.get("rest", "x")))

    return app


def files_seen() -> list[list[Any]]:
    """Name of the field, name of the file, type and size of each uploaded file."""
    return [
        [name, file.filename, file.content_type, len(file.read())]
        for name, file in sorted(request.files.items(multi=True), key=lambda pair: str(pair[0]))
    ]


PARSED_HEADERS = (
    "authorization if_match if_none_match if_modified_since if_unmodified_since if_range range cache_control "
    "accept_mimetypes accept_charsets accept_encodings accept_languages user_agent date max_forwards content_length "
    "content_type mimetype mimetype_params content_encoding content_md5 referrer origin access_route remote_addr "
    "pragma is_json is_secure scheme access_control_request_headers access_control_request_method want_form_data_parsed"
).split()

APPS: dict[str, Callable[[], Flask]] = {
    "plain": make_app,
    # In debug, a missing key is an exception for the debugger unless the app says otherwise.
    "debug": lambda: make_app(DEBUG=True, TRAP_BAD_REQUEST_ERRORS=False),
    "trusting": lambda: make_app(TRUSTED_HOSTS=["trusted.example", ".sub.example", "127.0.0.1:8080"]),
    "limited": lambda: make_app(MAX_CONTENT_LENGTH=1000, MAX_FORM_MEMORY_SIZE=500, MAX_FORM_PARTS=5),
    "named": lambda: make_app(SERVER_NAME="named.example:8080", subdomain_matching=True),
}
