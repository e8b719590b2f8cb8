"""Templates that are HTML and are not escaped, because of how they are called.

What decides is the app's own `select_jinja_autoescape`, by the environment that it made.
"""

from __future__ import annotations

import re
import typing as t

from jinja2 import nodes

from .kinds import NOT_ESCAPED_BY_NAME
from .spots import Report, Spot
from .template_files import TemplateFile, Templates

#: Endings that say by what a template is rendered, and not what comes of it.
OF_TEMPLATES = frozenset("j2 jinja jinja2 jnj tmpl tpl tpt template".split())
#: Endings of HTML, and of what a browser reads like it.
OF_PAGES = frozenset("html htm xhtml shtml xml svg html5 phtml".split())
# An element that only a page has: what else holds an angle bracket is left alone.
_ELEMENT = re.compile(
    r"<(?:!doctype html|html|head|body|div|span|p|a|h[1-6]|table|tr|td|ul|ol|li|form|input|button|img|script"
    r"|nav|section)\b[^<>]*>",
    re.IGNORECASE,
)
_ESCAPING = frozenset({"e", "escape", "forceescape", "tojson", "urlencode", "int", "float", "length", "count", "safe"})


def names_a_page(name: str) -> bool | None:
    """Whether a name says that the template is HTML; None if it does not say."""
    endings = name.lower().rpartition("/")[2].split(".")[1:]
    while endings and endings[-1] in OF_TEMPLATES:
        endings.pop()
    return endings[-1] in OF_PAGES if endings else None


def find_unescaped(templates: Templates, template: TemplateFile, report: Report) -> None:
    """Report a template that is HTML, writes values, and is not escaped."""
    if escapes(templates, template.name) or (says := names_a_page(template.name)) is False:
        return
    if says is None and _ELEMENT.search(template.source) is None:
        return
    line = _first_unescaped(template.tree)
    if line is None:
        return
    message = f"Values that {template.name!r} writes are not escaped, from line {line} on."
    report(Spot(NOT_ESCAPED_BY_NAME, template.path, line, line, message))


def escapes(templates: Templates, name: str) -> bool:
    """Whether the environment escapes what a template of that name writes."""
    decide: t.Any = templates.environment.autoescape
    try:
        return bool(decide(name) if callable(decide) else decide)
    except Exception:  # noqa: BLE001 - the app's own function; what it cannot tell is not reported
        return True


def _first_unescaped(node: nodes.Node) -> int | None:
    """The first line on which a value is written as it is."""
    if isinstance(node, nodes.ScopedEvalContextModifier):
        options = {option.key: option.value for option in node.options}
        setting = options.get("autoescape")
        if setting is not None and not (isinstance(setting, nodes.Const) and not setting.value):
            return None
    if isinstance(node, nodes.Output):
        return next((part.lineno for part in node.nodes if _is_plain_value(part)), None)
    for child in node.iter_child_nodes():
        line = _first_unescaped(child)
        if line is not None:
            return line
    return None


def _is_plain_value(node: nodes.Node) -> bool:
    """Whether an expression gives a value of the context as it is; calls (of macros, of url_for) may give anything."""
    if isinstance(node, nodes.Filter):
        return node.name not in _ESCAPING and node.node is not None and _is_plain_value(node.node)
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return _is_plain_value(node.node)
    if isinstance(node, nodes.Name):
        return node.name not in ("loop", "caller", "super", "self", "config")
    return False
