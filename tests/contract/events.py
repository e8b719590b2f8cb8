"""What happened in a server's process, told to a test that asks for it later: what no answer can show by itself.

Events are names under a token of the test's own, so that tests share a process without hearing one another.
"""

from __future__ import annotations

import threading
from collections import defaultdict

PATIENCE = 15.0
"""Seconds to wait for an event, where the test does not say."""

_told: defaultdict[str, list[str]] = defaultdict(list)
_changed = threading.Condition()


def tell(token: str, event: str) -> None:
    """Note an event, and wake whoever waits for it."""
    with _changed:
        _told[token].append(event)
        _changed.notify_all()


def heard(token: str, until: str | None = None, patience: float = PATIENCE) -> list[str]:
    """All events of a token in order, once the wanted one is among them or patience is over."""
    with _changed:
        if until is not None:
            _changed.wait_for(lambda: until in _told[token], patience)
        return list(_told[token])
