"""Every row of the table is answered alike by all who are timed with it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from bench import environments, machine
from bench.model import Environ, Request, Scenario, StartResponse
from bench.ratios import HELLO_CALLS
from bench.rows import Worker
from bench.scenarios import SCENARIOS
from bench.worker import application_for, prepared
from tests import oracle

pytestmark = pytest.mark.slow

OF_THE_RUN = {"etag", "set-cookie", "date"}  # the folder of a file, the time of a signature
ALL_ANSWERS = """
import json, sys
from bench.scenarios import SCENARIOS
from bench.worker import answers
told = {name: answers(sys.argv[1], name) for name in SCENARIOS}
print(json.dumps(told, default=lambda data: data.decode("latin-1")))
"""
EACH_IN_ITS_PROCESS = """
import importlib, os, sys
from bench.scenarios import SCENARIOS
from bench.worker import answers
importlib.import_module("bench.peers." + sys.argv[1])
for name in SCENARIOS:
    child = os.fork()
    if not child:
        answers(sys.argv[1], name)
        raise SystemExit
    if os.waitpid(child, 0)[1]:
        print(name)
"""
Told = dict[str, list[tuple[str, list[tuple[str, str]], str]]]


def told_by(interpreter: str | Path, side: str) -> Told:
    """The answers of a side to every row, each checked against what the row asks for."""
    done = subprocess.run(
        [interpreter, "-c", ALL_ANSWERS, side],
        cwd=machine.ROOT,
        env=machine.environment_of_a_child(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Told = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def ours() -> Told:
    """Our answers to every row."""
    return told_by(sys.executable, "flask")


def same_in_every_run(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers by name, without the values that differ from one run to the next."""
    return sorted((name.lower(), "" if name.lower() in OF_THE_RUN else value) for name, value in headers)


def test_upstream_and_ours_answer_alike(ours: Told) -> None:
    """Each row gets the same status, headers and body from upstream as from ours."""
    theirs = told_by(oracle.require(), "flask")
    for name, answers in ours.items():
        assert answers
        for (status, headers, body), (their_status, their_headers, their_body) in zip(
            answers, theirs[name], strict=True
        ):
            assert (status, body) == (their_status, their_body), name
            assert same_in_every_run(headers) == same_in_every_run(their_headers), name


def test_bare_functions_answer_the_same(ours: Told) -> None:
    """Each bare function gives the status and the body that ours gives, so that it does the same work."""
    bare = told_by(sys.executable, "bare")
    have_none = {name for name, answers in bare.items() if not answers}
    assert have_none == {"async view", "whole page"}
    for name, answers in bare.items():
        for mine, its in zip(ours[name], answers, strict=False):
            assert int(mine[0].split()[0]) == int(its[0].split()[0]), name
            assert mine[2] == its[2], name


@pytest.mark.parametrize("peer", environments.PEERS)
def test_peers_have_rows_of_the_table_only(peer: str) -> None:
    """What another framework is written for is a row of the table, by its name."""
    tree = ast.parse((Path(environments.__file__).parent / "peers" / f"{peer}.py").read_text(encoding="utf-8"))
    tables = [node.value for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)]
    names = [ast.literal_eval(key) for key in tables[-1].keys if key is not None]
    assert len(names) == len(set(names)) >= 20
    assert set(names) <= set(SCENARIOS)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="each row in a process that costs next to nothing")
@pytest.mark.parametrize("peer", environments.PEERS)
def test_peers_answer_rightly(peer: str) -> None:
    """Each row that another framework has is answered rightly by it; a process for each, as some allow one app only."""
    if not (environments.folder(peer) / ".made").exists():
        pytest.skip(f"no environment with {peer} ('make bench-environments' makes it)")
    interpreter = oracle.interpreter_of(environments.folder(peer))
    done = subprocess.run(
        [interpreter, "-c", EACH_IN_ITS_PROCESS, peer], cwd=machine.ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_hello_stays_within_its_calls() -> None:
    """A plain request to ours takes no more Python calls than its bar allows."""
    with Worker(sys.executable, "hello", "ours") as worker:
        assert 5 < worker.hear()["calls"] <= HELLO_CALLS


def wrong_body(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
    """Answers something else than was to be said."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", "4")])
    return [b"else"]


def test_wrong_answers_are_not_timed() -> None:
    """An application whose answer is wrong ends the process before anything is measured."""
    with pytest.raises(SystemExit, match="wrong answer to GET /: body"):
        prepared(SCENARIOS["hello"], wrong_body)


def test_wrong_first_answers_are_not_timed() -> None:
    """The request whose cookies are sent along has to be answered rightly as well."""
    with pytest.raises(SystemExit, match="wrong answer to GET /login: header Set-Cookie"):
        prepared(SCENARIOS["session read"], wrong_body)


@pytest.mark.parametrize(
    ("request_", "status", "headers", "data", "said"),
    [
        (Request(status=404), "200 OK", [], b"", "status"),
        (Request(body=b"a"), "200 OK", [], b"b", "body"),
        (Request(body=b'{"a":1}', page="json"), "200 OK", [], b'{"a":2}', "body"),
        (Request(headers={"Location": "/a"}), "200 OK", [], b"", "Location"),
        (Request(headers={"Location": "/a"}), "200 OK", [("Location", "/b")], b"", "Location"),
        (Request(), "200 OK", [("Content-Length", "3")], b"four", "Content-Length"),
        (Request(body=b'{"a":1}', page="json"), "200 OK", [], b'{"a": 1}', ""),
        (Request(body=b"ours", page="own"), "200 OK", [], b"theirs", ""),
        (
            Request(headers={"Location": "/a"}, own_headers={"Vary": ""}),
            "200 OK",
            [("LOCATION", "http://h/a")],
            b"",
            "",
        ),
    ],
)
def test_what_is_wrong_of_a_peers_answer(
    request_: Request, status: str, headers: list[tuple[str, str]], data: bytes, said: str
) -> None:
    """Status, length, asked headers and meaning have to be right; pages of its own and spaces in JSON are a peer's."""
    assert said in request_.wrong(status, headers, data, peer=True)
    assert bool(said) == bool(request_.wrong(status, headers, data, peer=True))


def test_own_applications_give_it_to_the_byte() -> None:
    """An application of Flask's API is not forgiven what a peer is."""
    assert Request(body=b'{"a":1}', page="json").wrong("200 OK", [], b'{"a": 1}', peer=False)
    assert Request(body=b"ours", page="own").wrong("200 OK", [], b"theirs", peer=False)
    assert Request(own_headers={"Vary": "Cookie"}).wrong("200 OK", [], b"", peer=False)


def test_cookies_are_passed_on() -> None:
    """Of several requests each sends the cookies that the one before it was given, and the last ones only."""
    seen: list[str | None] = []

    def counting(environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        seen.append(environ.get("HTTP_COOKIE"))
        start_response("200 OK", [("Set-Cookie", f"count={len(seen)}; Path=/; HttpOnly")])
        return [b""]

    scenario = Scenario(lambda: counting, None, (Request(), Request(), Request()), bar=1)
    prepared(scenario, counting)
    assert seen[:3] == [None, "count=1", "count=2"]
    assert seen[3:] == [None, "count=4", "count=5"]


def test_validators_are_sent_along() -> None:
    """A file that was got once is asked for again with both of its validators."""
    application = application_for("bare", "static file, 304")
    assert application is not None
    (environ,) = prepared(SCENARIOS["static file, 304"], application)()
    assert environ["HTTP_IF_NONE_MATCH"].startswith('"')
    assert environ["HTTP_IF_MODIFIED_SINCE"].endswith(" GMT")
