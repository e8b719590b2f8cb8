"""Pictures on disk. A file's kind is read from its first bytes; what the visitor called it only helps to name it."""

import shutil
from pathlib import Path
from typing import IO
from uuid import UUID

from werkzeug.utils import secure_filename

from flask import current_app

LONGEST_NAME = 60


def suffix_of(file: IO[bytes]) -> str | None:
    """``.png``, ``.jpg``, ``.gif`` or ``.webp`` as the first bytes say; None for anything else. Rewinds the file."""
    start = file.read(16)
    file.seek(0)
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if start.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return ".webp"
    return None


def folder_of(card_id: UUID) -> Path:
    """Where one card's picture lies: each has a folder of its own, so that names cannot clash."""
    return Path(current_app.instance_path, "pictures", str(card_id))


def keep(file: IO[bytes], card_id: UUID, called: str, suffix: str) -> str:
    """Store the picture of a card and return the name that it got."""
    stem = Path(secure_filename(called)).stem[:LONGEST_NAME] or "picture"
    folder = folder_of(card_id)
    folder.mkdir(parents=True)
    with (folder / (stem + suffix)).open("xb") as kept:
        shutil.copyfileobj(file, kept)
    return stem + suffix


def throw_away(card_id: UUID) -> None:
    """Remove the picture of a card that is no more."""
    shutil.rmtree(folder_of(card_id), ignore_errors=True)
