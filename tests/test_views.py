from __future__ import annotations

import functools
from types import MethodType

import pytest
from werkzeug.test import EnvironBuilder

from flask import Flask, request
from flask.views import MethodView, View, http_method_funcs


@pytest.fixture
def app():
    return Flask("json", static_folder=None)


def answer(app, view, method="GET", path="/", rule="/", **options):
    app.add_url_rule(rule, "view", view, **options)
    return app.test_client().open(path, method=method)


class Echo(View):
    """Says what it was made and called with."""

    methods = ["GET", "POST"]

    def __init__(self, *made, **with_names):
        self.made = (*made, *with_names.items())

    def dispatch_request(self, **variables):
        return {"made": self.made, "variables": variables}


# ---- View


def test_a_view_without_a_dispatch_method_says_so():
    """The base has no answer: what is not overridden raises NotImplementedError."""
    with pytest.raises(NotImplementedError):
        View().dispatch_request()


def test_the_function_stands_for_the_class():
    """It carries the class, its methods and its options, and the name, docstring and module that a function has."""

    class Mine(Echo):
        """Mine."""

        provide_automatic_options = False

    function = Mine.as_view("mine")
    assert function.view_class is Mine
    assert function.methods == ["GET", "POST"]
    assert function.provide_automatic_options is False
    assert (function.__name__, function.__doc__, function.__module__) == ("mine", "Mine.", __name__)


def test_arguments_make_the_instance_and_variables_call_it(app):
    """What as_view is given makes each instance; the variables of the URL are given to dispatch_request."""
    response = answer(app, Echo.as_view("echo", 1, b=2), rule="/<x>", path="/y")
    assert response.json == {"made": [1, ["b", 2]], "variables": {"x": "y"}}


def test_the_class_says_which_methods_its_rule_has(app):
    """A method that is not in `methods` is a 405, and those of add_url_rule win over it."""
    app.add_url_rule("/other", "other", Echo.as_view("echo"), methods=["PUT"])
    assert answer(app, Echo.as_view("echo"), "PUT").status_code == 405
    assert app.test_client().put("/other").status_code == 200
    assert app.test_client().get("/other").status_code == 405


@pytest.mark.parametrize(("every", "made"), [(True, [1, 2, 3]), (False, [1, 1, 1])])
def test_an_instance_serves_one_request_or_all(app, every, made):
    """A new instance for each request, or one that is made together with the function."""

    class Counting(View):
        init_every_request = every
        count = 0

        def __init__(self):
            type(self).count += 1
            self.number = type(self).count

        def dispatch_request(self):
            return str(self.number)

    app.add_url_rule("/", "view", Counting.as_view("view"))
    assert Counting.count == (0 if every else 1)
    client = app.test_client()
    assert [int(client.get("/").text) for _ in range(3)] == made


def test_decorators_wrap_the_function_from_inside_out(app):
    """The first decorator is innermost, each sees the name and the module, and the outcome stands for the class."""
    seen = []

    def marking(mark):
        def decorate(function):
            seen.append((mark, function.__name__, function.__module__))

            @functools.wraps(function)
            def wrapped(**variables):
                return mark + function(**variables)

            return wrapped

        return decorate

    class Decorated(View):
        decorators = [marking("a"), marking("b")]

        def dispatch_request(self):
            return "!"

    function = Decorated.as_view("decorated")
    assert seen == [("a", "decorated", __name__), ("b", "decorated", __name__)]
    assert function.view_class is Decorated
    assert answer(app, function).text == "ba!"


def test_a_view_may_be_asynchronous(app):
    """dispatch_request and a MethodView's methods may be coroutine functions."""

    class Waiting(View):
        async def dispatch_request(self):
            return "waited"

    class WaitingMethods(MethodView):
        async def get(self):
            return "got"

    app.add_url_rule("/other", "other", WaitingMethods.as_view("other"))
    assert answer(app, Waiting.as_view("waiting")).text == "waited"
    assert app.test_client().get("/other").text == "got"


# ---- MethodView


def test_the_methods_are_those_that_are_defined():
    """Own methods, those of bases and those of mixins count; `methods` in the class itself says otherwise."""

    class Base(MethodView):
        def get(self): ...

        def not_a_method(self): ...

    class Mixin:
        def trace(self): ...

    class Both(Mixin, Base):
        def post(self): ...

    class Said(Both):
        methods = ["GET"]

    class AfterSaid(Said):
        def delete(self): ...

    class FromView(Echo, MethodView):
        def put(self): ...

    assert MethodView.methods is None
    assert Base.methods == {"GET"}
    assert Both.methods == {"GET", "POST", "TRACE"}
    assert Said.methods == ["GET"]
    assert AfterSaid.methods == {"GET", "POST", "TRACE", "DELETE"}
    assert FromView.methods == {"GET", "POST", "PUT"}


def test_a_class_without_methods_leaves_the_default():
    """Where nothing is defined there is nothing to say, so that a rule's default holds."""

    class Empty(MethodView):
        pass

    assert "methods" not in Empty.__dict__
    assert Empty.methods is None


@pytest.mark.parametrize("method", sorted(http_method_funcs - {"head", "options"}))
def test_each_method_has_its_own_function(app, method):
    """The function named like the request's method answers."""
    names = {name: lambda self, name=name: name for name in http_method_funcs - {"head", "options"}}
    view = type("All", (MethodView,), names)
    assert answer(app, view.as_view("all"), method.upper()).text == method


def test_head_falls_back_on_get(app):
    """HEAD is answered by get where there is no head, with the same headers and no body."""

    class Get(MethodView):
        def get(self):
            return "body", {"X-By": "get"}

    class Head(Get):
        def head(self):
            return "", {"X-By": "head"}

    app.add_url_rule("/head", "head", Head.as_view("head"))
    response = answer(app, Get.as_view("get"), "HEAD")
    assert (response.headers["X-By"], response.data) == ("get", b"")
    assert app.test_client().head("/head").headers["X-By"] == "head"


@pytest.mark.parametrize("method", ["PUT", "HEAD"])
def test_a_method_without_a_function_is_a_mistake_of_the_rule(app, method):
    """A rule that allows more than the class has runs into an AssertionError that names the method."""

    class Post(MethodView):
        def post(self): ...

    app.testing = True
    with pytest.raises(AssertionError, match=f"Unimplemented method '{method}'"):
        answer(app, Post.as_view("post"), method, methods=[method])


# ---- the short way to a method


class Item(MethodView):
    """Answers in as many ways as there are of having a method."""

    def __init__(self):
        self.put = functools.partial(self.late, "put")

    def get(self, x):
        return f"get {type(self).__name__} {x}"

    def late(self, name, x):
        return f"{name} {type(self).__name__} {x}"

    @classmethod
    def post(cls, x):
        return f"post {cls.__name__} {x}"

    @staticmethod
    def delete(x):
        return f"delete {x}"

    def patch(self, x):
        return __class__.__name__ + x


@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize(
    ("method", "said"),
    [("GET", "get Item y"), ("PUT", "put Item y"), ("POST", "post Item y"), ("DELETE", "delete y"), ("PATCH", "Itemy")],
)
def test_a_method_may_be_had_in_any_way(app, monkeypatch, every, method, said):
    """Of the class, of the instance, bound to the class or to nothing: it is called with the variables alone."""
    monkeypatch.setattr(Item, "init_every_request", every)
    app.add_url_rule("/<x>", view_func=Item.as_view("item"), methods=["GET", "PUT", "POST", "DELETE", "PATCH"])
    client = app.test_client()
    for _ in range(3):
        assert client.open("/y", method=method).text == said


def _on_instances(name, function):
    def make(self):
        setattr(self, name, functools.partial(function, self))

    return make


def dispatched(self, **variables):
    return f"dispatched {variables}"


def noted(app, function):
    return lambda **variables: (
        f"ensured {function.__name__}" if isinstance(function, MethodType) else function(**variables)
    )


class Mapped(Flask):
    ensure_sync = noted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda app, patch: patch.setattr(Item, "get", lambda self, x: f"patched {x}"), "patched y"),
        (lambda app, patch: patch.setattr(Item, "dispatch_request", dispatched), "dispatched {'x': 'y'}"),
        (lambda app, patch: patch.setattr(MethodView, "dispatch_request", dispatched), "dispatched {'x': 'y'}"),
        (
            lambda app, patch: patch.setattr(Item, "__init__", _on_instances("dispatch_request", dispatched)),
            "dispatched {'x': 'y'}",
        ),
        (lambda app, patch: patch.setattr(Item, "__init__", _on_instances("get", dispatched)), "dispatched {'x': 'y'}"),
        (lambda app, patch: patch.setattr(Flask, "ensure_sync", noted), "ensured dispatch_request"),
        (lambda app, patch: setattr(app, "ensure_sync", lambda f: noted(app, f)), "ensured dispatch_request"),
        (lambda app, patch: setattr(app, "__class__", Mapped), "ensured dispatch_request"),
        (lambda app, patch: setattr(app.view_functions["item"], "view_class", Other), "get Other y"),
        (lambda app, patch: patch.setattr(Item, "get", coroutine), "waited y"),
    ],
)
def test_the_short_way_to_a_method_gives_way(app, monkeypatch, change, said):
    """Whatever is replaced between a request and the method, in a class or on the object, serves the next request."""
    app.add_url_rule("/<x>", view_func=Item.as_view("item"))
    client = app.test_client()
    for _ in range(2):
        assert client.get("/y").text == "get Item y"
    change(app, monkeypatch)
    for _ in range(2):
        assert client.get("/y").text == said


class Other(Item):
    """The same under another name."""


async def coroutine(self, x):
    return f"waited {x}"


def test_a_method_view_may_be_called_by_a_function(app):
    """Inside of another app's context, and with a request that somebody has looked at, it answers the request."""
    view = Item.as_view("item")

    @app.get("/inside")
    def inside():
        with Flask("other", static_folder=None).app_context():
            return view(x="a")

    @app.get("/seen")
    def seen():
        assert request.method == "GET"
        return view(x="b")

    for path, said in (("/inside", "get Item a"), ("/seen", "get Item b")):
        for _ in range(2):
            assert app.test_client().get(path).text == said
    with pytest.raises(RuntimeError, match="outside of application context"):
        view(x="c")
    with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
        view(x="c")
    environ = EnvironBuilder(method="get").get_environ()
    with app.request_context(environ):
        assert view(x="d") == "get Item d"


def test_the_method_of_a_method_view_is_looked_up_once(app):
    """What computes the method for a request is asked once for it."""
    seen = []

    class Computed(MethodView):
        @property
        def get(self):
            seen.append("get")
            return lambda: "computed"

    class Missing(MethodView):
        methods = ["GET"]

        def __getattr__(self, name):
            seen.append(name)
            return lambda: f"missing {name}"

    class Static(MethodView):
        @staticmethod
        def get():
            return "static"

    for view in (Computed, Missing, Static):
        app.add_url_rule(f"/{view.__name__}", view_func=view.as_view(view.__name__))
    for name, said in (("Computed", "computed"), ("Missing", "missing get"), ("Static", "static")):
        for _ in range(2):
            assert app.test_client().get(f"/{name}").text == said
    assert seen == ["get"] * 4
