"""What a scenario is, how much of it is done, and what it has found. Nothing here knows a server or a protocol."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from soak.service import Service

INTERFACES = ("wsgi", "asgi", "rsgi")


@dataclass(frozen=True)
class Size:
    """How much is done; `waits` says whether also what takes seconds by its nature is waited for."""

    requests: int = 200_000
    visitors: int = 8
    seconds: float = 6.0
    slow_heads: int = 100
    slow_bodies: int = 40
    idle: int = 200
    aborted: int = 100
    deaths: int = 4
    waits: bool = True


SHORT = Size(
    requests=600, visitors=4, seconds=1.0, slow_heads=30, slow_bodies=10, idle=60, aborted=12, deaths=1, waits=False
)


@dataclass
class Record:
    """What was measured, and what was not as it has to be."""

    figures: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)

    def tell(self, figure: str) -> None:
        """Keep a figure, which is no judgement."""
        self.figures.append(figure)

    def expect(self, holds: object, otherwise: str) -> None:
        """Keep what is wrong unless something holds."""
        if not holds:
            self.faults.append(otherwise)

    def allow(self, holds: object, otherwise: str) -> None:
        """Keep what is no fault of ours, and documented, unless something holds after all."""
        if not holds:
            self.limits.append(otherwise)


@dataclass(frozen=True)
class Scenario:
    """One thing that a service has to bear.

    `run` is given a service with two workers, its own one where `is_alone`: it does what others should not meet.
    `limits` is what that has less of than the machine (`soak.limited`).
    """

    name: str
    law: str
    run: Callable[[Service, Size, Record], None]
    is_alone: bool = False
    limits: tuple[str, ...] = ()


def eventually(holds: Callable[[], object], seconds: float = 20) -> bool:
    """Whether something holds before so many seconds have gone."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
