"""`flask routes`: the table of what the app answers to, or what becomes of one request.

It reads the URL map as it stands, and never runs a view or a hook.
"""

from __future__ import annotations

import typing as t

import click

from .._upgrade import answers_websocket
from ..globals import current_app
from .questions import Question, QuestionType
from .script_info import with_appcontext

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

AUTOMATIC_METHODS = frozenset({"HEAD", "OPTIONS"})


class Row(t.NamedTuple):
    """What is shown of one rule."""

    endpoint: str
    methods: str
    domain: str
    rule: str


# "match" has no key: the map's own order is the order in which rules are matched.
SORT_KEYS: dict[str, t.Callable[[Row], str | list[str]] | None] = {
    "endpoint": lambda row: row.endpoint,
    "methods": lambda row: row.methods.split(", "),
    "domain": lambda row: row.domain,
    "rule": lambda row: row.rule,
    "match": None,
}


@click.command("routes", short_help="Show the routes for the app.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(list(SORT_KEYS)),
    default="endpoint",
    help="What to sort by; 'match' is the order in which a request tries them.",
)
@click.option("--all-methods", is_flag=True, help="Show the automatic HEAD and OPTIONS as well.")
@click.option(
    "--match",
    type=QuestionType(),
    help="Say which rule answers a request, as in 'GET /user/7' or 'GET https://host/path', or why none does.",
)
@with_appcontext
def routes_command(sort: str, all_methods: bool, match: Question | None) -> None:
    """Show each route with its endpoint and methods."""
    if match is not None:
        _say_what_answers(match)
        return
    hidden: t.AbstractSet[str] = frozenset() if all_methods else AUTOMATIC_METHODS
    by_host = current_app.url_map.host_matching
    rows = [_row(rule, by_host, hidden) for rule in current_app.url_map.iter_rules()]
    if not rows:
        click.echo("No routes were registered.")
        return

    key = SORT_KEYS[sort]
    if key is not None:
        rows.sort(key=key)
    titles = Row("Endpoint", "Methods", "Host" if by_host else "Subdomain", "Rule")
    shown = [name for name in Row._fields if name != "domain" or any(row.domain for row in rows)]
    widths = {name: max(len(getattr(row, name)) for row in (titles, *rows)) for name in shown}
    click.echo(_line(titles, widths))
    click.echo("  ".join("-" * width for width in widths.values()))
    for row in rows:
        click.echo(_line(row, widths))


def _say_what_answers(question: Question) -> None:
    from .matching import explain

    answer = explain(current_app._get_current_object(), question)  # type: ignore[attr-defined]
    click.echo("\n".join(answer.lines))
    if not answer.found:
        click.get_current_context().exit(1)


def _row(rule: Rule, by_host: bool, hidden: t.AbstractSet[str]) -> Row:
    domain = rule.host if by_host else rule.subdomain
    methods = ["WebSocket"] if answers_websocket(rule) else sorted((rule.methods or set()) - hidden)
    return Row(rule.endpoint, ", ".join(methods), domain or "", rule.rule)


def _line(row: Row, widths: dict[str, int]) -> str:
    return "  ".join(getattr(row, name).ljust(width) for name, width in widths.items())
