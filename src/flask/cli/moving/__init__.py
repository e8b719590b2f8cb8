"""`flask migrate-check`: says whether an environment and a project can move from upstream's Flask onto this one.

It changes nothing and needs no application. Imported by every run of the command, so that nothing that judges may be
imported at its top.
"""

from __future__ import annotations

import click

from ...globals import current_app
from ..yielding import YieldingCommand


@click.command("migrate-check", cls=YieldingCommand, short_help="Say whether an environment can move onto this Flask.")
@click.option(
    "--python",
    metavar="PATH",
    help="The environment of another interpreter, or in another folder; this one by default.",
)
@click.option(
    "--project",
    "folder",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    help="The folder with the project's own code and files; the current one by default.",
)
@click.option("--json", "json_wanted", is_flag=True, help="Write one JSON object instead of text.")
@click.pass_context
def migrate_check_command(ctx: click.Context, python: str | None, folder: str, json_wanted: bool) -> None:
    """Say whether an environment can move from upstream's Flask onto this one.

    Which distributions ask for Flask, and whether this version suits them; which names of Flask their code and the
    project's touch, and whether they are here; what would put upstream back. The exit status is 1 if anything stands
    against it. Nothing is changed, and what is installed is read, not run.
    """
    from pathlib import Path

    from ..check.project import Project
    from .environments import Unanswered, environment_of
    from .judging import judge
    from .report import as_json, as_text

    try:
        environment = environment_of(python)
    except Unanswered as error:
        raise click.BadParameter(
            f"{python!r} does not say what it has: {error}", ctx, param_hint="'--python'"
        ) from None
    project = Project(folder)
    folders = [project.root]
    if current_app and not Path(current_app.root_path).resolve().is_relative_to(project.root):
        folders.append(Path(current_app.root_path).resolve())
    judgement = judge(environment, project, folders)
    click.echo(as_json(judgement) if json_wanted else as_text(judgement))
    ctx.exit(1 if judgement.failed else 0)
