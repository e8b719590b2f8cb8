"""Werkzeug's debugger, for its own developer alone: to foreign hosts and the pages of other sites it is not there.

Who sees its page sees source code and the secret that guards its console; so nothing of it may reach another host by
accident, nor a page of another site that resolved its own name to this machine, nor a frame of any page.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import typing as t
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import click
import werkzeug.debug
from werkzeug.debug import DebuggedApplication
from werkzeug.http import parse_cookie
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.serving import is_running_from_reloader
from werkzeug.wrappers import Request, Response

from .pin import (
    OFF,
    PAUSES,
    REMEMBERED,
    TRIES,
    VARIABLE,
    cookie_name_of,
    is_cookie,
    is_right,
    may_try,
    new_cookie,
    pin_of,
    same_text,
)
from .record import KNOWN, SHOWN, Record

if t.TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST_SHOWN_AT_MOST = 80
EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})
_IPV6_HOST = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?")
# What browsers say of who asks (Fetch Metadata). A client that says nothing is none, is old, or asks by a name that it
# takes for insecure; then the host alone decides. Words that are not known here count as "cross-site".
_ITSELF = frozenset({"", "none", "same-origin"})
_NEIGHBOUR = "same-site"  # another port of this host: the developer's other servers
# No frame, no other page's <img> or <script>, no cache and no Referer has any part of it.
_SEAL = (
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
_SEALED = frozenset(name.lower() for name, _ in _SEAL)
_WARNING = """\
 * The debugger is on, and the server listens on {host!r}, where other machines may reach it. The debugger can run any
   code: it answers requests for {names} alone, and asks for its PIN. Leave '--host' out unless you need it.\
"""
_WITHOUT_PIN = "\n   The PIN is turned off: whoever reaches this server can run any code on this machine."
_FOREIGN_HOST = """\
 * The debugger is not shown for the host {host!r}, which it does not trust. Use localhost, or start the server with\
 '--host' and that name.\
"""
_FOREIGN_SITE = """\
 * The debugger is not shown to a request that another site's page made or linked to. Open the address by itself, in\
 the address bar.\
"""
_OLD_PAGE = """\
 * The debugger does not know the page that a request came from: the server was started anew since. Load it again.\
"""
_CLOSED = f" * {TRIES} wrong PINs: the debugger's console is closed until the server is started anew."


class GuardedDebugger(DebuggedApplication):
    """Werkzeug's, except for whom it is there, that nothing embeds it, and how its PIN is made, tried and remembered.

    Whoever it is not there for gets what they would get without a debugger. (Werkzeug refuses a foreign host the
    console, but shows it the page, and with it the secret.) `options` are those of Werkzeug's class.
    """

    def __init__(
        self,
        app: WSGIApplication,
        evalex: bool = False,
        *,
        record: Record | None = None,
        pin_logging: bool = True,
        **options: t.Any,
    ) -> None:
        self._app = app
        self._record = record = record or Record.begin()
        self._told: set[str] = set()
        self.pin = pin_of(record)
        shown = record.has(SHOWN)
        options = {"console_init_func": lambda: {"app": app}, **options}
        # Where the reloader runs, this prints the PIN.
        super().__init__(self._run_app, evalex, pin_logging=pin_logging and not shown, **options)
        self.pin_logging = pin_logging
        if pin_logging and is_running_from_reloader():
            if shown:
                logging.getLogger("werkzeug").warning(" * Debugger is active!")
            record.note(SHOWN)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, with the debugger if it may be there for it."""
        refusal = self._refusal(environ)
        if refusal is None:
            return super().__call__(environ, _SealedStart(start_response))
        try:
            return self._app(environ, start_response)
        except Exception:
            self._tell_once(refusal, environ)
            raise

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """As Werkzeug's, which knows no IPv6 address in a Host header, and takes a wildcard address for a name."""
        names = [name for name in self.trusted_hosts if name not in EVERY_INTERFACE]
        host = environ.get("HTTP_HOST") or ""
        bracketed = _IPV6_HOST.fullmatch(host)
        if bracketed:
            return any(_same_address(bracketed[1], name) for name in (*names, "::1"))
        try:
            return bool(names) and host_is_trusted(host, names)
        except UnicodeError:  # the first releases of 3.1: a label of more letters than a name may have
            return False

    @property
    def pin_cookie_name(self) -> str:
        """The name of the cookie of this run."""
        return cookie_name_of(self._record)

    def check_pin_trust(self, environ: WSGIEnvironment) -> bool:
        """Whether the PIN is off, or the client typed it in this run, and nobody used up the tries since."""
        if self.pin is None:
            return True
        value = parse_cookie(environ).get(self.pin_cookie_name, "")
        return self._record.count_tries() < TRIES and is_cookie(self._record, self.pin, value)

    def pin_auth(self, request: Request) -> Response:
        """Answer somebody who types the PIN."""
        known = self.check_pin_trust(request.environ)
        exhausted = not known and not may_try(self._record)
        if not known and not exhausted and self.pin is not None:
            known = is_right(self.pin, request.args.get("pin", ""))
            if known:
                self._record.note(KNOWN)
            else:
                self._pause()
        response = Response(json.dumps({"auth": known, "exhausted": exhausted}), mimetype="application/json")
        if known and self.pin is not None:
            response.set_cookie(
                self.pin_cookie_name,
                new_cookie(self._record, self.pin),
                max_age=REMEMBERED,
                httponly=True,
                samesite="Strict",
                secure=request.is_secure,
            )
        return response

    def _pause(self) -> None:
        tries = self._record.count_tries()
        if tries >= TRIES:
            click.echo(_CLOSED, err=True)
        time.sleep(PAUSES[min(tries, TRIES) - 1])

    def _run_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        __traceback_hide__ = True  # this frame is nobody's bug
        return self._app(environ, getattr(start_response, "bare", start_response))

    def _refusal(self, environ: WSGIEnvironment) -> str | None:
        """Why the debugger is not there for a request, in words for its developer; None if it is."""
        if not self.check_host_trust(environ):
            return _FOREIGN_HOST
        request = Request(environ)
        asked = request.args.get("__debugger__") == "yes"
        site = environ.get("HTTP_SEC_FETCH_SITE", "")
        # A neighbour may show the page of an error to its developer; the rest is the page's own.
        if site not in _ITSELF and (site != _NEIGHBOUR or asked or request.path == self.console_path):
            return _FOREIGN_SITE
        # Werkzeug compares the secret letter by letter; so it only ever gets to see the right one.
        if asked and "s" in request.args and not same_text(request.args["s"], self.secret):
            return _OLD_PAGE
        return None

    def _tell_once(self, refusal: str, environ: WSGIEnvironment) -> None:
        if refusal in self._told:
            return
        self._told.add(refusal)
        host = (environ.get("HTTP_HOST") or "")[:HOST_SHOWN_AT_MOST]
        click.echo(refusal.format(host=host), err=True)


class _SealedStart:
    """The server's `start_response` for what the debugger itself answers; the app gets the bare one."""

    __slots__ = ("bare",)

    def __init__(self, bare: StartResponse) -> None:
        self.bare = bare

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /
    ) -> t.Callable[[bytes], object]:
        kept = [pair for pair in headers if pair[0].lower() not in _SEALED]
        return self.bare(status, [*kept, *_SEAL], exc_info)


def _same_address(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other.strip("[]"))
    except ValueError:
        return False


@contextmanager
def guarded(record: Record) -> Iterator[None]:
    """Let the debugger that Werkzeug's server puts around an app be the guarded one."""

    class DebuggerOfThisRun(GuardedDebugger):
        def __init__(self, *args: t.Any, **options: t.Any) -> None:
            super().__init__(*args, **{"record": record, **options})

    before = werkzeug.debug.DebuggedApplication
    werkzeug.debug.DebuggedApplication = DebuggerOfThisRun  # type: ignore[misc]
    try:
        yield
    finally:
        werkzeug.debug.DebuggedApplication = before  # type: ignore[misc]


def warn_if_exposed(host: str) -> None:
    """Say on stderr that other machines can reach a server with the debugger on, unless it listens to this one only."""
    if _is_local(host):
        return
    names = "localhost" if host in EVERY_INTERFACE else f"localhost or {host}"
    warning = _WARNING.format(host=host, names=names)
    if os.environ.get(VARIABLE) == OFF:
        warning += _WITHOUT_PIN
    click.secho(warning, fg="yellow", err=True)


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost") or host.startswith("unix://"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
