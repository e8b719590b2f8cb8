from __future__ import annotations

import sys

import pytest

from flask._gateways.environs import new


def test_the_stream_for_errors_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing it does nothing, also when the process ends and the standard error stream is gone before it."""
    monkeypatch.setattr(sys, "stderr", None)
    errors = new()["wsgi.errors"]
    errors.close()
    assert not errors.closed
