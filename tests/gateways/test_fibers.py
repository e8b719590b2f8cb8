from __future__ import annotations

import asyncio

import pytest

from flask._gateways.fibers import _Errand


def test_a_thread_is_heard_once() -> None:
    """What a thread said while its task was being cancelled is heard once, though the loop is told of it afterwards."""

    async def main() -> None:
        errand = _Errand(asyncio.get_running_loop(), print, ())
        first = asyncio.create_task(errand.heard())
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        errand._awaitable = "said"
        errand._tell()
        assert await errand.heard() == "said"
        second = asyncio.create_task(errand.heard())
        for _ in range(3):
            await asyncio.sleep(0)
        assert not second.done()
        errand.ended = True
        errand._tell()
        assert await second is None

    asyncio.run(main())
