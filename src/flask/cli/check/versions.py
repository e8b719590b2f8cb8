"""Installed distributions that are older than the version in which an advisory that concerns applications was answered.

Only what is installed is looked at, by its metadata; nothing is imported, and no network is asked.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from importlib import metadata

from .findings import Finding, Where, declare
from .project import Project

OLD = declare(
    "flask.V001",
    "error",
    "A dependency is older than the answer to an advisory",
    reason="What triggers it is published, and reaches the app by a request.",
    remedy="Install the version that is named, or a later one.",
)


class Advisory(t.NamedTuple):
    """The first version of a distribution that is not concerned, and the advisories that it answers."""

    distribution: str
    first: str
    ids: tuple[str, ...]


#: Of the page on advisories: those that another distribution answers, by name and version, the earlier version first.
ADVISORIES = (
    Advisory("Werkzeug", "2.2.3", ("CVE-2023-23934", "CVE-2023-25577")),
    Advisory("Werkzeug", "3.0.1", ("CVE-2023-46136",)),
    Advisory("Werkzeug", "3.0.3", ("CVE-2024-34069",)),
    Advisory("Werkzeug", "3.0.6", ("CVE-2024-49766", "CVE-2024-49767")),
    Advisory("Werkzeug", "3.1.4", ("CVE-2025-66221",)),
    Advisory("Werkzeug", "3.1.5", ("CVE-2026-21860",)),
    Advisory("Werkzeug", "3.1.6", ("CVE-2026-27199",)),
    Advisory("Werkzeug", "3.1.9", ("GHSA-g6x2-hccm-hh4m",)),
    Advisory("Jinja2", "3.1.3", ("CVE-2024-22195",)),
    Advisory("Jinja2", "3.1.4", ("CVE-2024-34064",)),
    Advisory("Jinja2", "3.1.5", ("CVE-2024-56201", "CVE-2024-56326")),
    Advisory("Jinja2", "3.1.6", ("CVE-2025-27516",)),
    Advisory("granian", "2.7.4", ("CVE-2026-42544",)),
    Advisory("gunicorn", "22.0.0", ("CVE-2024-1135", "CVE-2024-6827")),
    Advisory("uvicorn", "0.11.7", ("CVE-2020-7694", "CVE-2020-7695")),
    Advisory("h11", "0.16.0", ("CVE-2025-43859",)),
    Advisory("waitress", "1.4.1", ("CVE-2019-16786", "CVE-2019-16789", "CVE-2019-16792")),
    Advisory("waitress", "2.1.1", ("CVE-2022-24761",)),
    Advisory("eventlet", "0.40.3", ("CVE-2025-58068",)),
    Advisory("gevent", "23.9.0", ("CVE-2023-41419",)),
    Advisory("Twisted", "22.4.0", ("CVE-2022-24801",)),
    Advisory("Twisted", "24.7.0", ("CVE-2024-41671",)),
    Advisory("websockets", "5.0", ("CVE-2018-1000518",)),
    Advisory("python-engineio", "3.9.0", ("CVE-2019-13611",)),
    Advisory("Flask-Cors", "6.0.0", ("CVE-2024-6844", "CVE-2024-6866")),
    Advisory("Flask-Security-Too", "5.3.3", ("CVE-2023-49438",)),
)

_VERSION = re.compile(r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)[-_.]?(a|b|c|rc|alpha|beta|pre|preview|dev)?.*", re.IGNORECASE)


def find(app: t.Any, project: Project) -> Iterator[Finding]:
    """Which installed distributions are too old."""
    for name in dict.fromkeys(advisory.distribution for advisory in ADVISORIES):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        open_ones = [each for each in ADVISORIES if each.distribution == name and is_older(version, each.first)]
        if open_ones:
            ids = ", ".join(id for each in open_ones for id in each.ids)
            yield OLD.found(
                f"{name} {version} is older than {open_ones[-1].first}, and open to {ids}",
                Where(name=name),
                remedy=f"Install {name}>={open_ones[-1].first}.",
            )


def is_older(version: str, first: str) -> bool:
    """Whether a version comes before another one; nothing is said of one that is no version (PEP 440)."""
    one, other = _key(version), _key(first)
    return one is not None and other is not None and one < other


def _key(version: str) -> tuple[int, tuple[int, ...], bool] | None:
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        return None
    numbers = [int(number) for number in match[2].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return int(match[1] or 0), tuple(numbers), match[3] is None
