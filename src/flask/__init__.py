"""The public door: it opens at the first look at one of its names, which are listed in `_door`.

PERF: whoever imports only a part (the command, `flask.signals`) does not wait for the rest. All names come at once, so
that none is bound later than another. A module of the house that needs a neighbour whole says `import flask.typing`;
with `from . import typing` Python would look at the door first.
"""

from __future__ import annotations

import typing as t

from . import _startup as _startup  # before whatever imports Werkzeug

if t.TYPE_CHECKING:
    from . import app as app
    from . import blueprints as blueprints
    from . import cli as cli
    from . import config as config
    from . import ctx as ctx
    from . import globals as globals
    from . import helpers as helpers
    from . import logging as logging
    from . import sansio as sansio
    from . import sessions as sessions
    from . import signals as signals
    from . import templating as templating
    from . import typing as typing
    from . import wrappers as wrappers
    from ._door import *  # noqa: F403 - one list of names, and type checkers pass on what a star brings
else:
    import sys as _sys
    from importlib import import_module as _import_module

    _names = vars(_sys.modules[__name__])  # `globals` is the name of a module here

    def _open():
        """Bring in every name that nobody has replaced. A thread that asks in the midst of it gets what is there."""
        for name, value in vars(_import_module("flask._door")).items():
            if name[:1] != "_":
                _names.setdefault(name, value)
        return _names

    def __getattr__(name):
        if name == "__version__":
            return _version()
        if name[:1] != "_" or name == "__all__":  # which is what `from flask import *` asks for first
            opened = _open()
            if name in opened:
                return opened[name]
        if name == "cli":  # it brings click along: for those who write `flask.cli` and import only `flask`
            return _import_module("flask.cli")
        raise AttributeError(name)

    def __dir__():
        return sorted(_open())

    def _version():
        from importlib.metadata import version
        from warnings import warn

        warn(
            "The '__version__' attribute is deprecated and will be removed in Flask 3.2. Use feature detection or"
            " 'importlib.metadata.version(\"flask\")' instead.",
            DeprecationWarning,
            stacklevel=3,
        )
        return version("flask")
