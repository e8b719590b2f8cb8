"""What one `flask serve` was told, for every process of it; only what can be sent to any of them.

Nothing here looks at the app or the machine, and nothing changes after the start.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from ...app import Flask

Interface = t.Literal["wsgi", "asgi", "rsgi"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of the command, and where the app is.

    `interface` is None where each worker chooses by looking at the app. `app` is what `--app` says, None for the usual
    files; `create_app`, of a group of the user's own, goes before it. Times are in seconds.
    """

    app: str | None = None
    create_app: t.Callable[..., Flask] | None = None
    set_debug_flag: bool = True
    env_file: str | None = None
    load_dotenv: bool = True
    interface: Interface | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    uds: str | None = None
    uds_mode: int = 0o660
    workers: int = 2
    threads: int | None = None
    certfile: str | None = None
    keyfile: str | None = None
    http: t.Literal["1", "2", "auto"] = "1"
    access_log: t.Literal["common", "json"] | None = None
    reload: bool = False
    graceful_timeout: float = 30.0
    shutdown_delay: float = 0.0
    max_requests: int | None = None
    forwarded_allow_ips: tuple[str, ...] = ()
    forwarded_headers: tuple[str, ...] = ("for", "proto")
    static: bool = False
    health_path: str | None = None
