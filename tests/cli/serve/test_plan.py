"""How an app is to be served: by what it is, and by what the machine allows."""

from __future__ import annotations

import math
import os
import typing as t
from pathlib import Path

import pytest
from werkzeug.debug import DebuggedApplication

from flask import Blueprint, Flask, non_blocking, views
from flask.cli.serve import plan


@pytest.fixture
def app() -> Flask:
    """An app with one synchronous view."""
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index")
    return app


async def asynchronous(*args: object) -> t.Any:
    """Stands for any async function."""
    return {}


class AsyncMethod(views.MethodView):
    """A class-based view with one async method."""

    def get(self) -> str:
        """Synchronous."""
        return "got"

    async def post(self) -> str:
        """Asynchronous."""
        return "posted"


def through_a_decorator(function: t.Any) -> t.Any:
    """As decorators are that are themselves synchronous."""
    from functools import wraps

    @wraps(function)
    def wrapper(*args: t.Any) -> t.Any:
        return function(*args)

    return wrapper


# The interface


def test_an_app_whose_functions_are_all_synchronous_is_served_by_wsgi(app: Flask) -> None:
    """Hooks, handlers and processors included."""
    app.before_request(lambda: None)
    app.errorhandler(404)(lambda error: ("none", 404))
    app.context_processor(dict)
    assert plan.interface_of(app)[0] == "wsgi"


def test_websockets_need_asgi(app: Flask) -> None:
    """WSGI has none."""

    @app.websocket("/ws")
    def echo() -> None: ...

    assert plan.interface_of(app) == ("asgi", "'/ws' answers WebSockets")


ASYNCHRONOUS: dict[str, t.Callable[[Flask], object]] = {
    "a view": lambda app: app.add_url_rule("/a", "a", asynchronous),
    "a view behind a decorator": lambda app: app.add_url_rule("/a", "a", through_a_decorator(asynchronous)),
    "a method of a class-based view": lambda app: app.add_url_rule("/a", view_func=AsyncMethod.as_view("a")),
    "before_request": lambda app: app.before_request(asynchronous),
    "after_request": lambda app: app.after_request(asynchronous),
    "teardown_request": lambda app: app.teardown_request(asynchronous),
    "teardown_appcontext": lambda app: app.teardown_appcontext(asynchronous),
    "an error handler": lambda app: app.register_error_handler(404, asynchronous),
    "a context processor": lambda app: app.context_processor(asynchronous),
}


@pytest.mark.parametrize("kind", ASYNCHRONOUS)
def test_any_async_function_makes_it_asgi(app: Flask, kind: str) -> None:
    """Wherever it is registered, and the reason names it."""
    ASYNCHRONOUS[kind](app)
    interface, why = plan.interface_of(app)
    assert interface == "asgi"
    assert why.endswith(" is async")


@pytest.mark.parametrize("kind", sorted(ASYNCHRONOUS.keys() - {"teardown_appcontext"}))  # which is an app's alone
def test_the_functions_of_blueprints_count(app: Flask, kind: str) -> None:
    """They are among the app's once the blueprint is registered."""
    blueprint: t.Any = Blueprint("more", __name__)
    ASYNCHRONOUS[kind](blueprint)
    assert plan.interface_of(app)[0] == "wsgi"
    app.register_blueprint(blueprint)
    assert plan.interface_of(app)[0] == "asgi"


def test_what_does_not_block_is_not_async_for_that(app: Flask) -> None:
    """`non_blocking` says where a synchronous view may run; WSGI runs it all the same."""
    app.add_url_rule("/quick", "quick", non_blocking(lambda: "quick"))
    assert plan.interface_of(app)[0] == "wsgi"


def test_a_function_that_wraps_itself_is_looked_at_once(app: Flask) -> None:
    """What has no end has no async end."""

    def strange() -> str:
        return "strange"

    strange.__wrapped__ = strange  # type: ignore[attr-defined]
    app.add_url_rule("/strange", "strange", strange)
    assert plan.interface_of(app)[0] == "wsgi"


# Threads


def test_only_wsgi_runs_the_app_in_threads() -> None:
    """Granian refuses more than one on its event loops."""
    assert plan.threads_of("wsgi", None) == 64
    assert plan.threads_of("wsgi", 8) == 8
    assert plan.threads_of("asgi", 8) == plan.threads_of("rsgi", None) == 1


# Debugging


def test_debug_mode_and_the_debugger_are_reasons_not_to_serve(app: Flask) -> None:
    """Each of them lets a visitor run code; a debugger that only shows tracebacks does not."""
    assert plan.why_debugging(app) is None
    app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=False)  # type: ignore[method-assign]
    assert plan.why_debugging(app) is None
    app.wsgi_app = DebuggedApplication(app.wsgi_app, evalex=True)  # type: ignore[method-assign]
    assert "DebuggedApplication" in (plan.why_debugging(app) or "")
    app.debug = True
    assert "flask run --debug" in (plan.why_debugging(app) or "")


# Workers

V2 = "30 23 0:26 {top} /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "33 25 0:28 {top} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
OTHER = (
    "36 25 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
)


def machine(root: Path, cgroup: str, mounts: str, **files: str) -> Path:
    """The files of a kernel; `__` in a name stands for a slash."""
    own = root / "proc/self"
    own.mkdir(parents=True)
    (own / "cgroup").write_text(cgroup)
    (own / "mountinfo").write_text(mounts)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_version_2_limits_of_each_group_on_the_way_up_count(tmp_path: Path) -> None:
    """The lowest one holds: that of a slice above, as of the service itself; "max" is none."""
    root = machine(
        tmp_path,
        "0::/web.slice/app.service\n",
        V2.format(top="/") + OTHER,
        **{"web.slice__app.service__cpu.max": "max 100000\n", "web.slice__cpu.max": "150000 100000\n"},
    )
    assert list(plan.quotas(root)) == [1.5]


def test_version_2_in_a_container_is_read_at_its_own_root(tmp_path: Path) -> None:
    """There the group's name is "/", or one of the host's that cannot be seen from within."""
    for number, (own, top) in enumerate([("/", "/"), ("/docker/1f", "/docker/1f"), ("/../other", "/")]):
        root = machine(tmp_path / str(number), f"0::{own}\n", V2.format(top=top), **{"cpu.max": "50000 100000\n"})
        assert list(plan.quotas(root)) == [0.5]


def test_version_1_limits_are_read_where_the_controller_is_mounted(tmp_path: Path) -> None:
    """With others in the same hierarchy; -1 is none."""
    files = {
        "cpu,cpuacct__docker__1f__cpu.cfs_quota_us": "250000\n",
        "cpu,cpuacct__docker__1f__cpu.cfs_period_us": "100000\n",
        "cpu,cpuacct__cpu.cfs_quota_us": "-1\n",
        "cpu,cpuacct__cpu.cfs_period_us": "100000\n",
    }
    groups = "11:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/docker/1f\n0::/\n"
    assert list(plan.quotas(machine(tmp_path, groups, V1.format(top="/") + OTHER, **files))) == [2.5]


def test_a_system_without_control_groups_has_no_limits(tmp_path: Path) -> None:
    """As macOS and Windows; and what cannot be understood is no limit either."""
    assert list(plan.quotas(tmp_path)) == []
    root = machine(tmp_path / "odd", "0::/\n", V2.format(top="/"), **{"cpu.max": "nonsense\n"})
    assert list(plan.quotas(root)) == []


@pytest.mark.parametrize(
    ("processors", "limits", "workers"),
    [(1, [], 2), (2, [], 2), (8, [], 8), (8, [0.5], 2), (8, [2.5], 3), (8, [4, 3], 3), (4, [16], 4)],
)
@pytest.mark.skipif(os.name == "nt", reason="Granian has one worker there")
def test_one_worker_for_each_processor_at_hand_and_two_at_least(
    monkeypatch: pytest.MonkeyPatch, processors: int, limits: list[float], workers: int
) -> None:
    """Part of a processor counts as one; the reason is what limits."""
    monkeypatch.setattr(plan, "_may_run_on", lambda: processors)
    monkeypatch.setattr(plan, "quotas", lambda root: iter(limits))
    count, why = plan.workers_of(None)
    assert count == workers
    assert ("control group" in why) == (min(limits, default=math.inf) < processors)
    assert plan.workers_of(5) == (5, "asked for")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_processors_that_this_process_may_not_run_on_do_not_count() -> None:
    """As `taskset` and container managers set it; the number of processors in the machine is something else."""
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert plan.processors_at_hand()[0] <= 1
    finally:
        os.sched_setaffinity(0, before)
