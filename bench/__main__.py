"""The measurements of speed, each by its name; without one, the table.

python -m bench [--quick …]      microseconds per request, row by row, against the bars
python -m bench start            importing, the command, the first answer, memory
python -m bench environments     makes the environments of all sides
"""

from __future__ import annotations

import importlib
import sys

MEASUREMENTS = ("table", "start", "curves", "environments", "plots")


def main(arguments: list[str]) -> None:
    """Hand over to the measurement that is named."""
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in MEASUREMENTS else ("table", arguments)
    importlib.import_module(f"bench.{name}").main(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
