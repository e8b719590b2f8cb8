"""Reads the application's own sources, Python and templates, and says what in them puts it at risk.

Nothing is run. A file that cannot be read is said to be so, and the others are read all the same.
"""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterable
from pathlib import Path

from .findings import Finding, Where, shown
from .syntax.declarations import find_keys, find_run_on_import, find_shadowed_decorators, keys_in_force, modules_by_file
from .syntax.flow import Flow
from .syntax.harms import Rendering
from .syntax.kinds import UNREAD
from .syntax.python_file import PythonFile, UnreadError, read_python
from .syntax.silencing import Comment, in_python, in_template
from .syntax.spots import Spot
from .syntax.template_files import Templates
from .syntax.template_flow import TemplateFlow
from .syntax.template_names import find_unescaped, names_a_page
from .syntax.view_arguments import answering_functions

# Without one of these a file that answers no request has nothing to do with any.
_OF_REQUESTS = ("request", "render_template")


def find(app: t.Any, paths: Iterable[str | os.PathLike[str]], root: Path | str | None = None) -> list[Finding]:
    """What is found in Python files and in the app's templates; paths are shown from `root`, the working directory."""
    reading = _Reading(app, Path(os.path.realpath(root or os.getcwd())))
    renderings: list[Rendering] = []
    for path in dict.fromkeys(os.path.realpath(path) for path in paths):
        if not _is_test(path, app.root_path):
            renderings += reading.python(path)
    reading.templates(renderings)
    return reading.findings()


class _Reading:
    """One reading of all sources of an app."""

    def __init__(self, app: t.Any, root: Path) -> None:
        self.app = app
        self.root = root
        self.spots: dict[tuple[str, str, int], Spot] = {}
        self.comments: list[Comment] = []
        self._functions = answering_functions(app)
        self._answering_files = {path for path, _ in self._functions}
        self._modules = modules_by_file()
        self._keys = keys_in_force(app)
        mimetype = getattr(app.response_class, "default_mimetype", None)
        self._answers_html = mimetype == "text/html"

    def report(self, spot: Spot) -> None:
        self.spots.setdefault(spot.place, spot)

    def show(self, path: str) -> str:
        return shown(path, self.root)

    def unread(self, path: str, error: UnreadError) -> None:
        self.report(Spot(UNREAD, path, error.line, error.line, f"This was not checked: {error.args[0]}."))

    def python(self, path: str) -> list[Rendering]:
        """Read a Python file; the templates that it renders."""
        try:
            file = read_python(path)
            self.comments += in_python(path, file.text)
            renderings = self._flow(file)
            module = self._modules.get(path)
            if file.path in self._answering_files:
                find_shadowed_decorators(file, module, self.app, self._functions, self.report)
            find_run_on_import(file, module, self.report)
            find_keys(file, self._keys, self.report)
        except UnreadError as error:
            self.unread(path, error)
            return []
        except RecursionError:
            self.unread(path, UnreadError("its expressions are nested too deeply"))
            return []
        return renderings

    def _flow(self, file: PythonFile) -> list[Rendering]:
        """Follow request data through a file, if any can be in it."""
        if not any(word in file.text for word in _OF_REQUESTS) and file.path not in self._answering_files:
            return []
        flow = Flow(file, self._functions, self._answers_html, self.report)
        flow.run()
        return flow.renderings

    def templates(self, renderings: list[Rendering]) -> None:
        """Read the app's own templates, first each by itself, then with what views hand over."""
        templates = Templates(self.app.jinja_env, self.unread)
        flow = TemplateFlow(templates, self.show, self.report)
        rendered = {name for rendering in renderings for name in rendering.names}
        for name in sorted({*templates.names(), *rendered}):
            wanted = name in rendered or names_a_page(name) is True
            template = templates.get(name, wanted)
            if template is None or not template.is_own:
                continue
            try:
                self.comments += in_template(template.path, template.source, self.app.jinja_env)
                find_unescaped(templates, template, self.report)
                flow.read(template)
            except RecursionError:
                self.unread(template.path, UnreadError("its expressions are nested too deeply"))
        for rendering in renderings:
            try:
                flow.render(rendering)
            except RecursionError:
                self.unread(rendering.file, UnreadError("a template is nested too deeply", rendering.line))

    def findings(self) -> list[Finding]:
        """What was reported and is not silenced, and the comments that silence nothing."""
        by_file: dict[str, list[Comment]] = {}
        for comment in self.comments:
            by_file.setdefault(comment.file, []).append(comment)
        # Each comment is asked, so that all that mean a finding count as used.
        told = [
            spot
            for spot in self.spots.values()
            if not any([comment.silences(spot) for comment in by_file.get(spot.file, ())])  # noqa: C419
        ]
        for comment in self.comments:
            comment.tell(told.append)
        return [spot.kind.found(spot.message, Where(self.show(spot.file), spot.line)) for spot in told]


def _is_test(path: str, root: str) -> bool:
    """Whether a file belongs to tests, which no client ever reaches."""
    inside = os.path.relpath(path, os.path.realpath(root)) if _same_drive(path, root) else path
    *folders, name = Path(inside).parts
    return name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py" or "tests" in folders


def _same_drive(one: str, other: str) -> bool:
    return os.path.splitdrive(one)[0] == os.path.splitdrive(os.path.realpath(other))[0]
