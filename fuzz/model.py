"""A target and what is found in it: the input that breaks its law, told such that one line of Python does it again."""

from __future__ import annotations

import importlib
import time
import traceback
import typing as t
import zlib
from dataclasses import dataclass, field
from types import ModuleType

from hypothesis.strategies import SearchStrategy

T = t.TypeVar("T")

# Seconds of the processor that one small input may take. It is no measurement: a law that takes milliseconds takes so
# long only where work grows out of all proportion.
LONGEST = 5


class Slow(AssertionError):
    """One input that takes as much work as thousands should."""


@dataclass(frozen=True)
class Target(t.Generic[T]):
    """A module of `fuzz.targets`, by its name."""

    name: str
    inputs: SearchStrategy[T]
    law: t.Callable[[T], None]
    #: What the bytes that a coverage-guided engine makes up stand for; where it is None they decide what is drawn.
    raw: t.Callable[[bytes], T] | None = None
    #: What such bytes are pieced together from.
    words: tuple[bytes, ...] = ()

    @classmethod
    def named(cls, name: str) -> Target[t.Any]:
        """The target of a module."""
        return cls.of(importlib.import_module(f"fuzz.targets.{name}"))

    @classmethod
    def of(cls, module: ModuleType) -> Target[t.Any]:
        """The target that a module describes."""
        raw, words = getattr(module, "raw", None), getattr(module, "words", ())
        return cls(module.__name__.rpartition(".")[2], module.inputs, module.law, raw, tuple(words))

    def sentence(self) -> str:
        """The law in words."""
        return (self.law.__doc__ or "").strip().partition("\n")[0]

    def check(self, value: T) -> None:
        """Raise whatever the law raises for a value, also for one that takes the processor too long."""
        begin = time.process_time()
        self.law(value)
        taken = time.process_time() - begin
        if taken > LONGEST:
            raise Slow(f"This took the processor {taken:.1f} seconds.")


@dataclass
class Finding:
    """An input that broke a law."""

    target: str
    #: As Python writes it; None where the process broke before it could be told.
    value: str | None
    error: str

    @classmethod
    def of(cls, target: Target[T], value: T, error: BaseException) -> Finding:
        return cls(target.name, repr(value), "".join(traceback.format_exception(error, chain=False))[-6000:])

    def line(self) -> str:
        """Python that does it again."""
        return f"from fuzz.targets.{self.target} import *; law({self.value})"


@dataclass
class Run:
    """What became of a target in a run."""

    target: str
    engine: str
    seed: int
    seconds: float = 0
    examples: int = 0
    finding: Finding | None = None
    notes: list[str] = field(default_factory=list)


def seed_of(seed: int, *parts: object) -> int:
    """A seed of its own for each part of a run; the same on every Python."""
    return zlib.crc32(repr((seed, *parts)).encode())
