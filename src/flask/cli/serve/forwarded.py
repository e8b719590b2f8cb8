"""What a proxy says of the client: taken where the proxy is a known one, and else removed, so that nobody takes it.

An address is looked up in the list as the connection has it, never by a name. What is malformed is as if it were not
there; no request fails for it.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from ..._hosts import is_host
from ..._logged import BY_PROXY

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_Address = IPv4Address | IPv6Address

#: What may be taken, as the option `--forwarded-headers` has it.
HEADERS = ("for", "proto", "host", "port", "prefix")
_KEYS = {name: f"HTTP_X_FORWARDED_{name.upper()}" for name in HEADERS}
# What else proxies tell by, and applications read. Who is no proxy of ours tells nothing.
_UNTRUSTED = (*_KEYS.values(), "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_SSL", "HTTP_X_FORWARDED_SCHEME")

_HOPS_AT_MOST = 32  # of a list that may have as many as a head has room for
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
# Not "//": a URL that begins so leads to another host. No quoting, of which nobody knows whether it was undone.
_is_prefix = re.compile(r"(?:/[\w.~!$&'()*+,;=:@-]+)+", re.ASCII).fullmatch
_is_port = re.compile(r"[0-9]{1,5}", re.ASCII).fullmatch


class Trusted:
    """The proxies whose word is taken: addresses, networks, `unix` for whoever comes by a Unix socket, `*` for anybody.

    Raises `ValueError` for anything else, with what is wrong.
    """

    def __init__(self, entries: t.Iterable[str]) -> None:
        words = {entry.strip() for entry in entries} - {""}
        self._anybody = "*" in words
        self._unix = self._anybody or "unix" in words
        self._networks = [ip_network(word, strict=False) for word in sorted(words - {"*", "unix"})]
        # PERF: to take an address apart takes 2 µs, and who has asked will ask again.
        self.is_peer = lru_cache(1024)(self._is_peer)
        self._client = lru_cache(1024)(self._find_client)

    def _is_peer(self, address: str) -> bool:
        """Whether a connection from there is a proxy's; the address is empty for a Unix socket."""
        if not address:
            return self._unix
        if self._anybody:
            return True
        parsed = _address(address)
        return parsed is not None and self._lists(parsed)

    def _lists(self, address: _Address) -> bool:
        return any(address in network for network in self._networks)

    def client(self, chain: str) -> str | None:
        """Whom a proxy's list of addresses (`X-Forwarded-For`) leads to, as `address` or `address port`.

        From the right, each is the word of the one before it: up to the first that is no proxy of ours. With `*` that
        is the first of all, since what stands left of it anybody may have written.
        """
        return self._client(chain) if len(chain) < 256 else self._find_client(chain)

    def _find_client(self, chain: str) -> str | None:
        found = None
        for text in reversed(chain.rsplit(",", _HOPS_AT_MOST)[-_HOPS_AT_MOST:]):
            address, port = _hop(text.strip())
            if address is None:
                break
            found = f"{address} {port}" if port else str(address)
            if not self._lists(address):
                break
        return found


def _address(text: str) -> _Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)  # how IPv4 looks where a socket of IPv6 accepts it
    return address if mapped is None else mapped


def _hop(text: str) -> tuple[_Address | None, str]:
    """Address and port of `10.0.0.1`, `10.0.0.1:80`, `::1`, `[::1]` or `[::1]:80`."""
    text, port = text.strip('"'), ""
    if text.startswith("["):
        text, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            return None, ""
        port = rest[1:]
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
    if "%" in text or (port and not _is_port(port)):
        return None, ""
    return _address(text), port


def forwarded(app: WSGIApplication, trusted: Trusted, headers: t.Collection[str]) -> WSGIApplication:
    """An application that sees the client behind a trusted proxy as if there were none between.

    `headers` are those of `HEADERS` that the proxies are known to set, or remove, themselves: whatever else a client
    sends may come through them unchanged. As much as was taken is left in the header, in one value, so that whoever
    reads it as well (`werkzeug.middleware.proxy_fix.ProxyFix`) finds the same and nothing more.
    """
    steps = [(_KEYS[name], _TAKE[name]) for name in HEADERS if name in headers and name != "for"]
    takes_client = "for" in headers
    is_peer = trusted.is_peer

    def through(environ: WSGIEnvironment, start_response: StartResponse) -> t.Iterable[bytes]:
        if not is_peer(environ.get("REMOTE_ADDR", "")):
            for key in _UNTRUSTED:
                if key in environ:
                    del environ[key]
            return app(environ, start_response)
        environ[BY_PROXY] = True
        if takes_client and "HTTP_X_FORWARDED_FOR" in environ:
            _take_client(environ, trusted.client(environ.pop("HTTP_X_FORWARDED_FOR")))
        for key, take in steps:
            if key in environ:
                # The word of the nearest proxy: what stands left of it, that proxy may have been given by anybody.
                value = take(environ, environ.pop(key).rpartition(",")[2].strip())
                if value is not None:
                    environ[key] = value
        return app(environ, start_response)

    return through


def _take_client(environ: WSGIEnvironment, client: str | None) -> None:
    if client is not None:
        address, _, port = client.partition(" ")
        environ["REMOTE_ADDR"] = environ["HTTP_X_FORWARDED_FOR"] = address
        environ.pop("REMOTE_PORT", None)
        if port:
            environ["REMOTE_PORT"] = port


# Each gives back what it took.


def _take_proto(environ: WSGIEnvironment, value: str) -> str | None:
    scheme = _SCHEMES.get(value.lower())
    if scheme is not None:
        environ["wsgi.url_scheme"] = scheme
    return scheme


def _take_host(environ: WSGIEnvironment, value: str) -> str | None:
    name, colon, port = value.rpartition(":") if not value.endswith("]") else (value, "", "")
    if not colon:
        name, port = value, ""
    if not name or not is_host(value) or (port and not _is_port(port)):
        return None
    environ["HTTP_HOST"] = value
    environ["SERVER_NAME"] = name
    if port:
        environ["SERVER_PORT"] = port
    return value


def _take_port(environ: WSGIEnvironment, value: str) -> str | None:
    if not _is_port(value) or not 0 < int(value) < 65536:
        return None
    host = environ.get("HTTP_HOST")
    if host:
        environ["HTTP_HOST"] = f"{re.sub(r':[0-9]*$', '', host)}:{value}"
    environ["SERVER_PORT"] = value
    return value


def _take_prefix(environ: WSGIEnvironment, value: str) -> str | None:
    value = value.rstrip("/")
    if value and not _is_prefix(value):
        return None
    environ["SCRIPT_NAME"] = value
    return value


_TAKE: dict[str, t.Callable[[WSGIEnvironment, str], str | None]] = {
    "proto": _take_proto,
    "host": _take_host,
    "port": _take_port,
    "prefix": _take_prefix,
}
