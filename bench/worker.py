"""One process of the measurement: one scenario, one implementation; prints JSON: microseconds per request, calls.

Run by `python -m bench` with the interpreter of the environment that holds the implementation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import typing as t

from scenarios import SCENARIOS, Environ, Scenario, Wsgi


def ask(application: Wsgi, environ: Environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and body of one request, as a server would take them."""
    seen: list[t.Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        seen[:] = status, headers

    body = application(environ, start_response)
    data = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return seen[0], seen[1], data


def prepared(scenario: Scenario, application: Wsgi) -> t.Callable[[], Environ]:
    """The scenario's request, with the cookies that the application gave; checked to be answered rightly."""
    cookies = ""
    if scenario.prime is not None:
        environ = scenario.request()()
        environ["PATH_INFO"] = scenario.prime
        headers = ask(application, environ)[1]
        cookies = "; ".join(value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie")
    fresh = scenario.request(cookies)
    status, _, data = ask(application, fresh())
    if not status.startswith("200") or (scenario.expected and data != scenario.expected) or not data:
        raise SystemExit(f"wrong answer: {status} {data[:200]!r}")
    return fresh


def python_calls(application: Wsgi, environ: Environ) -> int:
    """How many Python functions one request calls; it does not depend on the machine."""
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(profile)
    try:
        ask(application, environ)
    finally:
        sys.setprofile(None)
    return count - 2  # `ask` and `start_response` are ours


def time_per_request(application: Wsgi, fresh: t.Callable[[], Environ], seconds: float) -> float:
    """Microseconds of processor time per request: the fastest of many short spells, without making the environment."""

    def spell(number: int, call: t.Callable[[Environ], object]) -> float:
        environs = [fresh() for _ in range(number)]
        begin = time.process_time()
        for environ in environs:
            call(environ)
        return (time.process_time() - begin) / number * 1e6

    once = spell(20, lambda environ: ask(application, environ))
    number = max(5, int(10_000 / once))  # spells of some 10 ms: short enough to fall between other work
    end = time.process_time() + seconds
    best = once
    while time.process_time() < end:
        best = min(best, spell(number, lambda environ: ask(application, environ)))
    return best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("side", choices=["flask", "bare"])
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()

    scenario = SCENARIOS[options.scenario]
    application = getattr(scenario, options.side)()
    fresh = prepared(scenario, application)
    found = {"calls": python_calls(application, fresh()), "us": time_per_request(application, fresh, options.seconds)}
    if options.side == "flask":
        import flask

        found["flask"] = flask.__file__
    print(json.dumps(found))


if __name__ == "__main__":
    main()
