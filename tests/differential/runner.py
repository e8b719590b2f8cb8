"""Runs the cases of one module on the interpreter that executes this file; prints one JSON line per case.

Usage: python runner.py MODULE [CASE ...]. It compares nothing, and a case may leave nothing behind for the next.
"""

from __future__ import annotations

import contextvars
import faulthandler
import gc
import importlib
import importlib.metadata
import io
import json
import os
import random
import sys
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

START = "2026-02-03 04:05:06"
PATIENCE = 30.0
SHARED = ("flask", "werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker")


def run(case: Any, clock: Any, case_file: str) -> list[list[Any]]:
    """One case in an empty context, a folder of its own and a quiet process."""
    from recording import Recorder

    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        tempfile.TemporaryDirectory(prefix="case-", ignore_cleanup_errors=True) as folder,
        warnings.catch_warnings(record=True) as heard,
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        warnings.simplefilter("always")
        out = Recorder(Path(folder).resolve(), clock, case_file)
        with out.watching():
            try:
                contextvars.Context().run(case, out)
            except Exception as error:  # noqa: BLE001 - an observation, whatever it is
                out("escaped", error)
        gc.collect()
        return out.finished(stdout.getvalue(), stderr.getvalue(), heard)


def main() -> None:
    """Run the named cases in the order given, each line out before the next case starts."""
    module_name, *names = sys.argv[1:]
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    crash = os.fdopen(os.dup(2), "w")
    from freezegun import freeze_time

    module = importlib.import_module(f"cases.{module_name}")
    print(json.dumps({"versions": {name: importlib.metadata.version(name) for name in SHARED}}), file=lines, flush=True)
    gc.collect()
    gc.freeze()  # so that the collection after each case looks at what that case made, not at all imported code
    with freeze_time(START, real_asyncio=True) as clock:
        for name in names:
            faulthandler.dump_traceback_later(PATIENCE, exit=True, file=crash)
            clock.move_to(START)
            random.seed(1)  # the test client draws multipart boundaries
            seen = run(getattr(module, name), clock, str(module.__file__))
            faulthandler.cancel_dump_traceback_later()
            print(json.dumps({"case": name, "seen": seen}), file=lines, flush=True)
    lines.flush()
    os._exit(0)  # threads and loops that a case left behind are no reason to wait


if __name__ == "__main__":
    main()
