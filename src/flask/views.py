"""Views that are classes. A class only makes its own view function; routing and registering know nothing of it."""

from __future__ import annotations

import typing as t
from types import FunctionType, MethodType

from . import typing as ft
from ._contracts import stock
from ._former import look_back
from .globals import _find_request_ctx, _now

http_method_funcs: frozenset[str] = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})


class View:
    """A view as a class: subclass it, override `dispatch_request`, and register what `as_view` makes.

    See "Class-based Views" in Flask's documentation.
    """

    #: The HTTP methods of the rule, where ``add_url_rule`` is given none.
    methods: t.ClassVar[t.Collection[str] | None] = None

    #: Whether OPTIONS is answered without asking the view, where ``add_url_rule`` does not say.
    provide_automatic_options: t.ClassVar[bool | None] = None

    #: Applied to the function that `as_view` makes, the first one innermost. An ``@decorator`` on the class would do
    #: nothing for it.
    decorators: t.ClassVar[list[t.Callable[..., t.Any]]] = []

    #: Make a new instance for each request. Where false, one instance serves all, and must not keep anything of one.
    init_every_request: t.ClassVar[bool] = True

    def dispatch_request(self, *args: t.Any, **kwargs: t.Any) -> ft.ResponseReturnValue | t.Any:
        """The view itself: called with the variables of the URL as keyword arguments. It may be `async def`.

        That of a WebSocket may return nothing.
        """
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *class_args: t.Any, **class_kwargs: t.Any) -> ft.RouteCallable:
        """A view function that passes each request to an instance of this class, made with the further arguments.

        :param name: the name of the function, which is the endpoint where none is given.

        The function has the class as ``view_class``, and ``methods`` and ``provide_automatic_options`` of it.
        """
        if cls.init_every_request:
            given = bool(class_args or class_kwargs)  # PERF: unpacking nothing doubles the cost of a call

            def view(**kwargs: t.Any) -> ft.ResponseReturnValue:
                # What the registered function has as its class is read live: a test puts another one there.
                kind = made.view_class
                instance = kind(*class_args, **class_kwargs) if given else kind()
                return _answer(instance, kwargs)  # type: ignore[no-any-return]

        else:
            instance = cls(*class_args, **class_kwargs)

            def view(**kwargs: t.Any) -> ft.ResponseReturnValue:
                return _answer(instance, kwargs)  # type: ignore[no-any-return]

        made: t.Any = view
        if cls.decorators:
            _name_after(made, name, cls)  # decorators read both, functools.wraps for one
            for decorate in cls.decorators:
                made = decorate(made)
        _name_after(made, name, cls)
        made.__doc__ = cls.__doc__
        made.view_class = cls
        made.methods = cls.methods
        made.provide_automatic_options = cls.provide_automatic_options
        return t.cast(ft.RouteCallable, made)


class MethodView(View):
    """A view with a method for each HTTP method: ``get``, ``post`` and so on; ``get`` answers HEAD too.

    `methods` follows from the methods that the class and its bases define, unless the class sets it.
    """

    def __init_subclass__(cls, **kwargs: t.Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        inherited = {method for base in cls.__bases__ for method in getattr(base, "methods", None) or ()}
        methods = inherited | {name.upper() for name in http_method_funcs if hasattr(cls, name)}
        if methods:
            cls.methods = methods

    def dispatch_request(self, **kwargs: t.Any) -> ft.ResponseReturnValue:
        """Call the method named like the request's; `AssertionError` where the class has none."""
        context = _find_request_ctx()
        method = context._method
        handler = getattr(self, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(self, "get", None)
        if handler is None:
            raise AssertionError(f"Unimplemented method {method!r}")
        return context.app.ensure_sync(handler)(**kwargs)  # type: ignore[no-any-return]


_dispatch_by_method = MethodView.dispatch_request
_names: dict[t.Any, str] = {name.upper(): name for name in http_method_funcs}


def _answer(instance: View, arguments: dict[str, t.Any]) -> t.Any:
    """What the instance's `dispatch_request` answers.

    PERF: of a `MethodView` the method is called straight away. To call a bound method with keyword arguments, or to ask
    of one whether it is asynchronous, costs as much as the view itself; and a name that is made anew is in no cache.
    """
    context = _now()
    app = context.app
    if type(instance).dispatch_request is _dispatch_by_method and "dispatch_request" not in instance.__dict__:
        context = context._top_request_ctx
        if context is not None and context._late and type(app).ensure_sync is stock.ensure_sync:
            name = _names.get(context._environ.get("REQUEST_METHOD"))
            method = None
            # Only what the class has as a function can be asked for once more without anybody's noticing.
            if (
                name is not None
                and type(getattr(type(instance), name, None)) is FunctionType
                and type(instance).__getattribute__ is object.__getattribute__
            ):
                method = getattr(instance, name)
            if type(method) is MethodType and "ensure_sync" not in context._app_vars and context.app is app:
                function = method.__func__
                if type(function) is FunctionType and function in app._synchronous:
                    return function(method.__self__, **arguments)
    return app.ensure_sync(instance.dispatch_request)(**arguments)


def _name_after(function: t.Any, name: str, cls: type[View]) -> None:
    function.__name__ = name
    function.__module__ = cls.__module__


if not t.TYPE_CHECKING:

    def __getattr__(name: str) -> t.Any:
        return look_back(__name__, name)
