"""Hooks, sessions and contexts, in the same order through every server."""

from __future__ import annotations

from tests.contract.fleet import Served


def test_order(served: Served, token: str) -> None:
    """Before, view, after, teardown, and then the body is sent and closed: the same order everywhere."""
    answer = served.ask(f"/order/{token}")
    assert (answer.body, answer.one("X-Order")) == (b"ordered", "before view after this after")
    assert served.events(token, "response closed") == [
        "view",
        "teardown of the blueprint: None",
        "teardown",
        "exhausted",
        "closed",
        "response closed",
    ]


def test_order_of_a_failure(served: Served, token: str) -> None:
    """After a failing view the response still goes through the hooks, and the teardown is told the error."""
    answer = served.ask(f"/order/fail/{token}")
    assert (answer.status, answer.one("X-Order")) == (500, "before after")
    assert served.events(token, "teardown") == [f"teardown of the blueprint: LookupError('{token}')", "teardown"]


def test_stream_is_closed_for_head(served: Served, token: str) -> None:
    """A stream that is asked for by HEAD is closed without its body being sent."""
    assert served.ask(f"/stream/context/{token}", "HEAD").status == 200
    assert set(served.events(token, "teardown")) >= {"teardown"}
