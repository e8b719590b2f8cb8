"""Commands by names that Flask has not taken, and apps may have: an app's own command goes before ours.

So a deployment that has said `flask serve` to an app of its own goes on saying it. Neither command is known here.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import redirect_stderr, redirect_stdout

import click

from ..globals import current_app
from ..helpers import get_debug_flag
from .script_info import ScriptInfo

if t.TYPE_CHECKING:
    from ..app import Flask


def load_app(ctx: click.Context) -> Flask:
    """The app. While a shell completes what is being typed nothing that its modules print gets in between."""
    info = ctx.ensure_object(ScriptInfo)
    if not ctx.resilient_parsing:
        return info.load_app()
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        return info.load_app()


def command_of_app(ctx: click.Context, name: str) -> click.Command | None:
    """The app's own command of a name; the app is loaded for that, and is the current one from here on.

    So the types and callbacks of the command's own options find it as well.
    """
    app = load_app(ctx)
    if not current_app or current_app._get_current_object() is not app:  # type: ignore[attr-defined]
        ctx.with_resource(app.app_context())
    return app.cli.get_command(ctx, name)


class YieldingCommand(click.Command):
    """A command in place of which the app may have one of its own. It needs the app anyway, and finds it loaded."""

    def instead_of_app(self, ctx: click.Context, name: str) -> click.Command:
        """The app's command of this name, or else this one. An app that cannot be loaded is left to this one to tell.

        Where this one runs, `app.debug` is what the app has set itself.
        """
        info = ctx.ensure_object(ScriptInfo)
        sets_debug, info.set_debug_flag = info.set_debug_flag, False
        try:
            own = command_of_app(ctx, name)
        except Exception:  # noqa: BLE001 - it is raised again as soon as this one looks for the app
            return self
        if own is None:
            return self
        if sets_debug:
            info.load_app().debug = get_debug_flag()
        return own


class LateYieldingCommand(YieldingCommand):
    """One that does without the app in its own process, and looks for the app's command only where that is at stake.

    It is when this one has to refuse what was asked, or is asked for help; and `give_way` is for whoever has found out.
    """

    def instead_of_app(self, ctx: click.Context, name: str) -> click.Command:
        """This one, for the time being."""
        return self

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: t.Any
    ) -> click.Context:
        """As `click.Command.make_context`, or that of the app's command."""
        given = [*args]
        if parent is not None and "--help" in args:
            own = super().instead_of_app(parent, info_name or "")
            if own is not self:
                return own.make_context(info_name, given, parent, **extra)
        try:
            context = super().make_context(info_name, args, parent, **extra)
        except click.UsageError:
            own = super().instead_of_app(parent, info_name or "") if parent is not None else self
            if own is self:
                raise
            return own.make_context(info_name, given, parent, **extra)
        context.meta[_GIVEN] = given
        return context

    def invoke(self, ctx: click.Context) -> t.Any:
        """As `click.Command.invoke`; whatever it refuses only now may be meant for the app's command."""
        try:
            return super().invoke(ctx)
        except click.UsageError:
            if self._own(ctx) is self:
                raise
        return self.give_way(ctx)

    def give_way(self, ctx: click.Context) -> t.Any:
        """Run the app's command of this name with the same arguments."""
        with self._own(ctx).make_context(ctx.info_name, [*ctx.meta[_GIVEN]], ctx.parent) as own:
            return own.command.invoke(own)

    def _own(self, ctx: click.Context) -> click.Command:
        return super().instead_of_app(ctx.parent, ctx.info_name or "") if ctx.parent is not None else self


_GIVEN = f"{__name__}.given"
