"""Requests at once in one process: each finds its own values everywhere, and nobody else's."""

from __future__ import annotations

import json
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask import g
from tests.robustness.gateway import Sent, call
from tests.robustness.probe import make_app
from tests.robustness.random_requests import random_requests
from tests.robustness.runner import silent_log
from tests.security import isolation


@pytest.mark.parametrize(
    ("requests", "at_once"), [(300, 60), pytest.param(5_000, 500, marks=pytest.mark.slow)], ids=["few", "many"]
)
@pytest.mark.parametrize("kind", isolation.KINDS)
def test_isolation_of_concurrent_requests(kind: str, requests: int, at_once: int) -> None:
    """Each request's token comes back in body, stream, session, g, log record, error handler and teardown.

    All that are let in at once are inside of the view at the same moment. 50,000 by each kind:
    `python -m tests.security.isolation`. Upstream's streams do read each other's `g` (measured on upstream 3.1.3).
    """
    figures = isolation.KINDS[kind](requests, at_once)
    assert figures == {"requests": requests, "at once": at_once, "mismatches": 0, "first": []}


def test_isolation_that_is_missing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where requests share what they should not, every kind of mismatch is counted, so that none can go unseen."""
    shared: dict[str, str] = {}
    found = isolation.Site.found

    def found_by_all(site: isolation.Site) -> set[str]:
        shared["token"] = shared.get("token", g.token) if len(shared) else g.token
        return found(site) | set(shared.values())

    monkeypatch.setattr(isolation.Site, "found", found_by_all)
    figures: dict[str, t.Any] = isolation.threads(60, 20)
    assert figures["mismatches"] > 60
    assert figures["at once"] == 20


def test_isolation_of_good_requests_from_bad_ones() -> None:
    """Each of many concurrent requests gets back its own arguments, cookies, form, session and g, whoever fails."""
    app = make_app()
    bad = list(random_requests(seed=7, count=400).values())

    def ask(number: int) -> None:
        token = f"t{number}"
        call(app, bad[number])
        seen = call(app, Sent(f"/state?token={token}", headers=(("Cookie", f"token={token}"),)))
        found = json.loads(seen.body)
        assert (found["args"], found["cookies"]) == ({"token": token}, {"token": token})
        assert (found["g"], found["session"]) == ({"marks": ["GET"]}, {})
        form = Sent(
            "/form", "POST", (("Content-Type", "application/x-www-form-urlencoded"),), f"token={token}".encode()
        )
        assert json.loads(call(app, form).body)["form"] == {"token": [token]}

    with silent_log(), ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(ask, number) for number in range(len(bad))]:
            done.result()
