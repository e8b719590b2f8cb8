"""Write docs/gateways-table.md: which law of the contract holds on which server, each cell with the test that says so.

It is made of what pytest collects in tests/contract, and of the limits recorded there; that each cell is true is shown
by the run of those tests. A law that somebody adds without writing the table again fails the test that compares.

    python tools/contract_table.py            write the table
    python tools/contract_table.py --check    exit status 1 if the table is not the one that would be written
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.contract.limits import LIMITS, Limit  # noqa: E402 - the repository's root has to be importable first
from tests.contract.servers import SERVERS  # noqa: E402

TABLE = ROOT / "docs" / "gateways-table.md"
TITLES = {"WSGI": "WSGI (PEP 3333)", "ASGI": "ASGI 3", "RSGI": "RSGI"}
INTRODUCTION = """\
<!-- Written by tools/contract_table.py; `make contract-table` writes it again. -->

# What holds on which server

One app, one set of tests, each server as a real process, every byte looked at: `pytest tests/contract`. A row is a law,
a column a server. Each cell stands for one test, whose id it shows when pointed at. *holds* is a test that passes. A
number is a limit of the server or of its protocol: there the same test fails for a function without any framework as
well, which is tested too. A limit is listed with its reason and its source below the tables.
WSGI carries no WebSockets, and those of daphne are left out, since under load it forgets to close one whose function
failed: there is no test to run then.

"""


class Law(t.NamedTuple):
    """A test as it is written, and as it is run with each server."""

    sentence: str
    title: str
    ids: dict[str, str]
    limits: dict[str, Limit]


class Collected:
    """A plugin that keeps what pytest has collected."""

    items: t.Sequence[pytest.Item] = ()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items


def collect() -> list[pytest.Item]:
    """The tests of the contract that are run with a server."""
    collected, said = Collected(), io.StringIO()
    os.chdir(ROOT)
    with contextlib.redirect_stdout(said):
        status = pytest.main(["tests/contract", "--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[collected])
    if status:
        raise SystemExit(said.getvalue())
    return [item for item in collected.items if "server" in parameters(item)]


def parameters(item: pytest.Item) -> dict[str, t.Any]:
    """What a test is run with."""
    found: dict[str, t.Any] = getattr(getattr(item, "callspec", None), "params", {})
    return found


def sentence_of(thing: object) -> str:
    """The first line of a docstring."""
    text = inspect.getdoc(thing) or ""
    return text.partition("\n")[0]


def laws() -> dict[str, Law]:
    """Each law of the contract by its test, in the order of the files."""
    found: dict[str, Law] = {}
    by_reason = {str(limit): limit for limit in LIMITS}
    for item in collect():
        assert isinstance(item, pytest.Function)
        law = found.setdefault(
            item.nodeid.partition("[")[0], Law(sentence_of(item.function), sentence_of(item.module), {}, {})
        )
        server = parameters(item)["server"].name
        assert server not in law.ids, f"two tests for one cell: {item.nodeid}"
        law.ids[server] = item.nodeid
        for mark in item.iter_markers("xfail"):
            law.limits[server] = by_reason[mark.kwargs["reason"]]
    return found


def cell(law: Law, server: str) -> str:
    """What holds, and the test that says so."""
    if server not in law.ids:
        return "–"
    said = "holds"
    if server in law.limits:
        number = LIMITS.index(law.limits[server]) + 1
        said = f'<a href="#limit-{number}">limit {number}</a>'
    return f'<span title="{law.ids[server]}">{said}</span>'


def page() -> str:
    """The whole page."""
    lines = [INTRODUCTION]
    title = ""
    for law in laws().values():
        if law.title != title:
            title = law.title
            lines += [f"\n## {title.partition(',')[0]}\n", "| law | " + " | ".join(heading()) + " |", rule()]
        lines.append("| " + " | ".join([law.sentence, *(cell(law, server.name) for server in SERVERS)]) + " |")
    lines += ["\n## Limits\n"]
    for number, limit in enumerate(LIMITS, 1):
        where = ", ".join(limit.servers) or "none"
        also = "The same" if limit.servers else "So it is"
        mended = f" {also} on {', '.join(limit.mended)}, where Dewar makes up for it." if limit.mended else ""
        lines.append(f'{number}. <a id="limit-{number}"></a>**{where}**: {limit.reason}{mended} <{limit.source}>')
    return "\n".join(lines) + "\n"


def heading() -> list[str]:
    """The name of each server, and under it its protocol."""
    return [f'<span title="{TITLES[server.gateway]}">{server.name}</span>' for server in SERVERS]


def rule() -> str:
    """The line below the heading."""
    return "|---" * (len(SERVERS) + 1) + "|"


def main() -> None:
    """Write the page, or compare it."""
    text = page()
    if sys.argv[1:] == ["--check"]:
        if not TABLE.is_file() or TABLE.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{TABLE.relative_to(ROOT)} is not up to date: run 'make contract-table'")
    elif sys.argv[1:]:
        raise SystemExit(__doc__)
    else:
        TABLE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
