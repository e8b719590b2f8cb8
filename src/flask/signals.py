"""The signals that the framework sends. Whoever sends decides when; nothing here sends or listens.

Each is sent with the app (never a proxy) as sender; the keyword arguments are in "Signals" of Flask's documentation.
"""

from __future__ import annotations

from blinker import NamedSignal, Namespace

__all__ = [
    "Namespace",
    "template_rendered",
    "before_render_template",
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_tearing_down",
    "appcontext_pushed",
    "appcontext_popped",
    "message_flashed",
    "websocket_started",
    "websocket_finished",
    "websocket_tearing_down",
]

_signals = Namespace()

before_render_template: NamedSignal = _signals.signal("before-render-template")
template_rendered: NamedSignal = _signals.signal("template-rendered")

request_started: NamedSignal = _signals.signal("request-started")
got_request_exception: NamedSignal = _signals.signal("got-request-exception")
request_finished: NamedSignal = _signals.signal("request-finished")
request_tearing_down: NamedSignal = _signals.signal("request-tearing-down")

appcontext_pushed: NamedSignal = _signals.signal("appcontext-pushed")
appcontext_tearing_down: NamedSignal = _signals.signal("appcontext-tearing-down")
appcontext_popped: NamedSignal = _signals.signal("appcontext-popped")

message_flashed: NamedSignal = _signals.signal("message-flashed")

websocket_started: NamedSignal = _signals.signal("websocket-started")
websocket_finished: NamedSignal = _signals.signal("websocket-finished")
websocket_tearing_down: NamedSignal = _signals.signal("websocket-tearing-down")
