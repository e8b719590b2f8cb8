"""The response of a redirect, as Werkzeug makes it; a location that is not plain is left to Werkzeug altogether.

Not a byte of page or header may differ from what `werkzeug.utils.redirect` and its response send.
"""

from __future__ import annotations

import re
import typing as t
from functools import cache

from markupsafe import escape
from werkzeug.utils import redirect as _werkzeug_redirect

if t.TYPE_CHECKING:
    from werkzeug.wrappers import Response


def redirect(location: str, code: int, kind: type[Response]) -> Response:
    """A response of this class that sends the client to another location."""
    if type(location) is not str or _plain()(location) is None:
        return _werkzeug_redirect(location, code, kind)
    begin, between, end = _page()
    shown = location if "&" not in location and "'" not in location else escape(location)
    response = kind(f"{begin}{shown}{between}{shown}{end}", code, mimetype="text/html")
    pairs: list[tuple[str, str]] | None = getattr(response, "_pairs", None)
    if pairs is not None and getattr(response, "_headers", pairs) is None and not response.autocorrect_location_header:
        # PERF: nobody has touched the headers, so there is none to replace (2 µs).
        pairs.append(("Location", location))
    else:
        response.headers["Location"] = location
    return response


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
