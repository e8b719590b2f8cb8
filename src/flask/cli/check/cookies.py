"""The session's cookie: who may read it, how long it counts, and whether browsers keep and send it at all.

The session interface is asked, so that one of the application's own is judged by what it says.
"""

from __future__ import annotations

import ipaddress
import os
import typing as t
from collections.abc import Iterator
from datetime import timedelta

from .findings import Finding, Where, declare
from .project import Project

#: A session that is kept for longer than this is worth a word; Flask's own default is 31 days.
LONGEST = timedelta(days=90)

INSECURE = declare(
    "flask.S001",
    "warning",
    "The session cookie is sent without HTTPS too",
    reason="One request by http://, which anybody on the way can provoke, shows the cookie, and with it the session.",
    remedy="Set SESSION_COOKIE_SECURE = True, and serve by HTTPS.",
)
SCRIPTS = declare(
    "flask.S002",
    "warning",
    "Scripts can read the session cookie",
    reason="A script that somebody gets into a page takes the session with it.",
    remedy="Leave SESSION_COOKIE_HTTPONLY at its default, True.",
)
OTHER_SITES = declare(
    "flask.S003",
    "warning",
    "The session cookie has no SameSite",
    reason="Browsers that do not take Lax for it send the cookie with what a page of another site submits (CSRF).",
    remedy="Set SESSION_COOKIE_SAMESITE = 'Lax'.",
)
DROPPED = declare(
    "flask.S004",
    "error",
    "Browsers drop the session cookie: SameSite=None without Secure",
    reason="A cookie for other sites' pages is only kept where it is Secure; nobody could stay logged in.",
    remedy="Set SESSION_COOKIE_SECURE = True, or SESSION_COOKIE_SAMESITE = 'Lax' if no other site embeds the app.",
)
LONG = declare(
    "flask.S005",
    "warning",
    f"Permanent sessions count for longer than {LONGEST.days} days",
    reason="Nothing takes a signed session back before its time is over: a cookie that was copied counts as long.",
    remedy="Set PERMANENT_SESSION_LIFETIME to what users really need; it begins anew with each visit.",
)
NO_TIME = declare(
    "flask.S006",
    "error",
    "Permanent sessions have ended when they begin",
    reason="The cookie expires at once, and what it holds is refused for its age.",
    remedy="Set PERMANENT_SESSION_LIFETIME to a positive number of seconds, or a timedelta.",
)
DOMAIN = declare(
    "flask.S007",
    "error",
    "Browsers refuse the domain of the session cookie",
    reason="A cookie for a domain that the answering host is not below is dropped; nobody could stay logged in.",
    remedy="Leave SESSION_COOKIE_DOMAIN unset, or set it to the bare name that all hosts share: 'example.com'.",
)
PATH = declare(
    "flask.S008",
    "error",
    "The session cookie never comes back: its path is not one of the app's",
    reason="Browsers send it for URLs below its path only, and none of the rules is there.",
    remedy="Leave SESSION_COOKIE_PATH unset; where the app is mounted below a path, set APPLICATION_ROOT to it.",
)
NAME = declare(
    "flask.S009",
    "error",
    "Browsers drop the session cookie for what its name promises",
    reason="'__Secure-' is only kept with Secure, '__Host-' with Secure, the path '/' and no domain; Partitioned needs"
    " Secure too.",
    remedy="Set what the name promises, or choose another SESSION_COOKIE_NAME.",
)


class _Cookie(t.NamedTuple):
    name: str
    domain: str | None
    path: str
    secure: bool
    httponly: bool
    samesite: str | None
    partitioned: bool


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """What is wrong with the session's cookie; nothing where the app can have none."""
    cookie = _cookie(app)
    if cookie is None:
        return
    none = (cookie.samesite or "").lower() == "none"
    if none and not cookie.secure:
        yield DROPPED.found(where=Where(name="SESSION_COOKIE_SAMESITE"))
    elif not cookie.secure:
        yield INSECURE.found(where=Where(name="SESSION_COOKIE_SECURE"))
    if not cookie.httponly:
        yield SCRIPTS.found(where=Where(name="SESSION_COOKIE_HTTPONLY"))
    if not cookie.samesite:
        yield OTHER_SITES.found(where=Where(name="SESSION_COOKIE_SAMESITE"))
    yield from _lifetime(app)
    yield from _domain(app, cookie)
    yield from _path(app, cookie)
    yield from _promises(cookie)


def _cookie(app: t.Any) -> _Cookie | None:
    interface = app.session_interface
    own = type(interface).__name__ == "SecureCookieSessionInterface"
    if own and not app.secret_key:
        return None  # it cannot be signed
    try:
        parts: t.Any = [getattr(interface, f"get_cookie_{part}")(app) for part in _Cookie._fields]
        return _Cookie(*parts)
    except AttributeError:
        return None  # an interface of somebody's with no cookie that is known


def _lifetime(app: t.Any) -> Iterator[Finding]:
    lifetime = app.permanent_session_lifetime
    where = Where(name="PERMANENT_SESSION_LIFETIME")
    if not isinstance(lifetime, timedelta):
        return
    if lifetime <= timedelta(0):
        yield NO_TIME.found(where=where)
    elif lifetime > LONGEST:
        yield LONG.found(f"Permanent sessions count for {lifetime.days} days, which is more than {LONGEST.days}", where)


def _domain(app: t.Any, cookie: _Cookie) -> Iterator[Finding]:
    if not cookie.domain:
        return
    where = Where(name="SESSION_COOKIE_DOMAIN")
    domain = cookie.domain.removeprefix(".").lower()
    if reason := _no_domain(domain):
        yield DOMAIN.found(f"SESSION_COOKIE_DOMAIN is {cookie.domain!r}, {reason}", where)
        return
    for name, host in _hosts(app):
        if host != domain and not host.endswith(f".{domain}"):
            yield DOMAIN.found(
                f"SESSION_COOKIE_DOMAIN is {cookie.domain!r}, and {name} is {host!r}, not below it", where
            )


def _no_domain(domain: str) -> str | None:
    if "/" in domain or ":" in domain:
        return "which is more than the name of a domain"
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return None if "." in domain else "which is a top-level domain, or a name that only this network knows"
    return "which is an address"


def _hosts(app: t.Any) -> Iterator[tuple[str, str]]:
    """The hosts that the app is said to have, each with the setting that says so."""
    server_name = app.config.get("SERVER_NAME")
    if isinstance(server_name, str) and server_name:
        yield "SERVER_NAME", server_name.partition(":")[0].lower()


def _path(app: t.Any, cookie: _Cookie) -> Iterator[Finding]:
    root = (app.config.get("APPLICATION_ROOT") or "/").rstrip("/")
    rules = [root + rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]
    path = cookie.path
    where = Where(name="SESSION_COOKIE_PATH")
    if not path.startswith("/"):
        yield PATH.found(f"The session cookie's path is {path!r}, which does not begin with a slash", where)
    elif rules and not _may_be_mounted(app) and not any(_is_below(rule, path) for rule in rules):
        yield PATH.found(f"The session cookie's path is {path!r}, and no rule is below it", where)


def _may_be_mounted(app: t.Any) -> bool:
    """Whether a path may come before the rules that no setting names: from middleware, a server or a proxy."""
    return "SCRIPT_NAME" in os.environ or "wsgi_app" in vars(app)


def _is_below(rule: str, path: str) -> bool:
    """RFC 6265 §5.1.4; the text of a rule up to its first variable decides, and beyond that it may be anything."""
    fixed = rule.partition("<")[0]
    known = fixed == rule
    whole = path.rstrip("/") + "/"
    return rule == path or fixed.startswith(whole) or (not known and whole.startswith(fixed))


def _promises(cookie: _Cookie) -> Iterator[Finding]:
    name = cookie.name.lower()
    where = Where(name="SESSION_COOKIE_NAME")
    if cookie.partitioned and not cookie.secure:
        yield NAME.found("The session cookie is Partitioned, and not Secure", Where(name="SESSION_COOKIE_PARTITIONED"))
    if name.startswith("__secure-") and not cookie.secure:
        yield NAME.found(f"The session cookie is called {cookie.name!r}, and not Secure", where)
    if name.startswith("__host-") and not (cookie.secure and cookie.path == "/" and not cookie.domain):
        yield NAME.found(f"The session cookie is called {cookie.name!r}, without Secure, path '/' and no domain", where)
