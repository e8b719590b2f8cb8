"""The application that a server of the loopback measurement imports; which one, the environment says."""

from __future__ import annotations

import os

from bench.worker import application_for

application = application_for(os.environ["BENCH_SIDE"], os.environ["BENCH_SCENARIO"])
