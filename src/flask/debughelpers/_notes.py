"""Notes on an exception that are written when somebody reads them: most that could be explained are caught unread.

What writes them must not fail. To everybody they are the plain list of text that PEP 678 asks for.
"""

from __future__ import annotations

import typing as t


class WrittenWhenRead(list[str]):
    """A list of notes whose first one is only made out at the first look; empty text makes none."""

    def __init__(self, write: t.Callable[[], str]) -> None:
        super().__init__()
        self._write: t.Callable[[], str] | None = write

    def _written(self) -> list[str]:
        write, self._write = self._write, None
        if write is not None and (text := write()):
            self.insert(0, text)
        return list.copy(self)

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._written())

    def __len__(self) -> int:
        return len(self._written())

    def __getitem__(self, at: t.Any) -> t.Any:
        return self._written()[at]

    def __contains__(self, note: object) -> bool:
        return note in self._written()

    def __eq__(self, other: object) -> bool:
        return self._written() == other

    def __repr__(self) -> str:
        return repr(self._written())

    def __reduce__(self) -> tuple[t.Any, ...]:
        return list, (self._written(),)
