"""The settings of an app: a dict that is filled from files, objects and the environment. It never judges a value."""

from __future__ import annotations

import errno
import json
import os
import types
import typing as t

from werkzeug.utils import import_string

if t.TYPE_CHECKING:  # of what the built-in settings are is known to type checkers alone
    from ._settings import TypedSettings as _Dict  # pyright: ignore[reportMissingModuleSource]
else:
    _Dict = dict

T = t.TypeVar("T")

# What "there is no such file" looks like to the two loaders; to `from_file` a file for a parent folder is an error.
_NO_SUCH_TEXT = frozenset((errno.ENOENT, errno.EISDIR))
_NO_SUCH_MODULE = _NO_SUCH_TEXT | {errno.ENOTDIR}


class _Configured(t.Protocol):
    @property
    def config(self) -> Config: ...


class ConfigAttribute(t.Generic[T]):
    """An attribute of the app that reads and writes one key of `app.config`.

    Read on the class it is the descriptor itself. `get_converter`, where given, is applied to each value read, never to
    what is written. A key that is not set raises `KeyError`.
    """

    def __init__(self, name: str, get_converter: t.Callable[[t.Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @t.overload
    def __get__(self, obj: None, owner: type[t.Any] | None = None) -> t.Self: ...

    @t.overload
    def __get__(self, obj: _Configured, owner: type[t.Any] | None = None) -> T: ...

    def __get__(self, obj: _Configured | None, owner: type[t.Any] | None = None) -> T | t.Self:
        if obj is None:
            return self
        value: T = obj.config[self.__name__]
        return value if self.get_converter is None else self.get_converter(value)

    def __set__(self, obj: _Configured, value: t.Any) -> None:
        obj.config[self.__name__] = value


class Config(_Dict):
    """A dict of settings, filled from where settings come from; only names in capitals count as settings.

    Relative file names are taken from `root_path`. See "Configuration Handling" in Flask's documentation.
    """

    def __init__(self, root_path: str | os.PathLike[str], defaults: dict[str, t.Any] | None = None) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file that an environment variable names, as `from_pyfile` does.

        :param silent: give back ``False`` where the variable is not set, or names no file.
        :raises RuntimeError: where the variable is not set, or empty.
        """
        if file_name := os.environ.get(variable_name):
            return self.from_pyfile(file_name, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set and as such configuration could not be loaded."
            " Set this variable and make it point to a configuration file"
        )

    def from_prefixed_env(self, prefix: str = "FLASK", *, loads: t.Callable[[str], t.Any] = json.loads) -> bool:
        """Set a key for each environment variable that starts with the prefix and an underscore, which are dropped.

        :param loads: tried on each value; where it raises an `Exception`, the value stays the string that it is.

        Variables are taken in the order of their names. A double underscore goes into a nested dict, which is made
        where it is missing: ``FLASK_MYAPI__credentials__user`` sets ``config["MYAPI"]["credentials"]["user"]``.
        """
        start = f"{prefix}_"
        for variable in sorted(os.environ):
            if variable.startswith(start):
                self._set_nested(variable.removeprefix(start).split("__"), _parsed(os.environ[variable], loads))
        return True

    def _set_nested(self, keys: list[str], value: t.Any) -> None:
        target: dict[str, t.Any] = self
        for key in keys[:-1]:
            if key not in target:
                target[key] = {}
            target = target[key]
        target[keys[-1]] = value

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file as a module named ``config`` and take the settings that it defines.

        :param silent: give back ``False`` where there is no such file.
        """
        path = os.path.join(self.root_path, filename)
        module = types.ModuleType("config")
        module.__file__ = path
        try:
            with open(path, "rb") as file:
                # Annotations in the file stay strings, since compile() inherits this module's future: as in Flask.
                exec(compile(file.read(), path, "exec"), module.__dict__)
        except OSError as error:  # also one that the file's own code raises
            if silent and error.errno in _NO_SUCH_MODULE:
                return False
            _blame_settings(error)
            raise
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Take the attributes in capitals of an object, or of what an import path such as ``"package.settings"`` names.

        A class is not instantiated: its properties are taken as they are.
        """
        if isinstance(obj, str):
            obj = import_string(obj)
        for name in dir(obj):
            if name.isupper():
                self[name] = getattr(obj, name)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: t.Callable[[t.IO[t.Any]], t.Mapping[str, t.Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Take what a loader such as ``json.load`` or ``tomllib.load`` makes of an open file, as `from_mapping` does.

        :param silent: give back ``False`` where there is no such file.
        :param text: open the file for text; ``tomllib`` wants bytes.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "r" if text else "rb") as file:
                settings = load(file)
        except OSError as error:
            if silent and error.errno in _NO_SUCH_TEXT:
                return False
            _blame_settings(error)
            raise
        return self.from_mapping(settings)

    if not t.TYPE_CHECKING:  # its arguments are typed by their names there

        def from_mapping(self, mapping: t.Mapping[str, t.Any] | None = None, **kwargs: t.Any) -> bool:
            """Take the items whose keys are in capitals from a mapping and from keyword arguments; the latter win."""
            settings: dict[str, t.Any] = {}
            if mapping is not None:
                settings.update(mapping)
            settings.update(kwargs)
            for key, value in settings.items():
                if key.isupper():
                    self[key] = value
            return True

    def get_namespace(self, namespace: str, lowercase: bool = True, trim_namespace: bool = True) -> dict[str, t.Any]:
        """The settings whose names start with a prefix, as keyword arguments for something else.

        ``config.get_namespace("MAIL_")`` makes ``{"host": …}`` of ``MAIL_HOST``.
        """
        found = {}
        for key, value in self.items():
            if key.startswith(namespace):
                name = key[len(namespace) :] if trim_namespace else key
                found[name.lower() if lowercase else name] = value
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"


def _parsed(text: str, loads: t.Callable[[str], t.Any]) -> t.Any:
    try:
        return loads(text)
    except Exception:  # noqa: BLE001 - which errors a loader of the user's raises cannot be known
        return text


def _blame_settings(error: OSError) -> None:
    error.strerror = f"Unable to load configuration file ({error.strerror})"
