"""The postcards, served once for all tests that do not stop the server, and visitors who come to see them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.examples.server import serve
from tests.examples.visitor import Visitor
from tests.servers import Server

PACKAGE = Path(__file__).resolve().parents[2] / "examples" / "quickstart" / "postcards"

pytest.importorskip("flask_sqlalchemy")


def postcards_in(instance: Path) -> str:
    """The app as ``flask --app`` wants it: a path, then a call of its factory."""
    return f"{PACKAGE.as_posix()}:create_app({instance.as_posix()!r})"


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the served app keeps what it remembers."""
    return tmp_path_factory.mktemp("postcards") / "instance"


@pytest.fixture(scope="session")
def postcards(instance: Path) -> Iterator[Server]:
    with serve(postcards_in(instance), instance.parent / "server.log") as server:
        yield server


@pytest.fixture
def visitor(postcards: Server) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(postcards.port)


@pytest.fixture(scope="session")
def new_name() -> Callable[[], str]:
    """A name that nobody has had before, at each call."""
    numbers = itertools.count(1)
    return lambda: f"visitor.{next(numbers)}"


@pytest.fixture
def member(postcards: Server, new_name: Callable[[], str]) -> Visitor:
    """Somebody who has joined and is signed in."""
    person = Visitor(postcards.port)
    answer = person.join(new_name())
    assert answer.status == 303, answer.text
    return person
