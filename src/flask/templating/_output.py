"""Gives the code of templates a quicker `escape` for what it writes; no name that a template can use is changed.

In a template's code only output is escaped under that name, and all output is joined before anybody can ask whether it
is marked as safe: macros, `super()` and `{% set %}` blocks mark the joined text. So a piece may be a plain string.
"""

from __future__ import annotations

import typing as t
from types import FunctionType

import markupsafe
from jinja2 import Environment, Template
from markupsafe import Markup

_join = "".join
_escape: t.Any = markupsafe.escape
_escape_text: t.Any = getattr(markupsafe, "_escape_inner", None)


def escape_output(value: t.Any) -> str:
    """The text of ``markupsafe.escape(value)``, for which most values need not become a `Markup`.

    PERF: MarkupSafe 3 makes one by three calls, 4,700 instructions of the processor; this takes 500.
    """
    kind = type(value)
    if kind is str:
        return _escape_text(value)  # type: ignore[no-any-return]
    if kind is int:
        return _numerals.get(value) or str(value)
    return value if kind is Markup else _escape(value)  # type: ignore[no-any-return]


_numerals = {number: str(number) for number in range(1024)}
_SAMPLES = (
    "",
    "plain",
    """<a title="&">'</a>""",
    "\N{LATIN SMALL LETTER E WITH ACUTE}>",
    "\N{SNOWMAN}<",
    "\U0001f4a5&",
)


def known(escape: t.Any, escape_text: t.Any) -> bool:
    """Whether these are MarkupSafe 3's function, unreplaced, and what that has for exact strings (a private name)."""
    if type(escape) is not FunctionType or escape.__globals__ is not vars(markupsafe):
        return False  # MarkupSafe 2 is quick by itself
    try:
        made = [(escape_text(text), str(escape(text))) for text in _SAMPLES]
    except Exception:  # noqa: BLE001 - it is none, or another function
        return False
    return all(type(text) is str and text == expected for text, expected in made)


_KNOWN = known(_escape, _escape_text)


class QuickTemplate(Template):
    """A template of Jinja's whose code escapes what it writes by `escape_output`."""

    @classmethod
    def from_code(cls, environment: Environment, *args: t.Any, **kwargs: t.Any) -> Template:
        return _quickened(super().from_code(environment, *args, **kwargs))

    @classmethod
    def from_module_dict(cls, environment: Environment, *args: t.Any, **kwargs: t.Any) -> Template:
        return _quickened(super().from_module_dict(environment, *args, **kwargs))


def _quickened(template: Template) -> Template:
    """Replace the global `escape` of a template's code, if it is MarkupSafe's.

    An environment that joins the pieces in a way of its own may look at them: it gets what Jinja gives it.
    """
    names = template.root_render_func.__globals__
    if _KNOWN and names.get("escape") is _escape and template.environment.concat == _join:
        names["escape"] = escape_output
    return template


QuickTemplate.__name__ = QuickTemplate.__qualname__ = Template.__name__  # for its `repr`
