"""The public door: every name an application imports from `flask`, and nothing that is only ours."""

from __future__ import annotations

import os as _os
import typing as t

from . import _former as _former
from . import _startup as _startup  # before whatever imports Werkzeug
from . import json as json
from ._contracts import stock as _stock
from .app import Flask as Flask
from .blueprints import Blueprint as Blueprint
from .config import Config as Config
from .ctx import RequestContext as _RequestContext
from .ctx import after_this_request as after_this_request
from .ctx import after_this_websocket as after_this_websocket
from .ctx import copy_current_request_context as copy_current_request_context
from .ctx import has_app_context as has_app_context
from .ctx import has_request_context as has_request_context
from .ctx import has_websocket_context as has_websocket_context
from .globals import current_app as current_app
from .globals import g as g
from .globals import request as request
from .globals import session as session
from .globals import websocket as websocket
from .helpers import abort as abort
from .helpers import flash as flash
from .helpers import get_flashed_messages as get_flashed_messages
from .helpers import get_template_attribute as get_template_attribute
from .helpers import make_response as make_response
from .helpers import non_blocking as non_blocking
from .helpers import redirect as redirect
from .helpers import send_file as send_file
from .helpers import send_from_directory as send_from_directory
from .helpers import stream_request as stream_request
from .helpers import stream_with_context as stream_with_context
from .helpers import url_for as url_for
from .json import jsonify as jsonify
from .signals import appcontext_popped as appcontext_popped
from .signals import appcontext_pushed as appcontext_pushed
from .signals import appcontext_tearing_down as appcontext_tearing_down
from .signals import before_render_template as before_render_template
from .signals import got_request_exception as got_request_exception
from .signals import message_flashed as message_flashed
from .signals import request_finished as request_finished
from .signals import request_started as request_started
from .signals import request_tearing_down as request_tearing_down
from .signals import template_rendered as template_rendered
from .signals import websocket_finished as websocket_finished
from .signals import websocket_started as websocket_started
from .signals import websocket_tearing_down as websocket_tearing_down
from .templating import render_template as render_template
from .templating import render_template_string as render_template_string
from .templating import stream_template as stream_template
from .templating import stream_template_string as stream_template_string
from .wrappers import Request as Request
from .wrappers import Response as Response

if t.TYPE_CHECKING:
    from . import cli as cli
    from .events import EventStream as EventStream
    from .events import ServerSentEvent as ServerSentEvent
else:
    # Names that not every application needs, by the module that is imported when one of them is first asked for.
    _late = {"EventStream": "flask.events", "ServerSentEvent": "flask.events"}

    def __getattr__(name: str) -> t.Any:
        if name in _late:
            import importlib

            return getattr(importlib.import_module(_late[name]), name)
        if name == "cli":  # it brings click along: for those who write `flask.cli` and import only `flask`
            import importlib

            return importlib.import_module("flask.cli")
        if name == "__version__":
            import importlib.metadata
            import warnings

            warnings.warn(
                "The '__version__' attribute is deprecated and will be removed in Flask 3.2. Use feature detection or"
                " 'importlib.metadata.version(\"flask\")' instead.",
                DeprecationWarning,
                stacklevel=2,
            )
            # The API's: without our label, as whoever makes numbers of the parts expects.
            return importlib.metadata.version("flask").partition("+")[0]
        return _former.look_back(__name__, name)

    def _former_name(name: str) -> t.Any:
        import importlib

        return getattr(importlib.import_module("flask._legacy"), name)

    # Names that Flask removed: nothing of `_legacy` is imported before somebody has asked for one.
    _stock.former_name = _former_name
    _former.open_doors((Flask, Blueprint, Config, Request, _RequestContext))
    if _os.environ.get("FLASK_LEGACY", "").lower() not in {"", "0", "false", "no"}:
        import importlib as _importlib

        _importlib.import_module("flask.legacy")
