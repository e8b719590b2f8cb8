"""The response of a redirect, as Werkzeug makes it; a location that is not plain is left to Werkzeug altogether.

Not a byte of page or header may differ from what `werkzeug.utils.redirect` and its response send.
"""

from __future__ import annotations

import re
import typing as t
from functools import cache
from string import ascii_letters, digits

from markupsafe import escape
from werkzeug.utils import redirect as _werkzeug_redirect

if t.TYPE_CHECKING:
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
            return _werkzeug_redirect(location, code, kind)
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
