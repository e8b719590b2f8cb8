"""The types of the built-in settings, for type checkers alone: no such module is there at run time.

A new setting goes into the table; what stands below the table is written from it: `make settings-types`.
"""

import typing as t
from datetime import timedelta

from _typeshed import SupportsKeysAndGetItem

D = t.TypeVar("D")

class Settings(t.TypedDict, total=False):
    # Flask's
    DEBUG: bool
    TESTING: bool
    PROPAGATE_EXCEPTIONS: bool | None
    SECRET_KEY: str | bytes | None
    SECRET_KEY_FALLBACKS: t.Sequence[str | bytes] | None
    PERMANENT_SESSION_LIFETIME: timedelta | int
    USE_X_SENDFILE: bool
    TRUSTED_HOSTS: list[str] | None
    SERVER_NAME: str | None
    APPLICATION_ROOT: str
    SESSION_COOKIE_NAME: str
    SESSION_COOKIE_DOMAIN: str | None
    SESSION_COOKIE_PATH: str | None
    SESSION_COOKIE_HTTPONLY: bool
    SESSION_COOKIE_SECURE: bool
    SESSION_COOKIE_PARTITIONED: bool
    SESSION_COOKIE_SAMESITE: str | None
    SESSION_REFRESH_EACH_REQUEST: bool
    MAX_CONTENT_LENGTH: int | None
    MAX_FORM_MEMORY_SIZE: int | None
    MAX_FORM_PARTS: int | None
    SEND_FILE_MAX_AGE_DEFAULT: timedelta | int | None
    TRAP_BAD_REQUEST_ERRORS: bool | None
    TRAP_HTTP_EXCEPTIONS: bool
    EXPLAIN_TEMPLATE_LOADING: bool
    PREFERRED_URL_SCHEME: str
    TEMPLATES_AUTO_RELOAD: bool | None
    MAX_COOKIE_SIZE: int
    PROVIDE_AUTOMATIC_OPTIONS: bool
    # Dewar's
    MAX_CHUNKED_LENGTH: int | None
    MAX_FORM_PART_HEADERS: int | None
    MAX_FORM_PART_HEADER_SIZE: int | None
    BODY_TIMEOUT: float | None
    WORKER_THREADS: int
    RSGI_ROOT_PATH: str
    WEBSOCKET_ALLOWED_ORIGINS: t.Collection[str] | None
    WEBSOCKET_MAX_MESSAGE_SIZE: int | None
    BACKGROUND_TASK_SHUTDOWN_TIMEOUT: float | None
    JSON_STRICT: bool

# Written from the table above by tools/settings_types.py.

_Bool: t.TypeAlias = t.Literal[
    "DEBUG",
    "TESTING",
    "USE_X_SENDFILE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_PARTITIONED",
    "SESSION_REFRESH_EACH_REQUEST",
    "TRAP_HTTP_EXCEPTIONS",
    "EXPLAIN_TEMPLATE_LOADING",
    "PROVIDE_AUTOMATIC_OPTIONS",
    "JSON_STRICT",
]
_BoolOrNone: t.TypeAlias = t.Literal["PROPAGATE_EXCEPTIONS", "TRAP_BAD_REQUEST_ERRORS", "TEMPLATES_AUTO_RELOAD"]
_StrBytesOrNone: t.TypeAlias = t.Literal["SECRET_KEY"]
_SequenceStrBytesOrNone: t.TypeAlias = t.Literal["SECRET_KEY_FALLBACKS"]
_TimedeltaInt: t.TypeAlias = t.Literal["PERMANENT_SESSION_LIFETIME"]
_ListStrOrNone: t.TypeAlias = t.Literal["TRUSTED_HOSTS"]
_StrOrNone: t.TypeAlias = t.Literal[
    "SERVER_NAME", "SESSION_COOKIE_DOMAIN", "SESSION_COOKIE_PATH", "SESSION_COOKIE_SAMESITE"
]
_Str: t.TypeAlias = t.Literal["APPLICATION_ROOT", "SESSION_COOKIE_NAME", "PREFERRED_URL_SCHEME", "RSGI_ROOT_PATH"]
_IntOrNone: t.TypeAlias = t.Literal[
    "MAX_CONTENT_LENGTH",
    "MAX_FORM_MEMORY_SIZE",
    "MAX_FORM_PARTS",
    "MAX_CHUNKED_LENGTH",
    "MAX_FORM_PART_HEADERS",
    "MAX_FORM_PART_HEADER_SIZE",
    "WEBSOCKET_MAX_MESSAGE_SIZE",
]
_TimedeltaIntOrNone: t.TypeAlias = t.Literal["SEND_FILE_MAX_AGE_DEFAULT"]
_Int: t.TypeAlias = t.Literal["MAX_COOKIE_SIZE", "WORKER_THREADS"]
_FloatOrNone: t.TypeAlias = t.Literal["BODY_TIMEOUT", "BACKGROUND_TASK_SHUTDOWN_TIMEOUT"]
_CollectionStrOrNone: t.TypeAlias = t.Literal["WEBSOCKET_ALLOWED_ORIGINS"]

class TypedSettings(dict[str, t.Any]):
    """A dict in which the built-in settings have their types, and all others any."""

    @t.overload
    def __getitem__(self, key: _Bool, /) -> bool: ...
    @t.overload
    def __getitem__(self, key: _BoolOrNone, /) -> bool | None: ...
    @t.overload
    def __getitem__(self, key: _StrBytesOrNone, /) -> str | bytes | None: ...
    @t.overload
    def __getitem__(self, key: _SequenceStrBytesOrNone, /) -> t.Sequence[str | bytes] | None: ...
    @t.overload
    def __getitem__(self, key: _TimedeltaInt, /) -> timedelta | int: ...
    @t.overload
    def __getitem__(self, key: _ListStrOrNone, /) -> list[str] | None: ...
    @t.overload
    def __getitem__(self, key: _StrOrNone, /) -> str | None: ...
    @t.overload
    def __getitem__(self, key: _Str, /) -> str: ...
    @t.overload
    def __getitem__(self, key: _IntOrNone, /) -> int | None: ...
    @t.overload
    def __getitem__(self, key: _TimedeltaIntOrNone, /) -> timedelta | int | None: ...
    @t.overload
    def __getitem__(self, key: _Int, /) -> int: ...
    @t.overload
    def __getitem__(self, key: _FloatOrNone, /) -> float | None: ...
    @t.overload
    def __getitem__(self, key: _CollectionStrOrNone, /) -> t.Collection[str] | None: ...
    @t.overload
    def __getitem__(self, key: t.Any, /) -> t.Any: ...
    @t.overload  # type: ignore[override]  # mypy wants the overloads of a dict in their order
    def get(self, key: _Bool, default: None = None, /) -> bool | None: ...
    @t.overload
    def get(self, key: _Bool, default: bool, /) -> bool: ...
    @t.overload
    def get(self, key: _Bool, default: D, /) -> bool | D: ...
    @t.overload
    def get(self, key: _BoolOrNone, default: None = None, /) -> bool | None: ...
    @t.overload
    def get(self, key: _BoolOrNone, default: bool | None, /) -> bool | None: ...
    @t.overload
    def get(self, key: _BoolOrNone, default: D, /) -> bool | D | None: ...
    @t.overload
    def get(self, key: _StrBytesOrNone, default: None = None, /) -> str | bytes | None: ...
    @t.overload
    def get(self, key: _StrBytesOrNone, default: str | bytes | None, /) -> str | bytes | None: ...
    @t.overload
    def get(self, key: _StrBytesOrNone, default: D, /) -> str | bytes | D | None: ...
    @t.overload
    def get(self, key: _SequenceStrBytesOrNone, default: None = None, /) -> t.Sequence[str | bytes] | None: ...
    @t.overload
    def get(
        self, key: _SequenceStrBytesOrNone, default: t.Sequence[str | bytes] | None, /
    ) -> t.Sequence[str | bytes] | None: ...
    @t.overload
    def get(self, key: _SequenceStrBytesOrNone, default: D, /) -> t.Sequence[str | bytes] | D | None: ...
    @t.overload
    def get(self, key: _TimedeltaInt, default: None = None, /) -> timedelta | int | None: ...
    @t.overload
    def get(self, key: _TimedeltaInt, default: timedelta | int, /) -> timedelta | int: ...
    @t.overload
    def get(self, key: _TimedeltaInt, default: D, /) -> timedelta | int | D: ...
    @t.overload
    def get(self, key: _ListStrOrNone, default: None = None, /) -> list[str] | None: ...
    @t.overload
    def get(self, key: _ListStrOrNone, default: list[str] | None, /) -> list[str] | None: ...
    @t.overload
    def get(self, key: _ListStrOrNone, default: D, /) -> list[str] | D | None: ...
    @t.overload
    def get(self, key: _StrOrNone, default: None = None, /) -> str | None: ...
    @t.overload
    def get(self, key: _StrOrNone, default: str | None, /) -> str | None: ...
    @t.overload
    def get(self, key: _StrOrNone, default: D, /) -> str | D | None: ...
    @t.overload
    def get(self, key: _Str, default: None = None, /) -> str | None: ...
    @t.overload
    def get(self, key: _Str, default: str, /) -> str: ...
    @t.overload
    def get(self, key: _Str, default: D, /) -> str | D: ...
    @t.overload
    def get(self, key: _IntOrNone, default: None = None, /) -> int | None: ...
    @t.overload
    def get(self, key: _IntOrNone, default: int | None, /) -> int | None: ...
    @t.overload
    def get(self, key: _IntOrNone, default: D, /) -> int | D | None: ...
    @t.overload
    def get(self, key: _TimedeltaIntOrNone, default: None = None, /) -> timedelta | int | None: ...
    @t.overload
    def get(self, key: _TimedeltaIntOrNone, default: timedelta | int | None, /) -> timedelta | int | None: ...
    @t.overload
    def get(self, key: _TimedeltaIntOrNone, default: D, /) -> timedelta | int | D | None: ...
    @t.overload
    def get(self, key: _Int, default: None = None, /) -> int | None: ...
    @t.overload
    def get(self, key: _Int, default: int, /) -> int: ...
    @t.overload
    def get(self, key: _Int, default: D, /) -> int | D: ...
    @t.overload
    def get(self, key: _FloatOrNone, default: None = None, /) -> float | None: ...
    @t.overload
    def get(self, key: _FloatOrNone, default: float | None, /) -> float | None: ...
    @t.overload
    def get(self, key: _FloatOrNone, default: D, /) -> float | D | None: ...
    @t.overload
    def get(self, key: _CollectionStrOrNone, default: None = None, /) -> t.Collection[str] | None: ...
    @t.overload
    def get(self, key: _CollectionStrOrNone, default: t.Collection[str] | None, /) -> t.Collection[str] | None: ...
    @t.overload
    def get(self, key: _CollectionStrOrNone, default: D, /) -> t.Collection[str] | D | None: ...
    @t.overload
    def get(self, key: str, default: None = None, /) -> t.Any | None: ...
    @t.overload
    def get(self, key: str, default: t.Any, /) -> t.Any: ...
    def update(
        self,
        other: SupportsKeysAndGetItem[str, t.Any] | t.Iterable[tuple[str, t.Any]] = ...,
        /,
        *,
        DEBUG: bool = ...,
        TESTING: bool = ...,
        PROPAGATE_EXCEPTIONS: bool | None = ...,
        SECRET_KEY: str | bytes | None = ...,
        SECRET_KEY_FALLBACKS: t.Sequence[str | bytes] | None = ...,
        PERMANENT_SESSION_LIFETIME: timedelta | int = ...,
        USE_X_SENDFILE: bool = ...,
        TRUSTED_HOSTS: list[str] | None = ...,
        SERVER_NAME: str | None = ...,
        APPLICATION_ROOT: str = ...,
        SESSION_COOKIE_NAME: str = ...,
        SESSION_COOKIE_DOMAIN: str | None = ...,
        SESSION_COOKIE_PATH: str | None = ...,
        SESSION_COOKIE_HTTPONLY: bool = ...,
        SESSION_COOKIE_SECURE: bool = ...,
        SESSION_COOKIE_PARTITIONED: bool = ...,
        SESSION_COOKIE_SAMESITE: str | None = ...,
        SESSION_REFRESH_EACH_REQUEST: bool = ...,
        MAX_CONTENT_LENGTH: int | None = ...,
        MAX_FORM_MEMORY_SIZE: int | None = ...,
        MAX_FORM_PARTS: int | None = ...,
        SEND_FILE_MAX_AGE_DEFAULT: timedelta | int | None = ...,
        TRAP_BAD_REQUEST_ERRORS: bool | None = ...,
        TRAP_HTTP_EXCEPTIONS: bool = ...,
        EXPLAIN_TEMPLATE_LOADING: bool = ...,
        PREFERRED_URL_SCHEME: str = ...,
        TEMPLATES_AUTO_RELOAD: bool | None = ...,
        MAX_COOKIE_SIZE: int = ...,
        PROVIDE_AUTOMATIC_OPTIONS: bool = ...,
        MAX_CHUNKED_LENGTH: int | None = ...,
        MAX_FORM_PART_HEADERS: int | None = ...,
        MAX_FORM_PART_HEADER_SIZE: int | None = ...,
        BODY_TIMEOUT: float | None = ...,
        WORKER_THREADS: int = ...,
        RSGI_ROOT_PATH: str = ...,
        WEBSOCKET_ALLOWED_ORIGINS: t.Collection[str] | None = ...,
        WEBSOCKET_MAX_MESSAGE_SIZE: int | None = ...,
        BACKGROUND_TASK_SHUTDOWN_TIMEOUT: float | None = ...,
        JSON_STRICT: bool = ...,
        **kwargs: t.Any,
    ) -> None: ...
    def from_mapping(
        self,
        mapping: t.Mapping[str, t.Any] | None = None,
        *,
        DEBUG: bool = ...,
        TESTING: bool = ...,
        PROPAGATE_EXCEPTIONS: bool | None = ...,
        SECRET_KEY: str | bytes | None = ...,
        SECRET_KEY_FALLBACKS: t.Sequence[str | bytes] | None = ...,
        PERMANENT_SESSION_LIFETIME: timedelta | int = ...,
        USE_X_SENDFILE: bool = ...,
        TRUSTED_HOSTS: list[str] | None = ...,
        SERVER_NAME: str | None = ...,
        APPLICATION_ROOT: str = ...,
        SESSION_COOKIE_NAME: str = ...,
        SESSION_COOKIE_DOMAIN: str | None = ...,
        SESSION_COOKIE_PATH: str | None = ...,
        SESSION_COOKIE_HTTPONLY: bool = ...,
        SESSION_COOKIE_SECURE: bool = ...,
        SESSION_COOKIE_PARTITIONED: bool = ...,
        SESSION_COOKIE_SAMESITE: str | None = ...,
        SESSION_REFRESH_EACH_REQUEST: bool = ...,
        MAX_CONTENT_LENGTH: int | None = ...,
        MAX_FORM_MEMORY_SIZE: int | None = ...,
        MAX_FORM_PARTS: int | None = ...,
        SEND_FILE_MAX_AGE_DEFAULT: timedelta | int | None = ...,
        TRAP_BAD_REQUEST_ERRORS: bool | None = ...,
        TRAP_HTTP_EXCEPTIONS: bool = ...,
        EXPLAIN_TEMPLATE_LOADING: bool = ...,
        PREFERRED_URL_SCHEME: str = ...,
        TEMPLATES_AUTO_RELOAD: bool | None = ...,
        MAX_COOKIE_SIZE: int = ...,
        PROVIDE_AUTOMATIC_OPTIONS: bool = ...,
        MAX_CHUNKED_LENGTH: int | None = ...,
        MAX_FORM_PART_HEADERS: int | None = ...,
        MAX_FORM_PART_HEADER_SIZE: int | None = ...,
        BODY_TIMEOUT: float | None = ...,
        WORKER_THREADS: int = ...,
        RSGI_ROOT_PATH: str = ...,
        WEBSOCKET_ALLOWED_ORIGINS: t.Collection[str] | None = ...,
        WEBSOCKET_MAX_MESSAGE_SIZE: int | None = ...,
        BACKGROUND_TASK_SHUTDOWN_TIMEOUT: float | None = ...,
        JSON_STRICT: bool = ...,
        **kwargs: t.Any,
    ) -> bool:
        """Take the items whose keys are in capitals from a mapping and from keyword arguments; the latter win."""
