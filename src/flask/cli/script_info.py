"""What one run of the command knows of the app: where to find it, and the app itself once it was loaded.

The app is loaded when first asked for, and never twice.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator
from contextlib import contextmanager
from functools import update_wrapper

import click

from ..globals import current_app
from ..helpers import get_debug_flag, get_load_dotenv
from .discovery import parse_name_or_call
from .failures import NoAppException
from .location import locate_app, may_exist, prepare_import, require_module

if t.TYPE_CHECKING:
    from ..app import Flask

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

# Tried in this order where nothing is named.
DEFAULT_PATHS = ("wsgi.py", "app.py")
# The colon of a Windows drive letter is followed by a slash, that before the app's name is not.
BEFORE_APP_NAME = re.compile(r":(?![\\/])")


class ScriptInfo:
    """The object behind `click.Context.obj`: finds and keeps the application that commands work on.

    `create_app`, called without arguments, goes before `app_import_path`, which goes before the usual files. `data` is
    there for anything that commands want to hand on. `set_debug_flag=False` leaves `app.debug` as the app set it;
    `load_dotenv_defaults` is false in any case where `FLASK_SKIP_DOTENV` is set.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: t.Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults: bool = get_load_dotenv(load_dotenv_defaults)
        self.data: dict[t.Any, t.Any] = {}
        self._loaded_app: Flask | None = None

    def load_app(self) -> Flask:
        """The application, loaded on the first call; `NoAppException` if there is none."""
        if self._loaded_app is None:
            app = self._find_app()
            if self.set_debug_flag:
                # Through the property, so that what hangs on it (template reloading) changes with it.
                app.debug = get_debug_flag()
            self._loaded_app = app
        return self._loaded_app

    def _find_app(self) -> Flask:
        if self.create_app is not None:
            app: Flask | None = self.create_app()
            if app is None:
                raise NoAppException(f"Could not locate a Flask application: {self.create_app!r} returned None.")
            return app
        if self.app_import_path:
            with _told_who_named_it():
                module_path, name = _parts(self.app_import_path)
                return locate_app(prepare_import(module_path), name)
        for path in DEFAULT_PATHS:
            app = locate_app(prepare_import(path), None, raise_if_not_found=False)
            if app is not None:
                return app
        raise _nothing_given()

    def look_for_app(self) -> None:
        """Raise what `load_app` would where that is certain without running any code of the app's."""
        if self._loaded_app is not None or self.create_app is not None:
            return
        if self.app_import_path:
            with _told_who_named_it():
                module_path, name = _parts(self.app_import_path)
                require_module(prepare_import(module_path))
                if name is not None:
                    parse_name_or_call(name)
        elif not any(may_exist(prepare_import(path)) for path in DEFAULT_PATHS):
            raise _nothing_given()


def _parts(app_import_path: str) -> tuple[str, str | None]:
    """The module or its path, and what to take from it."""
    module_path, *name = BEFORE_APP_NAME.split(app_import_path, maxsplit=1)
    return module_path, name[0] if name else None


@contextmanager
def _told_who_named_it() -> Iterator[None]:
    try:
        yield
    except NoAppException as error:
        from .explanations import who_named_it

        if named := who_named_it():
            raise NoAppException(f"{error.message}\n{named}") from error.__cause__
        raise


def _nothing_given() -> NoAppException:
    from .explanations import nothing_given

    return NoAppException(nothing_given())


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)


def with_appcontext(f: F) -> F:
    """Run a command's function within the context of the application.

    The context is the one that is active already, or else that of the app which the command loads; it ends with the
    command's click context. What a callback of an option or a group sees is up to that callback's own decorators.
    """

    @click.pass_context
    def within_context(ctx: click.Context, /, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if not current_app:
            app = ctx.ensure_object(ScriptInfo).load_app()
            ctx.with_resource(app.app_context())
        return ctx.invoke(f, *args, **kwargs)

    return t.cast("F", update_wrapper(within_context, f))
