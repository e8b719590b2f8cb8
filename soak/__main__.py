"""The command: every scenario on every interface, what it measured, and whether it holds.

    python -m soak                                  all, 200,000 requests among them, on WSGI, ASGI and RSGI
    python -m soak --interface asgi --only "slow bodies"
    python -m soak --short                          a little of each, in about a minute
    python -m soak --figures docs/figures           also write reliability.md there, for the documentation
    python -m soak --list                           the scenarios, each with its law

The status is 1 where something did not hold. A limit is what the server decides, and the documentation says.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
import typing as t
from pathlib import Path

from bench import machine
from soak import clients, framing, mixed, shortage, signals
from soak.model import INTERFACES, SHORT, Record, Scenario, Size
from soak.service import serving
from tests.contract.wire import Broken

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario for module in (mixed, clients, framing, shortage, signals) for scenario in module.SCENARIOS
}
FILES = 4_096  # that this process may have to open
Found = dict[str, dict[str, Record]]  # by scenario, interface


def measured(scenario: Scenario, interface: str, size: Size) -> Record:
    """What a scenario finds on a service of its own; that it broke off is a fault too."""
    record = Record()
    try:
        with serving(interface, limits=scenario.limits) as service:
            try:
                scenario.run(service, size, record)
            except (OSError, Broken, AssertionError, RuntimeError) as error:
                record.expect(False, f"it broke off: {type(error).__name__}: {error}\n{service.log()[-2000:]}")
    except RuntimeError as error:
        record.expect(False, f"the service did not start: {error}")
    return record


def verdict(record: Record) -> str:
    """In one word."""
    return "FAILS" if record.faults else "holds, with a limit" if record.limits else "holds"


def text_of(found: Found) -> str:
    """All that was found, scenario by scenario."""
    lines = []
    for name, by_interface in found.items():
        lines += [name, f"  {SCENARIOS[name].law}"]
        for interface, record in by_interface.items():
            lines.append(f"  {interface:<5} {verdict(record)}")
            for mark, words in (("", record.figures), ("limit: ", record.limits), ("FAULT: ", record.faults)):
                lines += [f"          {mark}{one}" for one in words]
        lines.append("")
    return "\n".join(lines).rstrip()


def main(arguments: list[str]) -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m soak", description="Whether `flask serve` holds.")
    parser.add_argument("--requests", type=int, help="of every kind in turn (200000)")
    parser.add_argument("--interface", action="append", choices=INTERFACES, help="this one; may be repeated (all)")
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="SCENARIO", help="may be repeated (all)")
    parser.add_argument("--short", action="store_true", help="a little of each")
    parser.add_argument("--figures", type=Path, metavar="FOLDER", help="write reliability.md there")
    parser.add_argument("--list", action="store_true", help="say what there is")
    asked = parser.parse_args(arguments)
    if asked.list:
        for scenario in SCENARIOS.values():
            print(f"{scenario.name:<26} {scenario.law}")
        return 0
    size = SHORT if asked.short else Size()
    if asked.requests is not None:
        size = dataclasses.replace(size, requests=asked.requests)
    machine.let_open(FILES)
    about = machine.setting({"this": sys.executable})
    found: Found = {}
    for name in asked.only or SCENARIOS:
        for interface in asked.interface or INTERFACES:
            began = time.monotonic()
            record = found.setdefault(name, {}).setdefault(interface, measured(SCENARIOS[name], interface, size))
            machine.progress(f"{name}, {interface}: {verdict(record)}, {time.monotonic() - began:.1f} s")
            for words in record.faults:
                machine.progress(f"    {words}")
    text = f"python -m soak {' '.join(arguments)}".strip() + "\n\n" + text_of(found)
    print(f"{machine.heading(about)}\n\n{text}")
    machine.publish(asked.figures, "reliability", about, text)
    return 1 if any(record.faults for by_interface in found.values() for record in by_interface.values()) else 0


def _leave(number: int, frame: object) -> t.NoReturn:
    """End by a signal as by an error, so that no service is left behind."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    sys.exit(main(sys.argv[1:]))
