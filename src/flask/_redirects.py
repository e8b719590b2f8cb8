"""The response of a redirect, as Werkzeug makes it, and where the redirects lead that no application has written.

Not a byte of page or header may differ from what `werkzeug.utils.redirect` and its response send; a location that is
not plain is left to Werkzeug altogether. What matching a URL makes never leads to a host that the URL's path has named.
"""

from __future__ import annotations

import re
import typing as t
from functools import cache
from string import ascii_letters, digits
from urllib.parse import urlsplit, urlunsplit

from markupsafe import escape
from werkzeug.utils import redirect as _werkzeug_redirect

from ._unicode import well_formed

if t.TYPE_CHECKING:
    from werkzeug.routing import MapAdapter
    from werkzeug.wrappers import Response


# PERF: most locations are a path of these, and to strip it takes a tenth of matching it. None has to be escaped.
_UNQUOTED = f"{ascii_letters}{digits}_-.~%!$()*+,/:;=@"


def redirect(location: str, code: int, kind: type[Response], stock: bool = False) -> Response:
    """A response of this class that sends the client to another location.

    `stock` says that its constructor is known to take what Werkzeug's takes.
    """
    if type(location) is not str:
        return _werkzeug_redirect(location, code, kind)
    shown = location
    if not location or location[0] != "/" or "//" in location or location.strip(_UNQUOTED):
        if not is_plain(location):
            return _werkzeug_redirect(_as_it_reads(well_formed(location)), code, kind)
        if "&" in location or "'" in location:
            shown = escape(location)
    begin, between, end = _page()
    page = f"{begin}{shown}{between}{shown}{end}"
    response: t.Any
    if stock:
        response = kind(page, code, None, "text/html", None, False)  # PERF: with every argument it is specialised
    else:
        response = kind(page, code, mimetype="text/html")
    try:
        # PERF: as long as nobody has touched the headers, there is none to replace (2 µs).
        pairs = response._pairs if response._headers is None else None
    except AttributeError:
        pairs = None  # of another family, or made in a way of its own
    if pairs is None or response.autocorrect_location_header:
        response.headers["Location"] = location
    else:
        pairs.append(("Location", location))
    return response  # type: ignore[no-any-return]


def _as_it_reads(location: str) -> str:
    """A location with those characters encoded that clients, or Werkzeug, would pass over or take for slashes.

    Else one that begins with a single slash for whoever looked at it might be sent with two, which begin a host. What
    ends a header is left to be refused.
    """
    rest = location.lstrip(" ")
    if not rest:
        return location
    return "%20" * (len(location) - len(rest)) + _to_encode().sub(lambda found: f"%{ord(found[0]):02X}", rest)


@cache
def _to_encode() -> re.Pattern[str]:
    return re.compile(r"[\x01-\x09\x0b\x0c\x0e-\x1f\\]")


def is_plain(location: str) -> bool:
    """Whether Werkzeug sends a location just as it is: an absolute path, with nothing in it that has to be quoted."""
    return _plain()(location) is not None


@cache  # PERF: not compiled before somebody redirects
def _plain() -> t.Callable[[str], object]:
    # What Werkzeug leaves as it is in each part (https://url.spec.whatwg.org/#url-path-segment-string). Two slashes
    # would begin a host name, and an empty query or fragment loses its sign.
    path = r"\w\-.~%!$&'()*+,/:;=@"
    return re.compile(rf"/(?!/)[{path}]*(?:\?[{path}?]+)?(?:\#[{path}?#]+)?", re.ASCII).fullmatch


@cache
def _page() -> tuple[str, str, str]:
    """What stands before, between and behind the two places in Werkzeug's page that show the location."""
    begin, between, end = _werkzeug_redirect("/here").get_data(as_text=True).split("/here")
    return begin, between, end


def staying(url: str, adapter: MapAdapter) -> str:
    """Where a redirect leads that came of matching a URL: to this very host, or one that the map's rules name.

    Without a host, as with a `Host` header that Werkzeug does not take, `http:///path` would come of it: browsers take
    the path for a host. A variable of a rule's `redirect_to` may hold a URL of its own. Both lead to the path, here.
    """
    scheme, host, path, query, _ = urlsplit(url)
    home = adapter.get_host(None)
    if host and (host == home or _is_below(host, adapter)):
        return url
    if (host or scheme not in _WITH_HOSTS) and _is_said(url, adapter):
        return url
    path = "/" + path.lstrip("/\\")
    return urlunsplit((adapter.url_scheme if home else "", home, path, query, ""))


_WITH_HOSTS = frozenset({"", "http", "https", "ws", "wss"})


def _is_below(host: str, adapter: MapAdapter) -> bool:
    """Whether a host can be that of a rule: where rules have hosts one of theirs, else one below the server's."""
    if not adapter.map.host_matching:
        return bool(adapter.server_name) and host.endswith(f".{adapter.server_name}")
    return any(rule.host == host or "<" in (rule.host or "") for rule in adapter.map.iter_rules())


def _is_said(url: str, adapter: MapAdapter) -> bool:
    """Whether a rule redirects there by the application's own word, and not by what a variable holds."""
    for rule in adapter.map.iter_rules():
        target = rule.redirect_to
        if target is None:
            continue
        if callable(target):
            return True
        begin = target.partition("<")[0]
        if begin.startswith("//"):
            begin = f"{adapter.url_scheme}:{begin}"
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", begin) and url.startswith(begin):
            return True
    return False
