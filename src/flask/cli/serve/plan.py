"""How an app is to be served here: the interface by looking at the app, workers and threads by looking at the machine.

Nothing is started or changed; what cannot be found out is left out of account.
"""

from __future__ import annotations

import math
import os
import sys
import typing as t
from collections.abc import Iterator
from inspect import iscoroutinefunction, unwrap
from pathlib import Path, PurePosixPath

from .settings import Interface

if t.TYPE_CHECKING:
    from ...app import Flask

# One worker would leave nobody to serve while it is replaced.
WORKERS_AT_LEAST = 2
# Threads rest while a database or another service answers; measured: with fewer, slow clients hold up the others.
WSGI_THREADS = 64

METHODS = ("get", "post", "head", "options", "delete", "put", "trace", "patch", "dispatch_request")


def interface_of(app: Flask) -> tuple[Interface, str]:
    """The interface that fits an app, and why.

    ASGI for whatever is asynchronous: measured on Granian, RSGI takes a tenth more processor time for it, and ASGI also
    cuts the connection where a response breaks off, as it should (docs/serve.md). WSGI where all is synchronous.
    """
    for rule in app.url_map.iter_rules():
        if rule.websocket:
            return "asgi", f"{rule.rule!r} answers WebSockets"
    for function in app._registered():
        if found := _asynchronous(function):
            return "asgi", f"{found} is async"
    return "wsgi", "all of its functions are synchronous"


def _asynchronous(function: t.Any) -> str | None:
    """The name of a function that is async, or of the method of a class-based view that is."""
    kind = getattr(function, "view_class", None)
    if kind is None:
        return _name(function) if _is_async(function) else None
    return next((_name(found) for name in METHODS if _is_async(found := getattr(kind, name, None))), None)


def _is_async(function: t.Any) -> bool:
    try:
        return iscoroutinefunction(function) or iscoroutinefunction(unwrap(function))
    except ValueError:  # it wraps itself
        return False


def _name(function: t.Any) -> str:
    named = getattr(function, "__qualname__", None) or type(function).__qualname__
    return f"{getattr(function, '__module__', '?')}.{named}"


def threads_of(interface: Interface, asked: int | None) -> int:
    """How many threads of a worker run the app: on ASGI and RSGI the event loop's one."""
    return (asked or WSGI_THREADS) if interface == "wsgi" else 1


def why_debugging(app: Flask) -> str | None:
    """Why an app must not be served to others, and what to do: it is in debug mode, or brings Werkzeug's debugger."""
    if app.debug:
        return (
            "The app is in debug mode, in which whoever sees an error page may run code on this machine. Turn it off:"
            " without '--debug', with FLASK_DEBUG unset or 0, also in '.env', and with neither 'app.debug = True' nor"
            " DEBUG in the app's configuration. For development there is 'flask run --debug'."
        )
    tools = sys.modules.get("werkzeug.debug")
    entrance: t.Any = app.wsgi_app
    if tools is not None and isinstance(entrance, tools.DebuggedApplication) and entrance.evalex:
        return (
            "'app.wsgi_app' is wrapped in Werkzeug's DebuggedApplication, by which whoever sees an error page may run"
            " code on this machine. Wrap it only for development."
        )
    return None


def workers_of(asked: int | None) -> tuple[int, str]:
    """How many workers, and why: one for each processor that may be used, and two at least."""
    if sys.platform == "win32":
        return 1, "Granian has one worker on Windows"
    if asked is not None:
        return asked, "asked for"
    processors, why = processors_at_hand()
    count = max(WORKERS_AT_LEAST, math.ceil(processors))
    return count, why if count > WORKERS_AT_LEAST or processors > 1 else f"{why}; two are needed to replace one"


def processors_at_hand() -> tuple[float, str]:
    """How much processor time this process may use at a time, and what says so."""
    count = _may_run_on()
    limit = min(quotas(Path("/")), default=math.inf)
    if limit < count:
        return limit, f"the control group allows {limit:g} processors"
    return count, f"{count} processors" if count != 1 else "1 processor"


def _may_run_on() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quotas(root: Path) -> Iterator[float]:
    """The limits of the control groups that this process is in, in processors; `root` is what the paths start from.

    See the kernel's "Control Group v2", `cpu.max`, and "CFS Bandwidth Control", `cpu.cfs_quota_us`. A group's limit
    holds for all groups below it, so each on the way up counts.
    """
    own = root / "proc/self"
    try:
        groups = (own / "cgroup").read_text(encoding="utf-8").splitlines()
        mounts = (own / "mountinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    paths = {controllers: path for _, controllers, path in (line.split(":", 2) for line in groups)}
    for line in mounts:
        before, _, after = line.partition(" - ")
        top, place = before.split()[3:5]
        kind, _, options = after.split(maxsplit=2)
        if kind == "cgroup2":
            read, path = _v2, paths.get("")
        elif kind == "cgroup" and "cpu" in options.split(","):
            read, path = _v1, next((p for names, p in paths.items() if "cpu" in names.split(",")), None)
        else:
            continue
        if path is not None:
            yield from _on_the_way_up(root / place.lstrip("/"), top, path, read)


def _on_the_way_up(place: Path, top: str, path: str, read: t.Callable[[Path], float | None]) -> Iterator[float]:
    group = PurePosixPath(path)
    # In a container the group may be told as the host sees it, while only what is below it can be seen.
    below = group.relative_to(top) if group.is_relative_to(top) else PurePosixPath()
    for folder in (below, *below.parents):
        try:
            limit = read(place / folder)
        except (OSError, ValueError, IndexError):
            continue
        if limit is not None:
            yield limit


def _v2(folder: Path) -> float | None:
    quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
    return None if quota == "max" else int(quota) / int(period)


def _v1(folder: Path) -> float | None:
    quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="ascii"))
    period = int((folder / "cpu.cfs_period_us").read_text(encoding="ascii"))
    return quota / period if quota > 0 and period > 0 else None
