"""The targets, one a module: `inputs` is what it draws, `law` what has to hold for whatever was drawn.

Where `raw` is there, it says what bytes stand for that a coverage-guided engine makes up from `words`.
"""

NAMES = (
    *("environs", "gateways", "cookies", "queries", "headers", "forms", "multiparts", "json_bodies", "tagged_json"),
    *("sessions", "urls", "responses", "files", "sockets", "events"),
)
