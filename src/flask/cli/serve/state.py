"""What a worker knows of its place in the service: its app, whether requests are welcome, and whom to tell.

Read with every request and set from another thread: plain attributes only, no lock.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ...app import Flask


class State:
    """The state of one worker; it lives in the worker's own process.

    `ready` turns false as soon as the whole service is to end: a health check then answers so. `closing` turns true
    when this worker is about to end: each response then says that its connection closes. `ask_for_successor` tells the
    supervisor that this worker has served enough.
    """

    __slots__ = ("app", "ask_for_successor", "closing", "ready")

    def __init__(self, app: Flask, ask_for_successor: t.Callable[[], None] = lambda: None) -> None:
        self.app = app
        self.ready = True
        self.closing = False
        self.ask_for_successor = ask_for_successor
