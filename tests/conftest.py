"""What every test stands on: the flask in src/ and no other, and no context left behind by anybody."""

from __future__ import annotations

import importlib.util
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "flask"


def pytest_configure(config: pytest.Config) -> None:
    """Give children the ordinary signals: what a shell starts in the background, or by `nohup`, ignores some."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    hangup = getattr(signal, "SIGHUP", None)  # Windows has none
    if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
        signal.signal(hangup, signal.SIG_DFL)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to run against any other flask: each result would be about a foreign package."""
    found = importlib.util.find_spec("flask")
    where = Path(found.origin).resolve().parent if found and found.origin else None
    if where != SOURCE:
        raise pytest.UsageError(f"the tests are for {SOURCE}, but 'import flask' finds {where}: run 'make venv'")


@pytest.fixture(autouse=True)
def no_leaked_context() -> Iterator[None]:
    """Fail the test that ends with an app or request context still pushed, and clear it away for the next."""
    yield
    names = sys.modules.get("flask.globals")
    if names is None:  # whoever never imported the contexts cannot have left one
        return
    leaked = []
    while (context := names._cv_request.get(None) or names._cv_app.get(None)) is not None:
        leaked.append(repr(context))
        context.pop()
    if leaked:
        pytest.fail(f"contexts left behind: {', '.join(leaked)}", pytrace=False)
