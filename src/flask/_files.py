"""A file of the file system as a response: what `werkzeug.utils.send_file` makes of a path, in fewer steps.

Nothing may differ from it: no header, nor their order, nor that the file is opened, nor who closes it. What is not
plainly understood is declined, by None, before anything was opened: ranges, preconditions, odd arguments, responses
that are made in a way of their own.
"""

from __future__ import annotations

import math
import mimetypes
import os
import re
import stat
import time
import typing as t
from functools import cache, lru_cache
from io import FileIO
from mimetypes import MimeTypes
from zlib import adler32

from werkzeug import utils
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound
from werkzeug.http import HTTP_STATUS_CODES, http_date, is_resource_modified
from werkzeug.security import safe_join
from werkzeug.utils import send_file as _werkzeug_send_file
from werkzeug.utils import send_from_directory as _werkzeug_send_from_directory
from werkzeug.wrappers import Response as _PlainResponse
from werkzeug.wsgi import FileWrapper, wrap_file

from ._dates import with_possible_dates
from ._sendable import check_headers
from ._unicode import encoded

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Sending(t.Protocol):
    """The part of an app that files are sent with."""

    response_class: t.Any
    config: t.Any
    root_path: str

    def get_send_file_max_age(self, filename: str | None) -> int | None: ...


class _Responses:
    """What is known above of responses: whether those of a class, made step by step, are what `_become` makes."""

    are_plainly_made: t.Callable[[t.Any], bool]


responses = _Responses()

_Pairs = tuple[tuple[str, str], ...]
_OPTIONS = frozenset({"mimetype", "as_attachment", "download_name", "conditional", "etag", "last_modified", "max_age"})
_POSIX = os.name == "posix"
_OK = f"200 {HTTP_STATUS_CODES[200].upper()}"
_NOT_MODIFIED = f"304 {HTTP_STATUS_CODES[304].upper()}"
_UNBUFFERED = 65536  # bytes up to which a file is read without a buffer in between
BLOCK = 8192  # bytes that Werkzeug reads at once


def send_file(app: Sending, environ: WSGIEnvironment, path: t.Any, options: dict[str, t.Any]) -> t.Any:
    """A response with the file at a path, which counts from the app's root; None where that is Werkzeug's to do.

    `options` are arguments of `werkzeug.utils.send_file` by their names.
    """
    if (
        utils.send_file is not _werkzeug_send_file
        or not isinstance(path, (str, os.PathLike))
        or not _are_plain(**options)
    ):
        return None
    path = _joined(app.root_path, path)
    if type(path) is not str:
        return None
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return _response(app, environ, path, about, *_taken_from(**options)) if stat.S_ISREG(about.st_mode) else None


def send_from_directory(
    app: Sending, environ: WSGIEnvironment, directory: t.Any, path: t.Any, options: dict[str, t.Any]
) -> t.Any:
    """A response with a file from within a directory; None where that is Werkzeug's to do. Raises 404 as it does."""
    if not (_OPTIONS.issuperset(options) and _are_plain(**options)):
        return None
    return send_static(app, environ, directory, path, *_taken_from(**options))


def send_static(
    app: Sending,
    environ: WSGIEnvironment,
    directory: t.Any,
    path: t.Any,
    max_age: t.Any,
    age_is_said: bool = False,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
) -> t.Any:
    """The same, with options that ask for nothing out of the ordinary; `age_is_said`: None is what the app says."""
    if utils.send_from_directory is not _werkzeug_send_from_directory or utils.send_file is not _werkzeug_send_file:
        return None
    if type(path) is str and type(directory) is str and directory in _places and path in _places[directory]:
        full, is_new = _places[directory][path], False
    else:
        safe = within(directory, path)
        if safe is None:
            raise NotFound()
        root = app.root_path
        full = _joined(root, safe)
        if full is not safe and _joined(root, full) != full:
            return None  # a relative root: Werkzeug joins it twice
        is_new = _POSIX and safe.startswith("/")
    about = None
    try:
        about = os.stat(full)
    except (OSError, ValueError):
        pass
    if about is None or not stat.S_ISREG(about.st_mode):
        raise NotFound()
    if is_new:
        _keep_place(directory, path, full)
    return _response(app, environ, full, about, max_age, age_is_said, mimetype, as_attachment, download_name)


# Where files were found, by directory and path: only what `within` made of the two, and only if it was absolute.
_places: dict[str, dict[str, str]] = {}


def _keep_place(directory: t.Any, path: t.Any, full: str) -> None:
    if type(directory) is not str or type(path) is not str:
        return
    if len(_places) >= 64:
        _places.clear()
    places = _places.setdefault(directory, {})
    if len(places) >= 512:
        places.clear()
    places[path] = full


def within(directory: t.Any, path: t.Any) -> str | None:
    """Werkzeug's `safe_join` of a directory and a path that a user may have given: None where that leads out of it."""
    return safe_join(os.fspath(directory), os.fspath(path))  # APPSEC: only Werkzeug decides


def _joined(root: str, path: t.Any) -> t.Any:
    # PERF: what is absolute needs no os.path.join, which takes 0.5 µs to say so.
    return path if _POSIX and type(path) is str and path.startswith("/") else os.path.join(root, path)


def _are_plain(
    mimetype: t.Any = None,
    as_attachment: t.Any = False,
    download_name: t.Any = None,
    conditional: t.Any = True,
    etag: t.Any = True,
    last_modified: t.Any = None,
    max_age: t.Any = None,
) -> bool:
    """Whether these options, of which `max_age` is looked at later, ask for nothing out of the ordinary."""
    return (
        conditional is True
        and etag is True
        and last_modified is None
        and type(as_attachment) is bool
        and (download_name is None or type(download_name) is str)
        and (mimetype is None or type(mimetype) is str)
    )


def _taken_from(
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    max_age: t.Any = None,
    **always_the_same: t.Any,
) -> tuple[t.Any, bool, str | None, bool, str | None]:
    """Of plain options those that differ, as arguments of `_response`."""
    return max_age, False, mimetype, as_attachment, download_name


def _response(
    app: Sending,
    environ: WSGIEnvironment,
    path: str,
    about: os.stat_result,
    max_age: t.Any,
    age_is_said: bool,
    mimetype: str | None,
    as_attachment: bool,
    download_name: str | None,
) -> t.Any:
    """A response with a regular file, or None."""
    kind = app.response_class
    method = environ["REQUEST_METHOD"]
    if (
        (max_age is not None and type(max_age) is not int)
        or "HTTP_RANGE" in environ
        or "HTTP_IF_MATCH" in environ
        or (method != "GET" and method != "HEAD")
        or app.config["USE_X_SENDFILE"]
        or not responses.are_plainly_made(kind)
    ):
        return None
    key = path if download_name is None and not as_attachment else (path, download_name, as_attachment)
    if key in _states:
        state = _states[key]
        name, ending = state.name, state.ending
    else:
        state = None
        name, ending = _named(path if download_name is None else download_name, download_name is None)
        if not name.isascii():
            return None
    if max_age is None and not age_is_said:
        max_age = app.get_send_file_max_age(path)
        if not (max_age is None or type(max_age) is int):
            return _with_odd_age(app, environ, path, mimetype, as_attachment, download_name, max_age)

    encoding = None
    if mimetype is None:
        mimetype, encoding = _guessed(name, ending)
    modified, size = about.st_mtime, about.st_size
    if (
        state is None
        or state.modified != modified
        or state.size != size
        or (state.mimetype is not mimetype and state.mimetype != mimetype)
        or state.encoding is not encoding
        or (state.max_age is not max_age and state.max_age != max_age)
    ):
        if len(_states) >= 512:
            _states.clear()
        state = _states[key] = _State(path, name, ending, modified, size, mimetype, encoding, as_attachment, max_age)
    pairs = state.pairs.copy()
    pairs[state.date] = _now()
    if max_age is not None:
        pairs[state.date - 2] = "Expires", _date(int(time.time() + max_age))
    file: t.Any
    body: t.Any
    if "wsgi.file_wrapper" in environ:  # it may expect a buffer
        body = wrap_file(environ, open(path, "rb"))
    elif size > _UNBUFFERED:
        body = FileWrapper(open(path, "rb"), BLOCK)
    else:
        # PERF: a buffer costs three calls of the system and its memory (4 µs), and a small file needs none.
        file = FileIO(path)
        body = FileWrapper(file, BLOCK)
        if size < BLOCK:
            body.small = file, size, BLOCK
    response = _made(kind)
    if ("HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ) and _is_known(environ, state):
        response._become(body, 304, _NOT_MODIFIED, pairs, True)
    else:
        response._become(body, 200, _OK, pairs, True)
    return response


_made: t.Any = object.__new__


class _State:
    """A file in one state, and what is said of it then: its headers, with gaps for what depends on the moment."""

    # PERF: to write them anew takes 15 µs.

    def __init__(
        self,
        path: str,
        name: str,
        ending: str | None,
        modified: float,
        size: int,
        mimetype: str | None,
        encoding: str | None,
        as_attachment: bool,
        max_age: int | None,
    ) -> None:
        self.name = name
        self.ending = ending
        self.modified = modified
        self.size = size
        self.mimetype = mimetype
        self.encoding = encoding
        self.max_age = max_age
        self.tag = f'"{modified}-{size}-{adler32(encoded(path)) & 0xFFFFFFFF}"'
        self.last_modified = http_date(modified)

        headers = Headers()
        if encoding is not None and not as_attachment:
            headers.set("Content-Encoding", encoding)
        headers.set("Content-Disposition", "attachment" if as_attachment else "inline", filename=name)
        mimetype = "application/octet-stream" if mimetype is None else mimetype
        pairs = list(_PlainResponse(mimetype=mimetype, headers=headers).headers)
        pairs += ("Content-Length", str(size)), ("Last-Modified", self.last_modified)
        if max_age is None:
            pairs.append(("Cache-Control", "no-cache"))
        else:
            pairs.append(("Cache-Control", f"{'public' if max_age > 0 else 'no-cache'}, max-age={max_age}"))
            pairs.append(("Expires", ""))
        pairs.append(("ETag", self.tag))
        self.date = len(pairs)  # where it stands
        pairs.append(("Date", ""))
        pairs.extend(_ranges())
        check_headers(pairs)  # names and types are the application's, or a user's
        self.pairs = pairs


_states: dict[t.Any, _State] = {}


def _with_odd_age(
    app: Sending,
    environ: WSGIEnvironment,
    path: str,
    mimetype: str | None,
    as_attachment: bool,
    download_name: str | None,
    max_age: t.Any,
) -> t.Any:
    """Werkzeug's response, with what the app said already: it is not asked twice."""
    return _werkzeug_send_file(
        path,
        environ,
        mimetype,
        as_attachment,
        download_name,
        max_age=lambda _: max_age,
        response_class=app.response_class,
        _root_path=app.root_path,
    )


def _is_known(environ: WSGIEnvironment, state: _State) -> bool:
    """Whether the client has this very state of the file (RFC 9110, 13.1.2 and 13.1.3)."""
    tags = environ.get("HTTP_IF_NONE_MATCH")
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    # PERF: a browser sends back what it was given; to parse the two takes 15 µs.
    if tags == state.tag or (not tags and since == state.last_modified):
        return True
    try:
        return not is_resource_modified(environ, state.tag, last_modified=state.last_modified)
    except OverflowError:
        return not is_resource_modified(with_possible_dates(environ), state.tag, last_modified=state.last_modified)


def _guessed(name: str, ending: str | None) -> tuple[str | None, str | None]:
    """Type and encoding of a file by its name: `mimetypes.guess_type`, whose tables may change at any moment."""
    # PERF: for a plain name with a plain ending it looks into these three, after a dozen calls (3 µs).
    if ending is None or mimetypes.guess_type is not _guess_type or MimeTypes.guess_type is not _guess_type_of_tables:
        return mimetypes.guess_type(name)
    try:
        tables = _standard._db
    except AttributeError:
        tables = None
    if type(tables) is not MimeTypes or ending in tables.suffix_map or ending in tables.encodings_map:
        return mimetypes.guess_type(name)
    return tables.types_map[1].get(ending), None


_standard: t.Any = mimetypes  # its tables have no public name that stays with them
_guess_type = mimetypes.guess_type
_guess_type_of_tables = MimeTypes.guess_type


# PERF: what follows from names and moments alone. To write a date takes 4 µs.


@cache
def _ranges() -> _Pairs:
    """What Werkzeug says about ranges to a client that asks for none: since 3.1.7 that it may."""
    response = _PlainResponse().make_conditional({"REQUEST_METHOD": "GET"}, accept_ranges=True, complete_length=1)
    return tuple(pair for pair in response.headers if pair[0] == "Accept-Ranges")


@lru_cache(512)
def _named(path: str, is_path: bool) -> tuple[str, str | None]:
    """The name of a file, and its ending in lower case if both are plain."""
    name = os.path.basename(path) if is_path else path
    plain = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(\.[a-z0-9]+)", name)
    return name, plain and plain[1]


_date = lru_cache(64)(http_date)
_second = 0.0, 0.0, ("Date", "")  # from, until, and what is said then


def _now() -> tuple[str, str]:
    """The header with the current date, as `http_date` writes it."""
    global _second
    now = time.time()
    begin, end, pair = _second
    if begin <= now < end:
        return pair
    begin = float(math.floor(now))
    pair = "Date", http_date(now)
    # It rounds to microseconds before it drops them, so the last of them may belong to the next second.
    _second = (begin, begin + 0.999999, pair) if now < begin + 0.999999 else (0.0, 0.0, pair)
    return pair
