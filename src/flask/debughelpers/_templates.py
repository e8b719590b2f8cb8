"""Where a template that is missing was looked for, and which templates have a name close to it.

It lists folders and asks loaders for names; no template is loaded here. What it lists is bounded.
"""

from __future__ import annotations

import difflib
import os
import typing as t

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader, TemplatesNotFound

from ._words import listed, quoted, shortened

if t.TYPE_CHECKING:
    from jinja2 import TemplateNotFound

NAMES_AT_MOST = 5_000
PLACES_AT_MOST = 20
_PATH_AT_MOST = 400

# Whose loader it is, in words; the folder that belongs to the owner's code; the loader.
Place: t.TypeAlias = tuple[str, str | None, BaseLoader | None]


def lines(error: TemplateNotFound, places: list[Place]) -> t.Iterator[str]:
    """What to tell of a template that no loader has; `places` stand in the order of the search."""
    wanted = _names_of(error)
    if not wanted:
        return
    yield f"No template is called {listed(wanted, 'or')}. It was looked for, in this order, in:"
    searched = [f"{shortened(owner, 160)}: {place}" for owner, _, loader in places for place in _described(loader)]
    for number, place in enumerate(searched[:PLACES_AT_MOST], 1):
        yield f"  {number}. {place}"
    if len(searched) > PLACES_AT_MOST:
        yield f"  and {len(searched) - PLACES_AT_MOST} more"
    elif not searched:
        yield "  nowhere: neither the application nor a blueprint has a folder of templates"
    yield from _hints(wanted, places)


def _names_of(error: TemplateNotFound) -> list[str]:
    names = error.templates if isinstance(error, TemplatesNotFound) else [error.name]
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))


def _described(loader: BaseLoader | None) -> t.Iterator[str]:
    """Where a loader looks, each place once."""
    if loader is None:
        return
    if isinstance(loader, FileSystemLoader):
        for folder in loader.searchpath:
            yield shortened(folder, _PATH_AT_MOST) + ("" if os.path.isdir(folder) else " (there is no such folder)")
    elif isinstance(loader, ChoiceLoader):
        for inner in loader.loaders:
            yield from _described(inner)
    elif isinstance(loader, PrefixLoader):
        for prefix, inner in loader.mapping.items():
            for place in _described(inner):
                yield f"{place}, for names that begin with {quoted(prefix + loader.delimiter)}"
    elif isinstance(loader, PackageLoader):
        yield f"the folder {quoted(loader.package_path)} of the package {quoted(loader.package_name)}"
    else:
        yield f"a {type(loader).__module__}.{type(loader).__qualname__}"


# --- what may have been meant ---------------------------------------------------------------------------------------


def _hints(wanted: list[str], places: list[Place]) -> t.Iterator[str]:
    there = sorted({name for _, _, loader in places for name in _templates_of(loader)})
    close = list(dict.fromkeys(found for name in wanted for found in _close(name, there)))
    if close:
        yield f"Templates with close names: {listed(close)}."
    elif there:
        yield f"No template has a close name; there are {listed(there)}."
    else:
        yield "No template was found in any of these places."
    for name in wanted:
        yield from _elsewhere(name, places)
        if ".." in name.split("/"):
            yield f"{quoted(name)}: the name of a template may not lead out of its folder."
        elif "\\" in name:
            yield f"{quoted(name)}: the parts of a template's name are separated by '/', on every system."


def _close(name: str, there: list[str]) -> list[str]:
    """The same file in another folder or with other capitals, then similar names, whatever their suffix."""
    name = name[:500]
    last = name.replace("\\", "/").rpartition("/")[2].lower()
    same = [each for each in there if each.rpartition("/")[2].lower() == last]
    by_stem: dict[str, list[str]] = {}
    for each in there:
        by_stem.setdefault(os.path.splitext(each)[0], []).append(each)
    similar = difflib.get_close_matches(os.path.splitext(name)[0], by_stem, n=3)
    return [*same[:3], *(each for stem in similar for each in by_stem[stem][:3])]


def _elsewhere(name: str, places: list[Place]) -> t.Iterator[str]:
    """A file of that name that lies beside the code, or in a folder whose name is nearly the one that is searched."""
    if os.path.isabs(name) or ".." in name or "\0" in name:
        return
    for _, root, loader in places:
        if root is None or not isinstance(loader, FileSystemLoader):
            continue
        searched = {os.path.normcase(os.path.realpath(folder)) for folder in loader.searchpath}
        expected = [os.path.basename(os.path.normpath(folder)) for folder in loader.searchpath]
        expected += ["templates", "template"]
        beside = [entry for entry in _folders_in(root) if difflib.get_close_matches(entry.lower(), expected, n=1)]
        for folder in (root, *(os.path.join(root, entry) for entry in beside)):
            path = os.path.join(folder, name)
            if os.path.normcase(os.path.realpath(folder)) not in searched and os.path.isfile(path):
                yield f"There is a file {quoted(path)}, but it is not in a folder that is searched."
                return


def _folders_in(root: str) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir())
    except OSError:
        return []


def _templates_of(loader: BaseLoader | None) -> t.Iterable[str]:
    """The names that a loader has, no more than a bounded number."""
    if loader is None:
        return []
    if isinstance(loader, FileSystemLoader) and type(loader).list_templates is FileSystemLoader.list_templates:
        return _files_below(loader)
    if isinstance(loader, ChoiceLoader):
        return [name for inner in loader.loaders for name in _templates_of(inner)]
    try:
        return loader.list_templates()[:NAMES_AT_MOST]
    except Exception:  # noqa: BLE001 - many loaders cannot tell, and one of the application's may fail as it likes
        return []


def _files_below(loader: FileSystemLoader) -> list[str]:
    """PERF: Jinja's own walks folders of any size to their end."""
    names: list[str] = []
    for folder in loader.searchpath:
        for below, _, files in os.walk(folder, followlinks=loader.followlinks):
            inside = os.path.relpath(below, folder).replace(os.sep, "/")
            names += files if inside == "." else [f"{inside}/{file}" for file in files]
            if len(names) > NAMES_AT_MOST:
                return names[:NAMES_AT_MOST]
    return names
