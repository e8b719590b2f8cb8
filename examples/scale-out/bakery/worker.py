"""The door for Celery: ``celery --app bakery.worker worker``, and ``beat``. Nothing else may happen here."""

from . import create_app
from .jobs import celery

__all__ = ["celery"]

create_app()
