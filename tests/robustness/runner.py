"""Runs all cases on whatever flask this interpreter has, and prints what came back as JSON; judges nothing."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import has_app_context, has_request_context
from tests.robustness.cases import all_cases, strange
from tests.robustness.gateway import Sent, call
from tests.robustness.probe import APPS
from tests.robustness.random_requests import random_requests

AFTERWARDS = {
    "trusting": (("Host", "trusted.example"),),
    "named": (("Host", "named.example:8080"),),
}


def every_request() -> dict[str, Sent]:
    """All requests that are compared, by name."""
    return {name: sent for name, (_, sent) in all_cases().items()} | strange() | random_requests()


def outcome(apps: dict[str, Any], sent: Sent) -> dict[str, Any]:
    """What one request gives, and what the next one finds."""
    try:
        seen = dataclasses.asdict(call(apps[sent.app], sent))
    except Exception as error:  # noqa: BLE001 - whatever escapes from the app is what is looked for
        seen = {"status": 0, "faults": [], "escaped": f"{type(error).__name__}: {error}"}
    seen.pop("errors", None)
    after = call(apps[sent.app], next_request(sent.app))
    return {**seen, "after": [after.status, after.body, has_app_context(), has_request_context()]}


def next_request(app: str) -> Sent:
    """A good request to the same app, which tells all that it finds."""
    return Sent("/state?clean=1", headers=AFTERWARDS.get(app, ()), app=app)


def make_apps() -> dict[str, Any]:
    """Every app of the probe by its name."""
    return {name: make() for name, make in APPS.items()}


@contextmanager
def silent_log() -> Iterator[None]:
    """Keep thousands of expected lines out of the log."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


if __name__ == "__main__":
    with silent_log():
        apps = make_apps()
        json.dump({name: outcome(apps, sent) for name, sent in every_request().items()}, sys.stdout)
