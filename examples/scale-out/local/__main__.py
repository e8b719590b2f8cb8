"""Runs the bakery below a folder until a signal ends it. HUP and USR2 roll a new version in; TERM and Ctrl+C end it."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from .bakery import Bakery
from .machine import ROOT
from .process import Failed

SOURCE = Path(__file__).resolve().parents[1] / "bakery"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="start", description="nginx, two nodes, Celery, Redis and PostgreSQL below one folder, on 127.0.0.1."
    )
    parser.add_argument("--folder", type=Path, help="where everything is kept; without it, for this run only")
    parser.add_argument("--port", type=int, help="where nginx listens; without it, any free port")
    parser.add_argument("--source", type=Path, default=SOURCE, help="the package to release, at the start and at HUP")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a variable for the app")
    return parser.parse_args()


def main() -> None:
    """Start, look after everything, and end it."""
    told = arguments()
    signals: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        signals.append(number)

    for number in (signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, note)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    signal.signal(signal.SIGINT, lambda number, frame: sys.exit(0))

    place = told.folder.resolve() if told.folder else Path(tempfile.mkdtemp(prefix="bakery-"))
    if not told.folder or not place.exists():
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755 if ROOT else 0o700)  # as root, each service's user must get to its own folder in there
    bakery = Bakery(place, told.source.resolve(), told.port, dict(pair.split("=", 1) for pair in told.set))
    try:
        bakery.start()
        print(f"http://127.0.0.1:{bakery.ports['nginx']}/ serves; files, logs and state.json in {place}", flush=True)
        print(f"kill -HUP {os.getpid()} brings a new version in; Ctrl+C ends it", flush=True)
        while True:
            while signals:
                bakery.roll(by_new_processes=signals.pop(0) == signal.SIGUSR2)
            bakery.look()
            time.sleep(0.05)
    except Failed as failure:
        sys.exit(str(failure))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        bakery.stop()
        if told.folder is None:
            shutil.rmtree(place)


main()
