"""The blueprint that users import: registration as in `flask.sansio`, with files of its own and commands.

It serves nothing but its own static files, and finds the app that it serves them for in the context.
"""

from __future__ import annotations

import os
import typing as t
from datetime import timedelta

from ._contracts import stock
from .globals import current_app
from .helpers import _send_from_directory, _send_static, send_from_directory
from .sansio.blueprints import Blueprint as SansioBlueprint
from .sansio.blueprints import BlueprintSetupState as BlueprintSetupState

if t.TYPE_CHECKING:
    from .wrappers import Response

_READING = {"r", "rt", "rb"}


class Blueprint(SansioBlueprint):
    """A part of an application, registered on it with `Flask.register_blueprint`; see `flask.sansio.blueprints`.

    With a `static_folder` it serves its own static files, under `static_url_path` within its `url_prefix`.
    """

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """How many seconds a browser may keep a file, by `SEND_FILE_MAX_AGE_DEFAULT`; None: it asks each time."""
        age = current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        return int(age.total_seconds()) if isinstance(age, timedelta) else age

    def send_static_file(self, filename: str) -> Response:
        """Serve a file of the static folder: the view behind the blueprint's endpoint `static`."""
        if self.static_folder is None:
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        # Asked for here, since `send_from_directory` would ask the app.
        max_age = self.get_send_file_max_age(filename)
        if send_from_directory is _send_from_directory:
            return _send_static(self, self.static_folder, filename, max_age)  # PERF: as for the app
        return send_from_directory(self.static_folder, filename, max_age=max_age)

    @t.overload
    def open_resource(self, resource: str, mode: t.Literal["rb"] = "rb", encoding: str | None = ...) -> t.IO[bytes]: ...

    @t.overload
    def open_resource(self, resource: str, mode: t.Literal["r", "rt"], encoding: str | None = ...) -> t.IO[str]: ...

    @t.overload
    def open_resource(self, resource: str, mode: str, encoding: str | None = ...) -> t.IO[t.Any]: ...

    def open_resource(self, resource: str, mode: str = "rb", encoding: str | None = "utf-8") -> t.IO[t.Any]:
        """Open a file for reading, its path relative to `root_path`; the encoding matters in text mode only.

        Raises ValueError for any mode but "r", "rt", "rb".
        """
        if mode not in _READING:
            raise ValueError("Resources can only be opened for reading.")
        path = os.path.join(self.root_path, resource)
        return open(path, mode, encoding=None if mode == "rb" else encoding)


stock.blueprint_static = Blueprint.send_static_file
stock.blueprint_max_age = Blueprint.get_send_file_max_age
