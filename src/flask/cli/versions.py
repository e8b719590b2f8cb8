"""Which version of a distribution is installed. What is not plain to see is left to `importlib.metadata`.

PERF: an installer writes the version into the name of a folder (`werkzeug-3.1.0.dist-info`, the binary distribution
format). Reading names takes 1 ms; importing `importlib.metadata` and the parser that it needs, 20.
"""

from __future__ import annotations

import os
import re
import sys

_VERSION = re.compile(r"[0-9][A-Za-z0-9.+!]*(?<!info)")


def version_of(distribution: str) -> str:
    """The version of an installed distribution, by its name in lower case.

    Raises `importlib.metadata.PackageNotFoundError`.
    """
    for place in sys.path:
        seen = _versions_in(place or os.curdir, distribution)
        if seen is None:
            break
        if seen:
            # Of several, some are left over from installations that broke off: who knows which.
            if len(seen) == 1 and _VERSION.fullmatch(seen[0]):
                return seen[0]
            break
    from importlib.metadata import version

    return version(distribution)


def _versions_in(place: str, distribution: str) -> list[str] | None:
    """The versions by the names in one entry of `sys.path`; None where it is no folder, but perhaps an archive."""
    try:
        names = os.listdir(place)
    except NotADirectoryError:
        return None
    except OSError:
        return []  # many an entry leads nowhere
    start = f"{distribution}-"
    return [
        name[len(start) :].removesuffix(".dist-info")  # another kind of folder keeps its suffix, and is no version
        for name in names
        if name.endswith((".dist-info", ".egg-info")) and name.lower().startswith(start) and name[len(start)].isdigit()
    ]
