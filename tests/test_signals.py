from __future__ import annotations

import blinker
import pytest

from flask import signals

NAMES = [
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
]


@pytest.mark.parametrize("name", NAMES)
def test_each_signal_is_a_named_one(name):
    """A signal is Blinker's, named like its variable with hyphens."""
    signal = getattr(signals, name)
    assert isinstance(signal, blinker.NamedSignal)
    assert signal.name == name.replace("_", "-")


def test_extensions_find_the_namespace_here():
    """Namespace is Blinker's own, and the signals of an extension are apart from those of the framework."""
    assert signals.Namespace is blinker.Namespace
    assert signals.Namespace().signal("request-started") is not signals.request_started
