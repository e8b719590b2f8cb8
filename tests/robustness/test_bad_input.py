"""Bad input gets the answer that is right for it, the same as upstream's, and leaves nothing for the next request."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import oracle
from tests.robustness.cases import BAD_HOSTS, GROUPS, NO_HOSTS, NO_STRICT_JSON, all_cases
from tests.robustness.gateway import Sent, call
from tests.robustness.runner import every_request, make_apps, next_request, outcome, silent_log

ROOT = Path(__file__).resolve().parents[2]
# Only these fail there: raw bytes in a query, credentials that are not ASCII, JSON nested without end.
MOST_FAILURES_UPSTREAM = 56

pytestmark = [
    pytest.mark.slow,
    # Werkzeug warns of a Host that is not SERVER_NAME; here clients send what they like.
    pytest.mark.filterwarnings("ignore:Current server name"),
    # Where a multipart body breaks off behind a file, Werkzeug leaves that file's spool to the collector.
    pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed file.*SpooledTemporaryFile:ResourceWarning"),
]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, dict[str, Any]]:
    """What became of every request on our side."""
    with silent_log():
        apps = make_apps()
        return {name: outcome(apps, sent) for name, sent in every_request().items()}


@pytest.fixture(scope="module")
def upstream() -> dict[str, dict[str, Any]]:
    """What became of every request on upstream Flask."""
    done = subprocess.run(
        [oracle.require(), "-W", "ignore", "-m", "tests.robustness.runner"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=600,
    )
    seen: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return seen


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_bad_input_gets_the_right_status(outcomes: dict[str, dict[str, Any]], group: Any) -> None:
    """Every case of the group is answered with the status that its table gives."""
    cases = {name: status for name, (status, _) in all_cases().items() if name.startswith(f"{group.__name__}: ")}
    wrong = {
        name: (right, outcomes[name]["status"], outcomes[name].get("escaped"))
        for name, right in cases.items()
        if outcomes[name]["status"] != right
    }
    assert len(cases) >= 10
    assert wrong == {}


def test_no_input_makes_an_error_of_the_server(outcomes: dict[str, dict[str, Any]]) -> None:
    """No request, be it made by chance, is answered with 500, and none lets an exception out of the app."""
    assert {name: seen for name, seen in outcomes.items() if not 200 <= seen["status"] < 500} == {}


def test_every_answer_is_well_formed(outcomes: dict[str, dict[str, Any]]) -> None:
    """Status lines, header names and values, lengths and bodies are what PEP 3333 and HTTP allow."""
    assert {name: seen["faults"] for name, seen in outcomes.items() if seen["faults"]} == {}


def test_nothing_is_left_for_the_next_request(outcomes: dict[str, dict[str, Any]]) -> None:
    """After any request the next one finds what it would find first thing: its own values and no others."""
    with silent_log():
        apps = make_apps()
        fresh = {name: call(apps[name], next_request(name)) for name in apps}
    requests = every_request()
    assert {seen.status for seen in fresh.values()} == {200}
    for name, seen in outcomes.items():
        first = fresh[requests[name].app]
        assert seen["after"] == [first.status, first.body, False, False], name


def test_bad_input_is_answered_as_upstream_answers_it(
    outcomes: dict[str, dict[str, Any]], upstream: dict[str, dict[str, Any]]
) -> None:
    """Status, headers and body are upstream's for every request, save where it fails, or is meant to be left alone."""
    ours = json.loads(json.dumps(outcomes))
    assert ours.keys() == upstream.keys()
    failing = {name for name, seen in upstream.items() if not 200 <= seen["status"] < 500}
    assert len(failing) <= MOST_FAILURES_UPSTREAM, Counter(name.split(":")[0] for name in failing)
    requests, right = every_request(), {name: status for name, (status, _) in all_cases().items()}
    for name in ours.keys() - failing:
        if upstream[name]["status"] == right.get(name, upstream[name]["status"]) and not is_meant(name, requests[name]):
            assert ours[name] == upstream[name], f"{name}: {requests[name]}"


def is_meant(name: str, sent: Sent) -> bool:
    """Whether the answer differs from upstream's as documentation says: "What differs" in docs/moving.md."""
    if name in {"multipart: a part without a name", "multipart: a file without a field"}:
        return True
    if name.endswith("without a name, values") or sent.body in NO_STRICT_JSON:
        return True
    if name in {"limits: a field of 501 bytes", "limits: six parts", "limits: a thousand and one parts"}:
        return True  # the page names the limit
    # A Host that is none is 400, and a redirect where none is known is a path.
    host = dict(sent.headers).get("Host")
    return host in NO_HOSTS or (host in BAD_HOSTS and sent.target == "/folder")
