"""Asks an app that is deployed whether the headers of its proxies arrive, and whether a client's own are believed.

Only where a URL was given. The requests are such that the router answers them, with a redirect for a slash: no view
runs there either. What is read of the answers is the status and the location.
"""

from __future__ import annotations

import http.client
import typing as t
from collections.abc import Iterator
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from .findings import Finding, Where, declare
from .shapes import examples

NOT_TOLD = declare(
    "flask.P006",
    "error",
    "The deployed app does not know the URL that it is reached by",
    reason="It makes redirects, and links in mails, for the scheme or host that the proxy asks it by.",
    remedy="Have the proxy set X-Forwarded-Proto and X-Forwarded-Host, or Host, and wrap the app in ProxyFix with their"
    " numbers; or use flask serve --forwarded-allow-ips.",
)
BELIEVED = declare(
    "flask.P007",
    "error",
    "The deployed app believes a client's own forwarding headers",
    reason="Anybody says which host, scheme or path the app has: in redirects, in caches, in mails to others.",
    remedy="Have the outermost proxy set or remove X-Forwarded-Host, -Proto and -Prefix; lower the numbers of ProxyFix"
    " to what the proxies set.",
)
NO_ANSWER = declare(
    "flask.P008",
    "warning",
    "The deployed app could not be asked",
    reason="Whether the headers of proxies arrive there is not known.",
    remedy="Give the URL that clients use, from a place where they reach it; the app needs a rule that ends with a"
    " slash.",
)

_FORGED_HOST = "flask-check.invalid"
_FORGED_PREFIX = "/flask-check-prefix"
_SECONDS = 10
_ROOM = 40


class Answer(t.NamedTuple):
    """What is looked at of a response."""

    status: int
    location: str


def find(app: t.Any, url: str) -> Iterator[Finding]:
    """What an app that is deployed at a URL says of its proxies."""
    base = urlsplit(url)
    where = Where(name=url)
    path = _path_without_slash(app)
    if path is None:
        yield NO_ANSWER.found("No rule of the app ends with a slash, so there is nothing to ask with", where)
        return
    target = base.path.rstrip("/") + quote(path)
    try:
        plain = ask(base, target, {})
        forged = ask(base, target, _forged(base))
    except (OSError, http.client.HTTPException) as error:
        yield NO_ANSWER.found(f"{url} could not be asked: {error or type(error).__name__}", where)
        return
    location = urlsplit(urljoin(f"{base.scheme}://{base.netloc}{target}", plain.location))
    if plain.status not in (301, 302, 307, 308) or not location.path.endswith(f"{quote(path)}/"):
        yield NO_ANSWER.found(f"{target!r} was answered with {plain.status}, and not with the router's redirect", where)
        return
    if (location.scheme, _host(location)) != (base.scheme, _host(base)):
        yield NOT_TOLD.found(f"{target!r} is redirected to {plain.location!r}", where)
    if forged != plain:
        told = f"redirected to {forged.location!r}" if forged.location else f"answered with {forged.status}"
        yield BELIEVED.found(f"{target!r} with forged X-Forwarded headers is {told}", where)


def _path_without_slash(app: t.Any) -> str | None:
    """A path that the router redirects to the one with a slash, of a rule with as few variables as there are."""
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import RequestRedirect

    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if len(rule.rule) > 1
        and rule.rule.endswith("/")
        and "GET" in (rule.methods or ())
        and (rule.subdomain or "") == (app.url_map.default_subdomain or "")
    ]
    adapter = app.url_map.bind(
        "localhost", subdomain=None if app.url_map.host_matching else app.url_map.default_subdomain
    )
    for rule in sorted(rules, key=lambda rule: len(rule.arguments))[:_ROOM]:
        for path in list(examples(rule))[:5]:
            try:
                adapter.match(path.rstrip("/"), "GET")
            except RequestRedirect as redirect:
                if urlsplit(redirect.new_url).path == quote(path):
                    return path.rstrip("/")
            except HTTPException:
                continue
            except Exception:  # noqa: BLE001 - a converter of the application's; another rule will do
                break
    return None


def ask(base: SplitResult, target: str, headers: dict[str, str]) -> Answer:
    """One request; a redirect is not followed, and the body not read."""
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    connection = kind(base.hostname or "", base.port, timeout=_SECONDS)
    try:
        connection.request("GET", target, headers={"User-Agent": "flask check", "Connection": "close", **headers})
        response = connection.getresponse()
        return Answer(response.status, response.getheader("Location") or "")
    finally:
        connection.close()


def _forged(base: SplitResult) -> dict[str, str]:
    other = "http" if base.scheme == "https" else "https"
    return {
        "X-Forwarded-Host": _FORGED_HOST,
        "X-Forwarded-Proto": other,
        "X-Forwarded-Prefix": _FORGED_PREFIX,
        "Forwarded": f"host={_FORGED_HOST};proto={other}",
    }


def _host(url: SplitResult) -> tuple[str, int | None]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.hostname or "", url.port or default
