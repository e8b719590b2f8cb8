"""Text on its way out as UTF-8: a lone surrogate becomes U+FFFD, as in browsers. All other text stays as it is.

Half of a pair of UTF-16 is no character, and UTF-8 has no bytes for it (RFC 3629, section 3); yet JSON lets anybody
send one (RFC 8259, section 8.2), and Python keeps it in a str. That text cannot be encoded is never an error here.
"""

from __future__ import annotations

import codecs
import re
import typing as t

# The name by which `str.encode` and `urllib.parse.quote` find what replaces; only text that has surrogates pays for it.
REPLACED = "flask.well_formed"


def _replace(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    # Of two halves that belong together one character is made (WHATWG Infra, "convert" to scalar values).
    halves = error.object[error.start : error.end].encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le", "replace").encode(), error.end


codecs.register_error(REPLACED, t.cast("t.Any", _replace))


def encoded(text: str) -> bytes:
    """The text in UTF-8."""
    return str.encode(text, "utf-8", REPLACED)


def well_formed(text: str) -> str:
    """The text itself, or what `encoded` makes of it, as text again."""
    return text if text.isascii() else str.encode(text, "utf-8", REPLACED).decode()


def well_formed_within(data: t.Any) -> t.Any:
    """Data with `well_formed` text, in dicts, lists, tuples and sets as well; of the last three a list is made."""
    if isinstance(data, str):
        return well_formed(data)
    if isinstance(data, dict):
        return {well_formed_within(key): well_formed_within(value) for key, value in data.items()}
    return [well_formed_within(item) for item in data] if isinstance(data, (list, tuple, set)) else data


def escaped(json: str) -> str:
    """JSON text in which surrogates are escaped: it says the same, and can be encoded."""
    return json if json.isascii() else re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", json)


def mend(error: t.Any) -> None:
    """Have the description of an HTTP exception such that every page made of it can be encoded."""
    own = error.__dict__
    if "description" in own:
        description = own["description"]
        if isinstance(description, str) and not description.isascii():
            error.description = well_formed(description)
