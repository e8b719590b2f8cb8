"""`flask check`: says before a deployment what is wrong with an application, and what to do about it.

It changes nothing, runs no view, and needs no server. What extensions use is offered here: `Kind`, `Finding`, `Where`.
Imported by every run of the command, so that nothing that checks may be imported at its top.
"""

from __future__ import annotations

import typing as t

import click

from ...globals import current_app
from ..script_info import ScriptInfo
from ..yielding import YieldingCommand
from .levels import LEVELS

if t.TYPE_CHECKING:
    from .findings import Finding as Finding
    from .findings import Kind as Kind
    from .findings import Where as Where
else:

    def __getattr__(name: str) -> t.Any:
        if name not in ("Finding", "Kind", "Where"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import findings

        return getattr(findings, name)


#: The setting that lists ids which are not reported.
SETTING = "CHECK_IGNORE"


class IdsType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """Ids of checks, separated by commas or spaces."""

    name = "ids"

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """The ids as a list."""
        return value.replace(",", " ").split() if isinstance(value, str) else value


class UrlType(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """The URL of a site, with scheme and host."""

    name = "url"

    def convert(self, value: t.Any, param: click.Parameter | None, ctx: click.Context | None) -> t.Any:
        """The URL as it is."""
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(value)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            self.fail(f"{value!r} is no URL with 'http://' or 'https://' and a host.", param, ctx)
        return value


@click.command("check", cls=YieldingCommand, short_help="Say what is wrong before deployment.")
@click.option(
    "--json", "json_wanted", is_flag=True, envvar="FLASK_CHECK_JSON", help="Write one JSON object instead of text."
)
@click.option(
    "--fail-level",
    type=click.Choice(list(reversed(LEVELS))),
    default="warning",
    show_default=True,
    help="The exit status is 1 from findings of this level on.",
)
@click.option(
    "--ignore",
    type=IdsType(),
    default="",
    help=f"Ids that are not reported, as 'flask.C006,flask.K001'. The setting {SETTING} lists such ids too.",
)
@click.option(
    "--project",
    "folder",
    envvar="FLASK_CHECK_PROJECT",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    help="The folder with the files that deploy the app; the current one by default.",
)
@click.option(
    "--url",
    type=UrlType(),
    help="Where the app is deployed: ask it whether the headers of proxies arrive. Without it no network is used.",
)
@click.pass_context
def check_command(
    ctx: click.Context, json_wanted: bool, fail_level: str, ignore: t.Sequence[str], folder: str, url: str | None
) -> None:
    """Say what is wrong with the app and its deployment: with its settings, rules, sources and dependencies.

    Run it with the settings of production. Each finding has an id, a reason and a remedy. Nothing is changed, and no
    view is run.
    """
    from .project import Project
    from .report import as_json, as_text
    from .running import run

    app = _app(ctx)
    silent = {*ignore, *_listed(app)}
    _refuse_unknown(ctx, silent)
    findings = run(app, Project(folder), url)
    told = [finding for finding in findings if finding.id not in silent]
    ignored = [finding for finding in findings if finding.id in silent]
    failed = any(LEVELS.index(finding.level) >= LEVELS.index(fail_level) for finding in told)
    if json_wanted:
        click.echo(as_json(app.name, told, ignored, fail_level, failed))
    else:
        click.echo(as_text(app.name, told, ignored))
    ctx.exit(1 if failed else 0)


def _app(ctx: click.Context) -> t.Any:
    """The app in its context, with the debug mode that a server in production will find it in."""
    if not current_app:
        info = ctx.ensure_object(ScriptInfo)
        info.set_debug_flag = False  # what the app sets itself is what counts without `flask run`
        ctx.with_resource(info.load_app().app_context())
    return current_app._get_current_object()  # type: ignore[attr-defined]


def _listed(app: t.Any) -> list[str]:
    listed = app.config.get(SETTING) or ()
    return listed.replace(",", " ").split() if isinstance(listed, str) else list(listed)


def _refuse_unknown(ctx: click.Context, ids: t.Iterable[str]) -> None:
    """An id that was mistyped would silence nothing; those of others are not known before their checks ran."""
    from difflib import get_close_matches

    from .findings import KINDS
    from .running import declare_all

    declare_all()
    for id in sorted(ids):
        if (id.startswith("flask.") and id not in KINDS) or "." not in id:
            close = get_close_matches(id, KINDS, 1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"No check has the id {id!r}.{hint}", ctx)
