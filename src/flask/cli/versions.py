"""Which version of an imported package is installed. What is not plain to see is left to `importlib.metadata`.

PERF: an installer writes the version into the name of a folder beside the package (`werkzeug-3.1.0.dist-info`, the
binary distribution format). Reading names takes less than 1 ms; what `importlib.metadata` imports, 20.
"""

from __future__ import annotations

import os
import re
import sys


def version_of(package: str) -> str:
    """The version of an imported package whose distribution has its name.

    Raises `importlib.metadata.PackageNotFoundError`.
    """
    seen = _versions_beside(package)
    # Of several, some are left over from installations that broke off: who knows which.
    if len(seen) == 1 and re.fullmatch(r"[0-9][A-Za-z0-9.+!]*", seen[0]):
        return seen[0]
    from importlib.metadata import version

    return version(package)


def _versions_beside(package: str) -> list[str]:
    """What stands in the names of the folders beside a package; nothing for a package in an archive."""
    try:
        names = os.listdir(os.path.dirname(sys.modules[package].__path__[0]))
    except (AttributeError, IndexError, OSError):
        return []
    start, end = f"{package}-", ".dist-info"
    return [
        name[len(start) : -len(end)]
        for name in names
        if name.endswith(end) and name.lower().startswith(start) and name[len(start)].isdigit()
    ]
