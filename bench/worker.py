"""One process of the measurement: one scenario on one side; prints, as JSON, its counts, then times by turns.

Run by `python -m bench` as `python -m bench.worker`, with the interpreter of the environment that holds the side. An
answer that is not right is never timed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import json
import os
import statistics
import sys
import time
import typing as t

from bench.model import Environ, Headers, Request, Scenario, Wsgi
from bench.scenarios import SCENARIOS

OWN_SIDES = ("flask", "bare")
Answer = tuple[str, Headers, bytes]
IN_A_SPELL = 100
SLOW = 4_000  # microseconds, beyond which a spell is of two requests
FEWEST_SPELLS = 2


def ask(application: Wsgi, environ: Environ) -> Answer:
    """Status, headers and body of one request, as a server would take them: every chunk, then closed."""
    seen: list[t.Any] = []

    def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
        seen[:] = status, headers

    body = application(environ, start_response)
    data = b"".join(body)
    close = getattr(body, "close", None)
    if close is not None:
        close()
    return seen[0], seen[1], data


def _start_response(status: str, headers: Headers, exc_info: object = None) -> None:
    """A server's; what it is told was looked at before."""


def serve(application: Wsgi, environ: Environ) -> None:
    """One request as a server has to handle it (PEP 3333), with as little of its own as can be; this is timed."""
    body = application(environ, _start_response)
    for _ in body:
        pass
    if type(body) is not list and type(body) is not tuple:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def cookies_in(headers: Headers) -> str:
    """The cookies of an answer, as a browser sends them back."""
    return "; ".join([value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie"])


def visit(application: Wsgi, environs: list[Environ]) -> list[Answer]:
    """The answers to the requests of a scenario, the cookies of each being sent with the next."""
    answers = [ask(application, environs[0])]
    for environ in environs[1:]:
        environ["HTTP_COOKIE"] = cookies_in(answers[-1][1])
        answers.append(ask(application, environ))
    return answers


def insist_on(request: Request, answer: Answer, peer: bool) -> None:
    """End the process unless an answer is right; what the application said of its errors is shown."""
    if wrong := request.wrong(*answer, peer=peer):
        said = request.environ({})["wsgi.errors"].getvalue()
        raise SystemExit(f"wrong answer to {request.method} {request.path}: {wrong}\n{said}")


def known_after(application: Wsgi, request: Request, peer: bool) -> dict[str, str]:
    """What a browser sends once it has had the answer to a first request: cookies and validators."""
    environ = {**request.environ({}), "wsgi.input": io.BytesIO(request.sent)}
    answer = ask(application, environ)
    insist_on(request, answer, peer)
    headers = answer[1]
    given = {name.lower(): value for name, value in headers}
    found = {"HTTP_COOKIE": cookies_in(headers)}
    found["HTTP_IF_NONE_MATCH"] = given.get("etag", "")
    found["HTTP_IF_MODIFIED_SINCE"] = given.get("last-modified", "")
    return {name: value for name, value in found.items() if value}


def prepared(scenario: Scenario, application: Wsgi, peer: bool = False) -> t.Callable[[], list[Environ]]:
    """A function that gives the environments of the scenario's requests; they are checked to be answered rightly."""
    known = known_after(application, scenario.prime, peer) if scenario.prime else {}
    fresh = scenario.fresh(known)
    for _ in range(2):  # a first answer may come another way than the later ones
        for request, answer in zip(scenario.requests, visit(application, fresh()), strict=True):
            insist_on(request, answer, peer)
    return fresh


def python_calls(application: Wsgi, environs: list[Environ]) -> int:
    """How many Python functions a request calls or resumes, in all threads, without those of here."""
    if monitoring := getattr(sys, "monitoring", None):
        return _monitored(application, environs, monitoring.events.PY_START | monitoring.events.PY_RESUME)
    seen: list[None] = []

    def profile(frame: t.Any, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename != __file__:
            seen.append(None)

    sys.setprofile(profile)  # before 3.12: this thread only
    try:
        visit(application, environs)
    finally:
        sys.setprofile(None)
    return len(seen)


def bytecodes(application: Wsgi, environs: list[Environ]) -> int | None:
    """How many instructions of Python's machine a request takes, in all threads; each version counts differently.

    None before 3.12, which cannot say.
    """
    monitoring = getattr(sys, "monitoring", None)
    return _monitored(application, environs, monitoring.events.INSTRUCTION) if monitoring else None


def _monitored(application: Wsgi, environs: list[Environ], events: int) -> int:
    """How often one of some events of `sys.monitoring` happens during a request."""
    monitoring: t.Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    seen: list[None] = []

    def happened(code: t.Any, offset: int) -> t.Any:
        if code.co_filename == __file__:
            return monitoring.DISABLE
        seen.append(None)
        return None

    tool = monitoring.PROFILER_ID
    monitoring.use_tool_id(tool, "bench")
    for bit in range(events.bit_length()):
        if events & 1 << bit:
            monitoring.register_callback(tool, 1 << bit, happened)
    monitoring.set_events(tool, events)
    try:
        visit(application, environs)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)
    return len(seen)


def timer(application: Wsgi, fresh: t.Callable[[], list[Environ]]) -> t.Callable[[float], float]:
    """A function that measures for some seconds: microseconds of processor time per request (all of its parts).

    It gives the lower quartile of short spells. A spell is as many requests on every side, so that none has more of its
    memory at hand; a quartile, unlike the fastest of all, does not favour the side that gets more spells done. Making
    the environments is not in it; what the requests left to the garbage collector is.
    """

    def spell(number: int) -> float:
        environs = [fresh() for _ in range(number)]
        gc.freeze()  # what stands already is not looked through on account of these requests
        if len(environs[0]) > 1:
            begin = time.process_time()
            for several in environs:
                visit(application, several)
        else:
            single = [one for (one,) in environs]
            begin = time.process_time()
            for environ in single:
                serve(application, environ)
        gc.collect(1)
        took = time.process_time() - begin
        gc.unfreeze()
        return took / number * 1e6

    number = IN_A_SPELL if spell(2) < SLOW else 2
    spell(number)  # the interpreter adapts its instructions to what they meet

    def measure(seconds: float) -> float:
        end = time.process_time() + seconds
        found: list[float] = []
        while len(found) < FEWEST_SPELLS or time.process_time() < end:
            found.append(spell(number))
        return statistics.quantiles(found, n=4, method="inclusive")[0]

    return measure


def application_for(side: str, name: str) -> Wsgi | None:
    """A scenario's application on a side; None where the side has nothing of the kind."""
    if side in OWN_SIDES:
        make = getattr(SCENARIOS[name], side)
    else:
        make = importlib.import_module(f"bench.peers.{side}").APPLICATIONS.get(name)
    return t.cast(Wsgi, make()) if make else None


def answers(side: str, name: str) -> list[Answer]:
    """A scenario's answers on a side, each found to be right; none where the side has nothing of the kind."""
    application = application_for(side, name)
    if application is None:
        return []
    return visit(application, prepared(SCENARIOS[name], application, peer=side not in OWN_SIDES)())


def measure_by_turns(side: str, name: str) -> None:
    """Print the counts of a scenario on a side, then a time for each line of the input, seconds, up to an empty one.

    Null for the counts, and nothing more, where the side has nothing of the kind.
    """
    application = application_for(side, name)
    if application is None:
        print("null", flush=True)
        return
    fresh = prepared(SCENARIOS[name], application, peer=side not in OWN_SIDES)
    counts: dict[str, t.Any] = {
        "calls": python_calls(application, fresh()),
        "bytecodes": bytecodes(application, fresh()),
    }
    if side == "flask":
        import flask

        counts["flask"] = flask.__file__
    print(json.dumps(counts), flush=True)
    measure = timer(application, fresh)
    while line := sys.stdin.readline().strip():
        print(json.dumps(measure(float(line))), flush=True)


def measure_in_children(side: str) -> None:
    """Do so for each scenario that a line of the input names, in a child of this process, which has imported it all.

    Print null when the child has ended, before which nobody may be told the next: it would read that as well.
    """
    application_for(side, "hello")
    while name := sys.stdin.readline().strip():
        child = os.fork()
        if not child:
            measure_by_turns(side, name)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(1)  # the child has said why
        print("null", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="One process of the measurement.")
    parser.add_argument("scenario", choices=[*SCENARIOS, "-"], help="- reads them from the input, where there is fork")
    parser.add_argument("side")
    options = parser.parse_args()
    if options.scenario == "-":
        measure_in_children(options.side)
    else:
        measure_by_turns(options.side, options.scenario)


if __name__ == "__main__":
    main()
