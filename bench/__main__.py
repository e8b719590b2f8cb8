"""The measurements of speed, each by its name; without one, the table.

    python -m bench [--quick …]      microseconds per request, row by row, against the bars
    python -m bench start            importing, the command, the first answer, memory
    python -m bench reload           how long a save takes to be served by the development server
    python -m bench curves           how cost grows with routes, hooks, headers, arguments and bodies
    python -m bench loopback         requests per second and processor time of real servers, with wrk
    python -m bench async         the same of asynchronous requests and WebSockets, beside four ASGI frameworks
    python -m bench serve            `flask serve` beside gunicorn with upstream and uvicorn with FastAPI
    python -m bench waiting       10,000 requests that wait at once: each its own token, and what each holds
    python -m bench sockets       1,000 WebSockets for a minute: nothing lost, nothing left behind
    python -m bench memory           200,000 mixed requests: what the process holds, and whether that grows
    python -m bench proxies          what it costs to reach request, session, g and current_app
    python -m bench environments     makes the environments of all sides
    python -m bench plots            draws again what --json wrote

Each says with --help what it takes.
"""

from __future__ import annotations

import importlib
import sys

# each with its module
MEASUREMENTS = {
    **{name: name for name in ("table", "start", "reload", "curves", "loopback", "proxies", "environments", "plots")},
    "serve": "serve",
    "async": "asynchronous",  # which no module can be called
    "waiting": "waiting",
    "sockets": "sockets",
    "memory": "memory",
}


def main(arguments: list[str]) -> None:
    """Hand over to the measurement that is named."""
    name, rest = (arguments[0], arguments[1:]) if arguments and arguments[0] in MEASUREMENTS else ("table", arguments)
    importlib.import_module(f"bench.{MEASUREMENTS[name]}").main(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
