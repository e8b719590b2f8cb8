"""The compiled router: answers what is certain, and says when Werkzeug must be asked; it never knows an app."""

from __future__ import annotations

from .arguments import WHOLE
from .binding import Rule
from .router import ABSENT, ROUTER, Absent, Found, Router, arguments_of

__all__ = ["ABSENT", "ROUTER", "WHOLE", "Absent", "Found", "Router", "Rule", "arguments_of"]
