"""The servers of the contract: how each is started on a port, by its own command and by nothing of ours.

A server is a row here and a column of the table in the documentation. What an application is called for a gateway, and
what else it takes to have it below a path, is said here alone.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from tests.servers import have

THREADS = 6
"""Threads for applications on each WSGI server: tests hold some in a stream and ask with another."""

PREFIX = "/below"
"""Where a server is told that its application stands."""


@dataclass(frozen=True)
class Server:
    """One server as it speaks one protocol."""

    name: str
    gateway: t.Literal["WSGI", "ASGI", "RSGI"]
    module: str
    """What has to be installed."""
    arguments: str
    """The command line after `python -m`, with {port}, {application} and {threads}."""
    below: str | None = None
    """What else starts it with its application below PREFIX, if the server can be told so."""
    environment: t.Mapping[str, str] | None = None
    """The same as variables of its environment."""
    adds_prefix: bool = False
    """Whether it then expects requests without that path, as from a proxy that has taken it away."""
    has_sockets: bool = True
    """Whether the contract for WebSockets is asked of it, if the protocol carries them."""

    @property
    def installed(self) -> bool:
        """Whether this machine has it."""
        return have(self.module)

    def command(self, application: str, below: bool) -> list[str]:
        """What follows `python -m` to serve an object of tests/contract/served.py on a {port}."""
        line = self.arguments
        if below:
            line = line.replace(" {application}", f" {self.below or ''} {{application}}")
        target = f"tests.contract.served:{application}_{self.gateway.lower()}"
        return line.format(port="{port}", threads=THREADS, application=target, prefix=PREFIX).split()


GRANIAN = "granian --host 127.0.0.1 --port {port} --workers 1 --log-level warning --interface "
UVICORN = "uvicorn --host 127.0.0.1 --port {port} --log-level warning --no-proxy-headers "

SERVERS = (
    Server(
        "werkzeug",
        "WSGI",
        "werkzeug",
        "tests.contract.served {application} {port}",
    ),
    Server(
        "gunicorn",
        "WSGI",
        "gunicorn",
        "gunicorn --bind 127.0.0.1:{port} --worker-class gthread --threads {threads} --log-level warning "
        "--graceful-timeout 5 --limit-request-line 8190 {application}",
        environment={"SCRIPT_NAME": PREFIX},
    ),
    Server(
        "waitress",
        "WSGI",
        "waitress",
        "waitress --listen 127.0.0.1:{port} --threads {threads} --no-clear-untrusted-proxy-headers "
        "--server-name 127.0.0.1 {application}",
        below="--url-prefix {prefix}",
    ),
    Server(
        "granian-wsgi",
        "WSGI",
        "granian",
        GRANIAN + "wsgi --blocking-threads {threads} {application}",
        below="--url-path-prefix {prefix}",
    ),
    Server(
        "uvicorn-h11",
        "ASGI",
        "uvicorn",
        UVICORN + "--http h11 --loop asyncio {application}",
        below="--root-path {prefix}",
        adds_prefix=True,
    ),
    Server(
        "uvicorn-httptools",
        "ASGI",
        "httptools",
        UVICORN + "--http httptools {application}",
        below="--root-path {prefix}",
        adds_prefix=True,
    ),
    Server(
        "hypercorn",
        "ASGI",
        "hypercorn",
        "hypercorn --bind 127.0.0.1:{port} --log-level warning --graceful-timeout 5 {application}",
        below="--root-path {prefix}",
    ),
    Server("granian-asgi", "ASGI", "granian", GRANIAN + "asgi {application}", below="--url-path-prefix {prefix}"),
    Server(
        "daphne",
        "ASGI",
        "daphne",
        "daphne --bind 127.0.0.1 --port {port} --verbosity 0 {application}",
        below="--root-path {prefix}",
        has_sockets=False,  # under load it forgets to close one whose function failed, with any application
    ),
    Server(
        "granian-rsgi",
        "RSGI",
        "granian",
        GRANIAN + "rsgi {application}",
        environment={"FLASK_RSGI_ROOT_PATH": PREFIX},  # the protocol carries none, so it is the app's to know
    ),
)
