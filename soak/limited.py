"""Runs a module as the interpreter would, with less of something than the machine has.

python -m soak.limited [files=N] [size=BYTES] MODULE …     open files, bytes of a file; for it and all that it starts
"""

from __future__ import annotations

import os
import resource
import sys

LIMITS = {"files": resource.RLIMIT_NOFILE, "size": resource.RLIMIT_FSIZE}


def main(words: list[str]) -> None:
    """Set the limits, then become the module."""
    while words and "=" in words[0]:
        name, _, number = words.pop(0).partition("=")
        resource.setrlimit(LIMITS[name], (int(number), int(number)))
    os.execv(sys.executable, [sys.executable, "-m", *words])


if __name__ == "__main__":
    main(sys.argv[1:])
