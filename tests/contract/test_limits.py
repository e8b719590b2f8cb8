"""Each recorded limit is somebody else's: the same test fails on the same servers without a framework."""

from __future__ import annotations

import importlib
import inspect
import typing as t

import pytest

from tests.contract.conftest import BRIEFLY, FAILURES
from tests.contract.fleet import Fleet, Served
from tests.contract.limits import LIMITS
from tests.contract.servers import SERVERS

LIMITED = sorted({test for limit in LIMITS for test in limit.tests})


@pytest.mark.slow
@pytest.mark.parametrize("law", LIMITED)
def test_limit_is_not_ours(fleet: Fleet, law: str) -> None:
    """Without a framework the law fails on exactly the same servers, and on those for which the framework makes up."""
    file, _, name = law.partition("::")
    test: t.Callable[..., None] = getattr(importlib.import_module(f"tests.contract.{file.removesuffix('.py')}"), name)
    wanted = inspect.signature(test).parameters
    limits = [limit for limit in LIMITS if law in limit.tests]
    failing = {server for limit in limits for server in (*limit.servers, *limit.mended)}
    certain = {server for limit in limits if limit.is_certain for server in (*limit.servers, *limit.mended)}
    servers = [server for server in SERVERS if server.installed]
    if "websockets" in wanted:
        servers = [server for server in servers if server.gateway != "WSGI" and server.has_sockets]
    processes = [fleet.start(server, "bare", below="below" in wanted) for server in servers]
    wrong = []
    for server, process in zip(servers, processes, strict=True):
        served = process.served
        if server.name in failing:
            served = served._replace(patience=BRIEFLY)
        given: dict[str, Served | str] = {"token": f"{file}-{name}-{server.name}"}
        given |= dict.fromkeys(("served", "mixed", "websockets", "below", "wrapped"), served)
        try:
            test(**{argument: given[argument] for argument in wanted})
        except FAILURES:
            if server.name not in failing:
                wrong.append(f"fails on {server.name}")
        else:
            if server.name in certain:
                wrong.append(f"holds on {server.name}")
    assert not wrong
