"""Groups of commands: one whose commands run within the app's context, and the group behind `flask` itself.

Listing or showing help never fails because the app is broken.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import click

from .failures import NoAppException
from .options import app_option, debug_option, env_file_option, version_option
from .script_info import ScriptInfo, with_appcontext
from .yielding import YieldingCommand, command_of_app, load_app

if t.TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from click.shell_completion import CompletionItem

    from ..app import Flask


class AppGroup(click.Group):
    """A click group whose commands run within the application's context, unless they ask not to."""

    def command(  # type: ignore[override]
        self, *args: t.Any, **kwargs: t.Any
    ) -> t.Callable[[t.Callable[..., t.Any]], click.Command]:
        """As `click.Group.command`, with the function wrapped by `with_appcontext` unless that is passed as False."""
        wrap = kwargs.pop("with_appcontext", True)
        register = super().command

        def decorator(f: t.Callable[..., t.Any]) -> click.Command:
            command: click.Command = register(*args, **kwargs)(with_appcontext(f) if wrap else f)
            return command

        if len(args) == 1 and callable(args[0]) and not kwargs:  # @group.command without parentheses
            function, args = args[0], ()
            return t.cast("t.Callable[[t.Callable[..., t.Any]], click.Command]", decorator(function))
        return decorator

    def group(  # type: ignore[override]
        self, *args: t.Any, **kwargs: t.Any
    ) -> t.Callable[[t.Callable[..., t.Any]], click.Group]:
        """As `click.Group.group`, for a group of this class."""
        kwargs.setdefault("cls", AppGroup)
        return super().group(*args, **kwargs)  # type: ignore[no-any-return]


class FlaskGroup(AppGroup):
    """The group behind `flask`, for a command of your own: it has the app's commands, plug-ins', and the usual options.

    `create_app` makes the app instead of looking for it. The other parameters leave parts out: the commands `run`,
    `serve`, `shell`, `routes`, `check` and `migrate-check`; `--version`; the default files of `load_dotenv`; setting
    `app.debug`. `extra` goes to `click.Group`.
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: t.Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: t.Any,
    ) -> None:
        params = [*(extra.pop("params", None) or ()), env_file_option, app_option, debug_option]
        if add_version_option:
            params.append(version_option)
        settings = {"auto_envvar_prefix": "FLASK", **(extra.pop("context_settings", None) or {})}
        self._lacks_default_commands = False
        super().__init__(params=params, context_settings=settings, **extra)
        self._lacks_default_commands = add_default_commands

        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._loaded_plugin_commands = False

    # PERF: our own commands come at the first look at the commands, which `flask --version` never takes.
    @property
    def commands(self) -> t.MutableMapping[str, click.Command]:
        """The group's own commands, by name."""
        if self._lacks_default_commands:
            from .check import check_command
            from .moving import migrate_check_command
            from .routes import routes_command
            from .run import run_command
            from .serve import serve_command
            from .shell import shell_command

            self._lacks_default_commands = False
            commands = (run_command, serve_command, shell_command, routes_command, check_command, migrate_check_command)
            for command in commands:
                self.add_command(command)
        return self._commands

    @commands.setter
    def commands(self, value: t.MutableMapping[str, click.Command]) -> None:
        self._commands = value

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by its name: our own or a plug-in's, which work without an app, then one of the app's.

        `check`, `migrate-check` and `serve` are names that Flask has not taken, and an app may: its own go first.
        """
        # Plug-ins are somebody's code too: those that are not asked for are not imported.
        if name not in self.commands or any(name == plugin.name for plugin in self._plugins):
            self._load_plugin_commands(ctx)
        command = super().get_command(ctx, name)
        if command is not None:
            return command.instead_of_app(ctx, name) if isinstance(command, YieldingCommand) else command
        try:
            return command_of_app(ctx, name)
        except NoAppException as error:
            _show_failure(error.format_message(), ctx=ctx)
            return None
        except Exception:
            if ctx.resilient_parsing:
                return None
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As `click.Group.resolve_command`; an unknown name is answered with those close to it, also of the app."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            # An error of its own since click 8.4.
            if type(error).__name__ != "NoSuchCommand" or ctx.ensure_object(ScriptInfo)._loaded_app is None:
                raise
            kind = t.cast("t.Any", type(error))
            raise kind(args[0], possibilities=self.list_commands(ctx), ctx=ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted; if the app cannot be loaded, those that work without it, and on stderr the reason."""
        self._load_plugin_commands(ctx)
        names = set(super().list_commands(ctx))
        try:
            names.update(load_app(ctx).cli.list_commands(ctx))
        except NoAppException as error:
            _show_failure(error.format_message(), ctx=ctx)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the app, the help is shown
            _show_failure(None, error, ctx)
        return sorted(names)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: t.Any
    ) -> click.Context:
        """As `click.Command.make_context`, with a `ScriptInfo` as its object."""
        # An app that calls app.run() when imported would never return; it looks for this.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in self.context_settings:
            extra.setdefault("obj", ScriptInfo(None, self.create_app, self.set_debug_flag, self.load_dotenv))
        with _variables_named():
            return super().make_context(info_name, args, parent=parent, **extra)

    def invoke(self, ctx: click.Context) -> t.Any:
        """As `click.Group.invoke`; a bad value of a command's option that is a variable's is told with its name."""
        with _variables_named():
            return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As `click.Group.parse_args`; where help will be shown, what names the app is settled first."""
        if (not args and self.no_args_is_help) or (len(args) == 1 and args[0] in self.get_help_option_names(ctx)):
            for option in (env_file_option, app_option):
                option.handle_parse_result(ctx, {}, [])
        try:
            return super().parse_args(ctx, args)
        except BaseException:
            # To list commands is to enter the app's context; after help was shown nobody else would leave it.
            ctx.close()
            raise

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As `click.Group.shell_complete`, without leaving the app's context open."""
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            ctx.close()

    @cached_property
    def _plugins(self) -> EntryPoints:
        from importlib import metadata

        return metadata.entry_points(group="flask.commands")

    def _load_plugin_commands(self, ctx: click.Context) -> None:
        """Add what installed packages offer under the entry point group `flask.commands`, once."""
        if self._loaded_plugin_commands:
            return
        self._loaded_plugin_commands = True
        for entry_point in self._plugins:
            try:
                command = entry_point.load()
            except Exception as error:  # noqa: BLE001 - a plug-in in disrepair must not take `flask run` with it
                _show_failure(
                    f"The plug-in command {entry_point.name!r} ({entry_point.value}) could not be loaded.", error, ctx
                )
            else:
                self.add_command(command, entry_point.name)


@contextmanager
def _variables_named() -> Iterator[None]:
    """Let a bad value that nobody typed be told together with its variable."""
    try:
        yield
    except click.BadParameter as error:
        from .origins import told_with_variable

        raise told_with_variable(error) from error.__cause__


def _show_failure(message: str | None, error: BaseException | None = None, ctx: click.Context | None = None) -> None:
    """Say on stderr what went wrong, with the traceback from the first line that is not the command's own."""
    if ctx is not None and ctx.resilient_parsing:
        return  # a shell completes; it would be written into the line that somebody types
    parts = [f"Error: {message}"] if message else []
    if error is not None:
        from .tracebacks import users_traceback

        parts.append(users_traceback(error))
    click.secho("\n".join(parts) + "\n", err=True, fg="red")
