"""Where every setting comes from: defaults here, the environment (BAKERY_…), and one file for each secret.

No secret stands in the environment, where every child process and many a crash report would have it; none has a
default, so that a deployment without one does not start.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from sqlalchemy.engine import make_url

from flask import Config

DEFAULTS: dict[str, Any] = {
    "NODE": "node",
    "LOG_LEVEL": "INFO",
    "DATABASE": "postgresql+psycopg://bakery@127.0.0.1:5432/bakery",
    "REDIS": "redis://127.0.0.1:6379",
    # systemd puts secrets where $CREDENTIALS_DIRECTORY says, compose into /run/secrets.
    "SECRETS": os.environ.get("CREDENTIALS_DIRECTORY", "/run/secrets"),
    "MAX_CONTENT_LENGTH": 64 * 1024,
    "SESSION_COOKIE_NAME": "bakery",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "PERMANENT_SESSION_LIFETIME": timedelta(days=7),
    "SESSION_TYPE": "redis",
    # Connections to PostgreSQL: (nodes * workers + Celery's processes) * (size + overflow) < max_connections.
    "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True, "pool_size": 4, "max_overflow": 6},
    "RATELIMIT_STRATEGY": "moving-window",
    "RATELIMIT_HEADERS_ENABLED": True,
    # A job that a dead worker held is given to another one after this many seconds; no job may take longer.
    "JOB_VISIBILITY_TIMEOUT": 60,
    # A report that nobody has begun or finished after this many seconds is asked for again, this often.
    "REPORT_PATIENCE": 30,
    "REPORT_ROUND": 10,
}


def secrets(config: Config) -> dict[str, str]:
    """The secrets, each from the file of its name; a missing one is an error that names the file."""
    folder = Path(config["SECRETS"])
    names = ("secret_key", "database_password", "redis_password")
    return {name.upper(): (folder / name).read_text(encoding="utf-8").strip() for name in names}


def complete(config: Config) -> None:
    """What follows from settings and secrets together: the addresses with their passwords."""
    database = make_url(config["DATABASE"])
    if config["DATABASE_PASSWORD"]:
        database = database.set(password=config["DATABASE_PASSWORD"])
    config.setdefault("SQLALCHEMY_DATABASE_URI", database.render_as_string(hide_password=False))
    config.setdefault("SESSION_REDIS", redis_client(config, 0) if config["SESSION_TYPE"] == "redis" else None)
    config.setdefault("RATELIMIT_STORAGE_URI", redis_url(config, 0))
    config.setdefault("BROKER", redis_url(config, 1))


def redis_url(config: Config, database: int) -> str:
    """One of Redis's numbered databases, with the password."""
    place = urlsplit(config["REDIS"])
    return f"{place.scheme}://:{quote(config['REDIS_PASSWORD'], safe='')}@{place.netloc}/{database}"


def redis_client(config: Config, database: int) -> Redis:
    """A client that asks again when Redis was away for a moment, and does not wait for ever."""
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=5)
    return Redis.from_url(redis_url(config, database), retry=retry, socket_timeout=5, socket_connect_timeout=2)
