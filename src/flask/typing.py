"""What views, hooks and handlers may take and return, as names for annotations. No code runs here.

Each alias allows what Flask 3.1's of that name does, so that an annotated application checks the same with either; the
names they are made of are there at run time too, for whoever calls `typing.get_type_hints`.
"""

from __future__ import annotations

import typing as t
from wsgiref.types import WSGIApplication

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

Returned = t.TypeVar("Returned")
ResponseClass = t.TypeVar("ResponseClass", bound=Response)

# A hook that is given nothing, of either colour.
_Hook = t.Callable[[], Returned] | t.Callable[[], t.Awaitable[Returned]]

_Streamed = t.Iterator[str] | t.Iterator[bytes] | t.AsyncIterable[str] | t.AsyncIterable[bytes]

ResponseValue: t.TypeAlias = Response | str | bytes | list[t.Any] | t.Mapping[str, t.Any] | _Streamed

HeaderValue: t.TypeAlias = str | list[str] | tuple[str, ...]
HeadersValue: t.TypeAlias = Headers | t.Mapping[str, HeaderValue] | t.Sequence[tuple[str, HeaderValue]]

_ResponseTuple = (
    tuple[ResponseValue, HeadersValue] | tuple[ResponseValue, int] | tuple[ResponseValue, int, HeadersValue]
)

# What a view, an error handler or a hook that answers in place of the view may return.
ResponseReturnValue: t.TypeAlias = ResponseValue | _ResponseTuple | WSGIApplication

# The keys of the hook tables: a blueprint's name, or None for the whole app.
AppOrBlueprintKey: t.TypeAlias = str | None

BeforeFirstRequestCallable: t.TypeAlias = _Hook[None]
BeforeRequestCallable: t.TypeAlias = _Hook[ResponseReturnValue | None]
AfterRequestCallable = (
    t.Callable[[ResponseClass], ResponseClass] | t.Callable[[ResponseClass], t.Awaitable[ResponseClass]]
)
TeardownCallable: t.TypeAlias = (
    t.Callable[[BaseException | None], None] | t.Callable[[BaseException | None], t.Awaitable[None]]
)
URLDefaultCallable: t.TypeAlias = t.Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable: t.TypeAlias = t.Callable[[str | None, dict[str, t.Any] | None], None]

RouteCallable: t.TypeAlias = t.Callable[..., ResponseReturnValue] | t.Callable[..., t.Awaitable[ResponseReturnValue]]

# The parameter is Any: which exception a handler takes follows from what it is registered for.
ErrorHandlerCallable: t.TypeAlias = (
    t.Callable[[t.Any], ResponseReturnValue] | t.Callable[[t.Any], t.Awaitable[ResponseReturnValue]]
)

# What answers a WebSocket returns nothing; what it returns before it has accepted is the response that refuses it.
WebsocketCallable: t.TypeAlias = (
    t.Callable[..., ResponseReturnValue | None] | t.Callable[..., t.Awaitable[ResponseReturnValue | None]]
)
BeforeWebsocketCallable: t.TypeAlias = _Hook[ResponseReturnValue | None]
# Given the response that refuses it; None where it was accepted.
AfterWebsocketCallable: t.TypeAlias = (
    t.Callable[[t.Any], Response | None] | t.Callable[[t.Any], t.Awaitable[Response | None]]
)

TemplateContextProcessorCallable: t.TypeAlias = _Hook[dict[str, t.Any]]
TemplateFilterCallable: t.TypeAlias = t.Callable[..., t.Any]
TemplateGlobalCallable: t.TypeAlias = t.Callable[..., t.Any]
TemplateTestCallable: t.TypeAlias = t.Callable[..., bool]
ShellContextProcessorCallable: t.TypeAlias = t.Callable[[], dict[str, t.Any]]

ServingCallable: t.TypeAlias = _Hook[t.Any]
# A generator function, of either colour, with one `yield`.
WhileServingCallable: t.TypeAlias = t.Callable[[], t.Iterator[t.Any]] | t.Callable[[], t.AsyncIterator[t.Any]]

# An ASGI application and what it is called with (ASGI 3).
Scope = t.MutableMapping[str, t.Any]
Message = t.MutableMapping[str, t.Any]
Receive = t.Callable[[], t.Awaitable[Message]]
Send = t.Callable[[Message], t.Awaitable[None]]
AsgiApplication = t.Callable[[Scope, Receive, Send], t.Awaitable[None]]
