"""Every row of the table, by name and in its order; each file below holds the applications of one topic."""

from __future__ import annotations

from bench.model import Scenario

from . import answers, files, input, pages, routing, sessions, views

_BY_TOPIC = {
    **answers.SCENARIOS,
    **routing.SCENARIOS,
    **input.SCENARIOS,
    **sessions.SCENARIOS,
    **pages.SCENARIOS,
    **files.SCENARIOS,
    **views.SCENARIOS,
}
_ORDER = (
    "hello",
    "json with an int",
    "1000 routes, static",
    "1000 routes, dynamic",
    "404",
    "query arguments",
    "form post",
    "json post",
    "session read",
    "session write",
    "template",
    "hooks",
    "nested blueprint",
    "redirect",
    "flash and get",
    "custom 404",
    "stream",
    "static file",
    "static file, 304",
    "multipart 1 kB",
    "multipart 10 MB",
    "async view",
    "method view",
    "url_for ten times",
    "after_request",
    "whole page",
)
SCENARIOS: dict[str, Scenario] = {name: _BY_TOPIC[name] for name in _ORDER}
assert len(_BY_TOPIC) == len(SCENARIOS)
