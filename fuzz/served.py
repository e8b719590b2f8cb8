"""The apps that requests are sent to, each made once; the probe's, and one whose views are coroutine functions."""

from __future__ import annotations

import functools
import typing as t

from flask import Flask, has_app_context, has_request_context
from tests.robustness.gateway import Seen, Sent, call
from tests.robustness.probe import APPS, make_app
from tests.robustness.runner import next_request


@functools.cache
def app_named(name: str) -> Flask:
    """An app of the probe by its name; "async" is the plain one with all its views asynchronous."""
    if name != "async":
        return APPS[name]()
    app = make_app()
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = _asynchronous(view)
    return app


def _asynchronous(view: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(view)
    async def awaited(**arguments: t.Any) -> t.Any:
        return view(**arguments)

    return awaited


@functools.cache
def _fresh(name: str) -> tuple[int, str]:
    """What the next request finds in an app that has seen nothing bad."""
    seen = call(APPS[name](), next_request(name))
    return seen.status, seen.body


def answered(sent: Sent) -> Seen:
    """The answer to a request, of which nothing may be left for the next one."""
    app = app_named(sent.app)
    seen = call(app, sent)
    after = call(app, next_request(sent.app))
    assert (after.status, after.body) == _fresh(sent.app), after
    assert not has_app_context()
    assert not has_request_context()
    return seen
