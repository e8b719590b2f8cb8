"""The user's part of a traceback."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from flask.cli.tracebacks import users_traceback, without_our_frames


def test_frames_of_click_go() -> None:
    """Frames of click above the user's own are left out, those below stay."""

    @click.command()
    def command() -> None:
        click.STRING.convert(5, None, None)
        int("x")

    error = CliRunner().invoke(command).exception
    assert error is not None
    text = users_traceback(error)
    assert "in command" in text
    assert "click" not in text.replace(__file__, "")


def test_an_error_of_ours_keeps_its_frames() -> None:
    """If no line is the user's, the whole traceback stays, as that is then the only clue."""
    with pytest.raises(click.BadParameter) as caught:
        click.INT.convert("x", None, None)
    error = caught.value
    error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
    assert error.__traceback__ is not None
    assert without_our_frames(error) is error.__traceback__


def test_a_syntax_error_needs_no_frames() -> None:
    """A syntax error outside of the user's frames shows the place by itself."""
    error = SyntaxError("bad", ("app.py", 1, 1, "def (", 1, 2))
    assert without_our_frames(error) is None
    assert 'File "app.py", line 1' in users_traceback(error)
