"""Two ways to one answer, held against each other: what each gives, or the kind of error that it raises."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException


def outcome(function: t.Callable[..., t.Any], *arguments: t.Any) -> t.Any:
    """What a call returns; the status, or the kind of error, in place of what it raises."""
    try:
        return function(*arguments)
    except HTTPException as error:
        return f"status {error.code}"
    except ValueError:  # of whatever kind: whoever reads input catches them all
        return "raises ValueError"
    except Exception as error:  # noqa: BLE001 - which one it is, is compared
        return f"raises {type(error).__name__}"


def failed(found: t.Any) -> bool:
    """Whether that is an error that nobody may see, and no answer."""
    return isinstance(found, str) and found.startswith("raises ")


def listed(table: t.Any) -> list[tuple[t.Any, list[t.Any]]]:
    """All that a MultiDict holds, in its order."""
    return [(name, list(values)) for name, values in table.lists()]
