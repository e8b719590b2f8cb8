"""Visitors who come with a token each, wait together, and insist that each gets its own back, whatever way they ask."""

from __future__ import annotations

import asyncio
import json
import time
import typing as t

Answer = tuple[int, list[tuple[str, str]], bytes]  # status, headers with small names, body
Ask = t.Callable[[str, str], t.Awaitable[Answer]]  # path with query, cookie
MEMBERS = 10  # every so manyth visitor is a member, who logs in, where there is a part for members
AT_ONCE = 100  # who enter and leave at a time


def _cookie_of(answer: Answer) -> str:
    """The session's cookie of an answer, as a browser sends it back."""
    (found,) = [value.partition(";")[0] for name, value in answer[1] if name == "set-cookie"]
    return found


def _said(answer: Answer, path: str) -> t.Any:
    if answer[0] != 200:
        raise SystemExit(f"{path}: status {answer[0]}: {answer[2][:400]!r}")
    return json.loads(answer[2])


class Visitor:
    """One who enters, waits and leaves; how often its token came back is counted, and what else came is kept."""

    def __init__(self, number: int, ask: Ask, member: bool) -> None:
        self.token, self.member, self._ask = f"token-{number}", member, ask
        self._cookie = ""
        self.found = 0
        self.wrong: list[str] = []

    async def enter(self) -> None:
        path = f"{'/members' if self.member else ''}/enter/{self.token}"
        answer = await self._ask(path, "")
        if (answer[0], answer[2]) != (200, b"entered"):
            raise SystemExit(f"{path}: status {answer[0]}: {answer[2][:400]!r}")
        self._cookie = _cookie_of(answer)

    async def wait(self, seconds: float) -> None:
        path = f"{'/members' if self.member else ''}/wait"
        answer = await self._ask(f"{path}?token={self.token}&seconds={seconds}", self._cookie)
        self._own(path, _said(answer, path), 4 + self.member)
        self._cookie = _cookie_of(answer)

    async def leave(self) -> None:
        """Show the cookie that the session of the wait was saved in."""
        self._own("/leave", _said(await self._ask("/leave", self._cookie), "/leave"), 1)

    def _own(self, path: str, said: dict[str, str], many: int) -> None:
        """Every value of an answer has to be the token."""
        own = sum(1 for value in said.values() if value == self.token)
        self.found += own
        if own != many or len(said) != many:
            self.wrong.append(f"{path}: {self.token} got {said}")


async def some_at_once(steps: t.Iterable[t.Coroutine[t.Any, t.Any, None]], many: int = AT_ONCE) -> None:
    """Take steps, so many at a time."""
    gate = asyncio.Semaphore(many)

    async def one(step: t.Coroutine[t.Any, t.Any, None]) -> None:
        async with gate:
            await step

    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(one(step))


async def visit(asks: t.Sequence[Ask], seconds: float, members: bool) -> dict[str, t.Any]:
    """All enter, wait until everybody is there and then for some seconds, wait each for itself, and leave.

    What the process held is as the application tells it: kilobytes, threads and tasks, idle and when all waited.
    """
    visitors = [Visitor(number, ask, members and number % MEMBERS == 0) for number, ask in enumerate(asks)]

    async def figures(path: str) -> dict[str, int]:
        told: dict[str, int] = _said(await asks[0](path, ""), path)
        return told

    async def all_wait() -> float:
        begin = time.perf_counter()
        await asyncio.gather(*(visitor.wait(seconds) for visitor in visitors))
        return time.perf_counter() - begin

    await some_at_once(visitor.enter() for visitor in visitors)
    idle = await figures(f"/gate/{len(visitors)}")
    together = await all_wait()
    waiting = await figures("/gate")
    between = await figures("/gate/0")
    apart = await all_wait()
    most = (await figures("/gate"))["most"]
    await some_at_once(visitor.leave() for visitor in visitors)
    after = await figures("/gate/0")
    return {
        "visitors": len(visitors),
        "members": sum(visitor.member for visitor in visitors),
        "seconds": {"together": together, "apart": apart},
        "most": {"together": waiting["most"], "apart": most},
        "idle": idle,
        "waiting": waiting,
        "between": between,
        "after": after,
        "found": sum(visitor.found for visitor in visitors),
        "wrong": [found for visitor in visitors for found in visitor.wrong],
    }
