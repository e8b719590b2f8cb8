"""Good and bad requests side by side, in many threads of one app: each finds its own values and nobody else's."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.robustness.gateway import Sent, call
from tests.robustness.probe import APPS, make_app
from tests.robustness.random_requests import random_requests
from tests.robustness.runner import next_request, silent_log

TARGETS = (
    "/state /args /args/needed /args/int /form /form/needed /files/needed /values /json /json/silent /data /cookies "
    "/session /headers /string/ /path/ /int/ /float/ /uuid/ /any/ /folder/ /file /static/"
).split()
TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=edge", "text/plain")


def test_threads_do_not_mix() -> None:
    """Each of many concurrent requests gets back its own arguments, cookies, form and session, and its own g."""
    app = make_app()
    bad = list(random_requests(seed=7, count=400).values())

    def ask(number: int) -> None:
        token = f"t{number}"
        call(app, bad[number])
        seen = call(app, Sent(f"/state?token={token}", headers=(("Cookie", f"token={token}"),)))
        found = json.loads(seen.body)
        assert (found["args"], found["cookies"]) == ({"token": token}, {"token": token})
        assert (found["g"], found["session"]) == ({"marks": ["GET"]}, {})
        form = Sent(
            "/form", "POST", (("Content-Type", "application/x-www-form-urlencoded"),), f"token={token}".encode()
        )
        assert json.loads(call(app, form).body)["form"] == {"token": [token]}

    with silent_log(), ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(ask, number) for number in range(len(bad))]:
            done.result()


# What it tries is the same on each run: what is found by chance elsewhere is added to the cases.
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    target=st.sampled_from(TARGETS),
    tail=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20),
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT"]),
    name=st.sampled_from(["Cookie", "Authorization", "Range", "Accept", "Host", "If-None-Match", "X-Forwarded-Host"]),
    value=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40),
    kind=st.sampled_from(TYPES),
    body=st.binary(max_size=200),
    app=st.sampled_from(sorted(APPS)),
)
@pytest.mark.filterwarnings("ignore:Current server name")
def test_any_bytes_are_answered(
    target: str, tail: str, method: str, name: str, value: str, kind: str, body: bytes, app: str
) -> None:
    """Whatever bytes stand in a path, query, header or body, the answer is well-formed, and no 500."""
    served = SERVED[app]
    with silent_log():
        seen = call(served, Sent(target + tail, method, ((name, value), ("Content-Type", kind)), body, app))
        assert 200 <= seen.status < 500
        assert seen.faults == []
        after = call(served, next_request(app))
    assert after.status == 200
    assert json.loads(after.body)["g"] == {"marks": ["GET"]}


SERVED = {name: make() for name, make in APPS.items()}
