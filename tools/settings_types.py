"""Write the lower part of src/flask/_settings.pyi: what type checkers know of `app.config`, from the table above it.

There each setting has its type once. The methods of a dict have it from here as overloads by key, for a type checker
has no other way to it; a setting that somebody adds without writing them again fails the test that compares.

    python tools/settings_types.py            write it
"""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

from flask import Config

STUB = Path(__file__).resolve().parent.parent / "src" / "flask" / "_settings.pyi"
MARK = "# Written from the table above by tools/settings_types.py.\n"
CLASS = '''
class TypedSettings(dict[str, t.Any]):
    """A dict in which the built-in settings have their types, and all others any."""
'''
# What holds for every other key is what a dict says of its values, where these are Any. With a str for that key, mypy
# would take the keys of `{**config}` for those of the first overload.
OTHERS = {
    "__getitem__": ["key: t.Any, /) -> t.Any"],
    "get": ["key: str, default: None = None, /) -> t.Any | None", "key: str, default: t.Any, /) -> t.Any"],
}


def table(stub: str) -> dict[str, str]:
    """Each setting and its type, as the table has them."""
    settings = next(node for node in ast.parse(stub).body if isinstance(node, ast.ClassDef))
    return {
        row.target.id: ast.unparse(row.annotation)
        for row in settings.body
        if isinstance(row, ast.AnnAssign) and isinstance(row.target, ast.Name)
    }


def written(stub: str) -> str:
    """The file as it is to be, but for its format."""
    settings = table(stub)
    by_type: dict[str, list[str]] = {}
    for key, kind in settings.items():
        by_type.setdefault(kind, []).append(key)
    lines = [stub.partition(MARK)[0] + MARK]
    lines += [
        f"{_alias(kind)}: t.TypeAlias = t.Literal[{', '.join(map(repr, keys))}]" for kind, keys in by_type.items()
    ]
    lines.append(CLASS)
    lines += [_overload("__getitem__", f"key: {_alias(kind)}, /) -> {kind}") for kind in by_type]
    lines += [_overload("__getitem__", rest) for rest in OTHERS["__getitem__"]]
    gets = []
    for kind in by_type:
        key = f"key: {_alias(kind)}"
        some, none = kind.removesuffix(" | None"), " | None" if kind.endswith(" | None") else ""
        gets.append(_overload("get", f"{key}, default: None = None, /) -> {some} | None"))
        gets.append(_overload("get", f"{key}, default: {kind}, /) -> {kind}"))
        gets.append(_overload("get", f"{key}, default: D, /) -> {some} | D{none}"))
    gets += [_overload("get", rest) for rest in OTHERS["get"]]
    gets[0] = gets[0].replace(
        "\n", "  # type: ignore[override]  # mypy wants the overloads of a dict in their order\n", 1
    )
    lines += gets
    named = "".join(f"{key}: {kind} = ..., " for key, kind in settings.items())
    other = "SupportsKeysAndGetItem[str, t.Any] | t.Iterable[tuple[str, t.Any]]"
    lines.append(f"    def update(self, other: {other} = ..., /, *, {named}**kwargs: t.Any) -> None: ...")
    mapping = "mapping: t.Mapping[str, t.Any] | None = None"
    lines.append(f"    def from_mapping(self, {mapping}, *, {named}**kwargs: t.Any) -> bool:")
    lines.append(f'        """{inspect.getdoc(Config.from_mapping)}"""')
    return "\n".join(lines) + "\n"


def _alias(kind: str) -> str:
    """What the keys of a type are called: "_BoolOrNone"."""
    words = re.findall(r"\w+", kind.replace("t.", "").replace("| None", "or None"))
    return "_" + "".join(word[0].upper() + word[1:] for word in words)


def _overload(method: str, rest: str) -> str:
    return f"    @t.overload\n    def {method}(self, {rest}: ..."


if __name__ == "__main__":
    STUB.write_text(written(STUB.read_text(encoding="utf-8")), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(STUB)], check=True)
