"""Werkzeug's debugger, for hosts that it trusts alone: to a request with any other Host header it is not there.

Who sees its page sees source code and the secret that guards its console; so nothing of it may reach another host by
accident, nor a page of another site that resolved its own name to this machine.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import click
import werkzeug.debug
from werkzeug.debug import DebuggedApplication

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST_SHOWN_AT_MOST = 80
_IPV6_HOST = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?")
_WARNING = """\
 * The debugger is on, and the server listens on {host!r}, where other machines may reach it. The debugger can run any
   code: it answers requests for {names} alone, and asks for its PIN. Leave '--host' out unless you need it.\
"""
_WITHOUT_PIN = "\n   The PIN is turned off: whoever reaches this server can run any code on this machine."


class GuardedDebugger(DebuggedApplication):
    """Werkzeug's, except that a host which it does not trust gets what it would get without a debugger.

    Werkzeug refuses such a host the console, but shows it the page, and with it the secret.
    """

    _told = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, with the debugger if its host is trusted."""
        if self.check_host_trust(environ):
            return super().__call__(environ, start_response)
        try:
            return self.app(environ, start_response)
        except Exception:
            self._tell_once(environ)
            raise

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """As Werkzeug's, which does not know how an IPv6 address is written in a Host header."""
        bracketed = _IPV6_HOST.fullmatch(environ.get("HTTP_HOST") or "")
        if bracketed:
            return any(_same_address(bracketed[1], trusted) for trusted in (*self.trusted_hosts, "::1"))
        try:
            return super().check_host_trust(environ)
        except UnicodeError:  # the first releases of 3.1: a label of more letters than a name may have
            return False

    def _tell_once(self, environ: WSGIEnvironment) -> None:
        if self._told:
            return
        self._told = True
        host = (environ.get("HTTP_HOST") or "")[:HOST_SHOWN_AT_MOST]
        click.echo(
            f" * The debugger is not shown for the host {host!r}, which it does not trust. Use localhost, or start the"
            " server with '--host' and that name.",
            err=True,
        )


def _same_address(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other.strip("[]"))
    except ValueError:
        return False


@contextmanager
def guarded() -> Iterator[None]:
    """Let the debugger that Werkzeug's server puts around an app be the guarded one."""
    before = werkzeug.debug.DebuggedApplication
    werkzeug.debug.DebuggedApplication = GuardedDebugger  # type: ignore[misc]
    try:
        yield
    finally:
        werkzeug.debug.DebuggedApplication = before  # type: ignore[misc]


def warn_if_exposed(host: str) -> None:
    """Say on stderr that other machines can reach a server with the debugger on, unless it listens to this one only."""
    if _is_local(host):
        return
    import os

    names = "localhost" if host in EVERY_INTERFACE else f"localhost or {host}"
    warning = _WARNING.format(host=host, names=names)
    if os.environ.get("WERKZEUG_DEBUG_PIN") == "off":
        warning += _WITHOUT_PIN
    click.secho(warning, fg="yellow", err=True)


EVERY_INTERFACE = frozenset({"0.0.0.0", "::", ""})


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost") or host.startswith("unix://"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
