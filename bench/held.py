"""What a process holds at a moment: memory, threads, tasks, open files, contexts. It changes nothing but garbage."""

from __future__ import annotations

import asyncio
import collections
import gc
import os
import sys
import typing as t

from bench import machine

# Objects that a framework makes for a request or a WebSocket and that have to be gone after it, by their type's name.
OF_A_REQUEST = (
    "AppContext",
    "RequestContext",
    "WebsocketContext",
    "Request",
    "Websocket",
    "WebSocket",
    "Response",
    "greenlet",
    "Context",
)


def now() -> dict[str, int]:
    """Kilobytes, threads, and the tasks of the running loop."""
    return {"kB": machine.resident(), "threads": machine.threads(), "tasks": len(asyncio.all_tasks())}


def altogether() -> dict[str, int]:
    """The same once garbage is collected, with Python's allocations, open files, and objects of requests by type."""
    gc.collect()
    of_a_request = collections.Counter(_names())
    return {
        **now(),
        "blocks": sys.getallocatedblocks(),
        "open files": _open_files(),
        **{name: of_a_request[name] for name in OF_A_REQUEST},
    }


def _names() -> t.Iterator[str]:
    """The name of every object's type, that of a class which is derived from a known one being the known one's."""
    known: dict[type, str | None] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        if kind not in known:
            names = (base.__name__ for base in kind.__mro__)
            known[kind] = next((name for name in names if name in OF_A_REQUEST), None)
        if (name := known[kind]) is not None:
            yield name


def _open_files() -> int:
    try:
        return len(os.listdir("/proc/self/fd")) - 1  # the listing itself
    except OSError:
        return 0
