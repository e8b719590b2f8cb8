"""The page, or the few lines of text, that explain a 404 or 405 of the routing in debug mode.

Status, headers and description stay the error's own, whoever wrote a handler is heard instead, and whatever comes from
a request or a rule is escaped.
"""

from __future__ import annotations

import re
import typing as t

from markupsafe import Markup
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.sansio.utils import host_is_trusted

from ._routes import Report, Row, report
from ._words import shortened

if t.TYPE_CHECKING:
    from ..ctx import RequestContext
    from ..sansio.app import App
    from ..wrappers import Request

_OWN_HOSTS = (".localhost", "127.0.0.1")
_OWN_IPV6_HOST = re.compile(r"\[::1\](:\d{1,5})?")  # which Werkzeug cannot compare with a name
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


def answer(app: App, context: RequestContext, error: HTTPException) -> None:
    """Give an error of the routing that nobody handles a response that explains it, if the client can read one."""
    request = context.request
    if error is not request.routing_exception or type(error) not in (NotFound, MethodNotAllowed):
        return
    if error.response is not None or app._find_error_handler(error, request.blueprints) is not None:
        return
    # The names that Werkzeug's debugger trusts: an app's rules are for whoever develops it, not for a stranger.
    host = request.environ.get("HTTP_HOST")
    if not host_is_trusted(host, _OWN_HOSTS) and not _OWN_IPV6_HOST.fullmatch(host or ""):
        return
    form = readable_by(request)
    if form is None:
        return
    found = report(app, request, context.url_adapter, error)
    response = error.get_response(request.environ)
    if form == "text/html":
        response.set_data(as_html(error, found))
    else:
        response.set_data(as_text(error, found))
        response.content_type = "text/plain; charset=utf-8"
    error.response = response


def readable_by(request: Request) -> str | None:
    """HTML for a client that names it, plain text for one that takes anything; None where neither is asked for.

    A client that says nothing of what it accepts, as in tests, and one that wants JSON get the error as it always was.
    """
    accepted = request.accept_mimetypes
    html = max((quality for kind, quality in accepted if kind in _HTML_TYPES), default=0)
    text = accepted.quality("text/plain") if accepted else 0
    if html and html >= text:
        return "text/html"
    return "text/plain" if text else None


def as_text(error: HTTPException, found: Report) -> str:
    """The report in lines for a terminal."""
    first = f"{error.code} {error.name}: {found.asked}"
    return "\n".join([first, shortened(error.description or "", 1_000), "", *_lines(found), ""])


def lines(app: App, context: RequestContext, error: HTTPException) -> list[str]:
    """The report in lines for an error that is raised instead of answered."""
    if type(error) not in (NotFound, MethodNotAllowed):
        return []
    found = report(app, context.request, context.url_adapter, error)
    return [f"{found.asked}:", *_lines(found)]


def _lines(found: Report) -> t.Iterator[str]:
    yield from found.facts
    if found.rows:
        yield f"{found.heading}:"
    for row in found.rows:
        yield f"  {row.methods} {row.rule}  ->  {row.endpoint}"
        yield from (f"    {more}" for more in (row.reason, row.view) if more)
    yield f"(Only debug mode says this. 'flask routes' lists every rule; there are {found.rules}.)"


def as_html(error: HTTPException, found: Report) -> str:
    """The report as a page. Everything that stands between tags is escaped by `Markup.format`."""
    reasons = any(row.reason for row in found.rows)
    rows = Markup().join(
        Markup(
            "<tr><td><code>{}</code><td><code>{}</code><td>{}<td>{}</tr>\n"
            if reasons
            else "<tr><td><code>{}</code><td><code>{}</code><td>{}</tr>\n"
        ).format(*_cells(row, reasons))
        for row in found.rows
    )
    titles = ["Methods", "Rule", "Endpoint", *(["Why it does not match"] if reasons else [])]
    table = Markup(
        "<h2>{}</h2>\n<div><table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table></div>\n"
    ).format(found.heading, Markup().join(Markup("<th scope=col>{}").format(title) for title in titles), rows)
    return _PAGE.format(
        style=_STYLE,
        code=error.code,
        name=error.name,
        description=Markup(error.get_description()),
        asked=found.asked,
        facts=Markup("\n").join(Markup("<p>{}</p>").format(fact) for fact in found.facts),
        table=table if found.rows else "",
        rules=found.rules,
    )


def _cells(row: Row, reasons: bool) -> list[t.Any]:
    endpoint = Markup("<code>{}</code><small>{}</small>").format(row.endpoint, row.view)
    return [row.methods, row.rule, endpoint, *([row.reason] if reasons else [])]


# System colours would do for most of it; the few others are chosen for a contrast of at least 4.5 (WCAG 2.2, 1.4.3).
_STYLE = Markup("""\
:root { color-scheme: light dark; --ink: #1d2733; --dim: #566472; --line: #d5dde5; --back: #ffffff; --soft: #eef3f7;
        --mark: #0b5a80 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4eaf0; --dim: #9fb0bf; --line: #34424f; --back: #12181e; --soft: #1d272f; --mark: #7cc7ee } }
body { margin: 0; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 72rem; margin: 0 auto; padding: 2rem 1.25rem }
h1 { margin: 0 0 .25rem; font-size: 1.9rem }
h2 { margin: 1.75rem 0 .5rem; font-size: 1.05rem }
p { margin: .35rem 0 }
code { font: .92em ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere }
.asked { margin: 1.25rem 0 .75rem; padding: .6rem .8rem; background: var(--soft); border-left: 4px solid var(--mark) }
main > div { overflow-x: auto }
table { width: 100%; border-collapse: collapse }
th, td { padding: .5rem .9rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { color: var(--dim); font-weight: 600; font-size: .85rem }
td:nth-child(2) code { color: var(--mark) }
td:last-child { overflow-wrap: anywhere }
small { display: block; color: var(--dim); font-size: .8rem; overflow-wrap: anywhere }
footer { margin-top: 1.75rem; color: var(--dim); font-size: .88rem }
""")

_PAGE = Markup("""\
<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>{code} {name}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{name}</h1>
{description}
<p class=asked><code>{asked}</code></p>
{facts}
{table}
<footer>Only debug mode says this; elsewhere the page ends after its first sentences. There are
{rules} rules; <code>flask routes</code> lists them.</footer>
</main>
</body>
</html>
""")
