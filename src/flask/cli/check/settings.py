"""Settings that are made for development, and limits that are not set.

The values are read as they stand when the application is made; what a view changes later is not seen.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator

from ..environment import file_that_sets
from .findings import Finding, Kind, Where, declare
from .project import Project

DEBUG = declare(
    "flask.C001",
    "error",
    "Debug mode is on",
    reason="Errors show source and values to whoever meets one, and a server with the debugger runs what is typed"
    " there.",
    remedy="Turn it off: no FLASK_DEBUG, no --debug, and no DEBUG in the settings of production.",
)
TESTING = declare(
    "flask.C002",
    "error",
    "TESTING is on",
    reason="Errors go to the server instead of the error pages, and extensions leave out checks, as of CSRF tokens,"
    " or mail.",
    remedy="Set TESTING in the tests alone.",
)
PROPAGATES = declare(
    "flask.C003",
    "warning",
    "Errors are handed to the server",
    reason="With PROPAGATE_EXCEPTIONS the app's own error page is not shown; what is shown is up to the server.",
    remedy="Leave PROPAGATE_EXCEPTIONS unset: then it is on in debug mode and while testing.",
)
EXPLAINS = declare(
    "flask.C004",
    "warning",
    "EXPLAIN_TEMPLATE_LOADING is on",
    reason="Each look-up of a template writes its paths to the log.",
    remedy="Leave it out of the settings of production.",
)
RELOADS = declare(
    "flask.C005",
    "warning",
    "Templates are looked for on the disk at every use",
    reason="With TEMPLATES_AUTO_RELOAD each page asks the file system whether a file is newer, and a deployment that is"
    " half copied is served.",
    remedy="Leave TEMPLATES_AUTO_RELOAD unset: it follows debug mode.",
)
ANY_HOST = declare(
    "flask.C006",
    "warning",
    "TRUSTED_HOSTS is not set",
    reason="Whatever name a client writes into its Host header stands in URLs with a host: in mails, redirects,"
    " caches.",
    remedy="List the names that the app is reached by: TRUSTED_HOSTS = ['example.com', '.example.com'].",
)
NO_HOST = declare(
    "flask.C007",
    "error",
    "TRUSTED_HOSTS holds what is no host",
    reason="No request ever has such a host, so the entry trusts nobody, and whom it was meant for is answered with"
    " 400.",
    remedy="Write names or addresses, with a leading dot for all names below: 'example.com', '.example.com', '[::1]'.",
)
ANY_LENGTH = declare(
    "flask.C008",
    "warning",
    "MAX_CONTENT_LENGTH is not set",
    reason="A request may fill the memory or the disk: a thousand files of a form, each as large as it likes.",
    remedy="Set it to what the largest upload needs, in bytes: MAX_CONTENT_LENGTH = 16 * 1024 * 1024.",
)
TEXT = declare(
    "flask.C009",
    "error",
    "A switch is set to text",
    reason="Any text but the empty one counts as on, 'False' and '0' too.",
    remedy="Convert it where it is read from the environment; app.config.from_prefixed_env() does so by itself.",
)
LIFTED = declare(
    "flask.C010",
    "warning",
    "A limit of forms is lifted",
    reason="A form of few bytes can then take much memory and time: a field for every two bytes, or fields without"
    " end.",
    remedy="Leave the setting at its default, and lift it on the request of the one view that needs more.",
)
TRAPS = declare(
    "flask.C011",
    "warning",
    "HTTP errors are raised as if they were mistakes",
    reason="With TRAP_HTTP_EXCEPTIONS or TRAP_BAD_REQUEST_ERRORS, what a client does wrong becomes a 500 and an entry"
    " in the log.",
    remedy="Leave both out of the settings of production.",
)

#: Settings that are switches, and what each means when it is on, should that alone be worth a word.
_SWITCHES: dict[str, Kind | None] = {
    "DEBUG": DEBUG,
    "TESTING": TESTING,
    "PROPAGATE_EXCEPTIONS": PROPAGATES,
    "EXPLAIN_TEMPLATE_LOADING": EXPLAINS,
    "TEMPLATES_AUTO_RELOAD": RELOADS,
    "TRAP_HTTP_EXCEPTIONS": TRAPS,
    "TRAP_BAD_REQUEST_ERRORS": TRAPS,
    "SESSION_COOKIE_SECURE": None,
    "SESSION_COOKIE_HTTPONLY": None,
    "SESSION_COOKIE_PARTITIONED": None,
    "SESSION_REFRESH_EACH_REQUEST": None,
    "JSON_STRICT": None,
}
_LIMITS = ("MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS", "MAX_FORM_PART_HEADERS", "MAX_FORM_PART_HEADER_SIZE")


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with the settings."""
    config = app.config
    for name, kind in _SWITCHES.items():
        value = config.get(name)
        where = _origin(name, project)
        if isinstance(value, str) and value:
            yield TEXT.found(f"{name} is the text {value!r}, which counts as on", where)
        if value and kind is not None:
            yield kind.found(kind.title if name in kind.title else f"{kind.title}: {name} is on", where)
    yield from _hosts(app)
    if config.get("MAX_CONTENT_LENGTH") is None and not _by_class(app.request_class):
        yield ANY_LENGTH.found(where=Where(name="MAX_CONTENT_LENGTH"))
    for name in _LIMITS:
        if name in config and config[name] is None:
            yield LIFTED.found(f"{name} is None: that limit of forms is lifted", Where(name=name))


def _by_class(request_class: type) -> bool:
    """Whether the app's own class of requests has the limit in it."""
    kind = next((kind for kind in request_class.__mro__ if "max_content_length" in vars(kind)), request_class)
    return kind.__module__.partition(".")[0] not in ("flask", "werkzeug")


def _origin(name: str, project: Project) -> Where:
    """The setting, or the variable of that name where the environment has one, with the file that sets it."""
    variable = f"FLASK_{name}"
    if variable not in os.environ:
        return Where(name=name)
    file = file_that_sets(variable)
    return project.where(file, name=variable) if file else Where(name=variable)


def _hosts(app: t.Any) -> Iterator[Finding]:
    trusted = app.config.get("TRUSTED_HOSTS")
    where = Where(name="TRUSTED_HOSTS")
    if trusted is None:
        trusted = getattr(app.request_class, "trusted_hosts", None)
    if trusted is None:
        yield ANY_HOST.found(where=where)
        return
    entries = [trusted] if isinstance(trusted, str) else list(trusted)
    if not entries:
        yield NO_HOST.found("TRUSTED_HOSTS is empty: every request is refused", where)
    for entry in entries:
        if not isinstance(entry, str) or not _may_be_host(entry):
            yield NO_HOST.found(f"TRUSTED_HOSTS holds {entry!r}, which is no host", where)


def _may_be_host(entry: str) -> bool:
    from ..._hosts import is_host

    return bool(entry.strip(".")) and is_host(entry) and not set("*,() %").intersection(entry)
