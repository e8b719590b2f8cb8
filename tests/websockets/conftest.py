"""What the tests of WebSockets stand on: an application, and a server's patience made short."""

from __future__ import annotations

import pytest

from flask import Flask
from flask._gateways import sockets


@pytest.fixture
def app() -> Flask:
    app = Flask("websockets", root_path=".")
    app.secret_key = "6c1d0f4be29a73d58b64e0a7f3c29d15"
    return app


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have somebody listen at once where nobody takes messages."""
    monkeypatch.setattr(sockets, "_SECONDS_UNWATCHED", 0.005)
    monkeypatch.setattr(sockets, "_SECONDS_FOR_A_MESSAGE", 0.05)
