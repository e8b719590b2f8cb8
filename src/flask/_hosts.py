"""Which `Host` a request may have: what is one at all, and which of those an app trusts.

What host a request is for is decided by Werkzeug; here it is only refused or let through. See RFC 9110 §7.2.
"""

from __future__ import annotations

import re
import typing as t

# `uri-host [ ":" port ]` of RFC 9110 §4.2.1 without the comma, which two of these headers make when put together, and
# with whatever is not ASCII: some clients send names so.
_as_host = re.compile(r"(?:[\w.~%!$&'()*+;=\x80-\U0010ffff-]*|\[([\w.:%]+)\])(?::[0-9]*)?").fullmatch
_is_future = re.compile(r"v[0-9A-Fa-f]+\..+").fullmatch

# Labels of a host name as IDNA's ASCII form has them (RFC 1035 §2.3.4, RFC 5890), and a port. What looks otherwise may
# be refused by Werkzeug when it binds the URL map, so it is not ours to route.
_is_plain = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*(?::[0-9]{1,5})?\Z", re.ASCII).match
plain_hosts: dict[str | None, None] = {}  # PERF: asked in half the time of a set

NO_HOST = "The 'Host' header of the request is no name or address of a host, with or without a port."


def is_host(header: str | None) -> bool:
    """Whether a `Host` header is one at all; a request without it may be of HTTP/1.0."""
    if header is None or header in plain_hosts:
        return True
    found = _as_host(header)
    return found is not None and (found[1] is None or _is_literal(found[1]))


def _is_literal(address: str) -> bool:
    """Whether brackets may hold this: an address of IPv6, or of a version to come (RFC 3986 §3.2.2).

    Of anything else `urllib.parse` makes an error, and so Werkzeug of whoever asks for the request's URL.
    """
    from ipaddress import IPv6Address  # PERF: hardly anybody asks by an address

    try:
        return _is_future(address) is not None or bool(IPv6Address(address).compressed)
    except ValueError:
        return False


def is_plain(host: str | None) -> bool:
    """Whether a host is of the form that nobody refuses; kept, until too many were."""
    if host is None or _is_plain(host) is None:
        return False
    if len(plain_hosts) >= 256:  # a client can send any name it likes; the memory of them is bounded
        plain_hosts.clear()
    plain_hosts[host] = None
    return True


def is_trusted(host: str, trusted: str | t.Iterable[str]) -> bool:
    """Whether a host is one of those, whatever the case, the port, and the dot of the root behind it.

    A name with a leading dot stands for every name below it, and for itself.
    """
    name = _name_of(host)
    for entry in (trusted,) if isinstance(trusted, str) else trusted:
        known = _name_of(entry)
        if name and (name == known.removeprefix(".") or (known.startswith(".") and name.endswith(known))):
            return True
    return False


def _name_of(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    if not (colon and port.isdecimal()):
        name = host.lower()
    try:
        return name.removesuffix(".") if name.isascii() else name.removesuffix(".").encode("idna").decode()
    except UnicodeError:  # no name that anybody could ask for
        return ""
