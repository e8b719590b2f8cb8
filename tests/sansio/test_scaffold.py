from __future__ import annotations

import functools
import inspect
import os
from pathlib import Path

import pytest
from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError, NotFound

from flask.sansio.scaffold import Scaffold, _endpoint_from_view_func, setupmethod
from flask.templating import _default_template_ctx_processor

from .plain import other_view, plain_app, plain_blueprint, rules, view

HOOKS = {
    "before_request": "before_request_funcs",
    "after_request": "after_request_funcs",
    "teardown_request": "teardown_request_funcs",
    "context_processor": "template_context_processors",
    "url_value_preprocessor": "url_value_preprocessors",
    "url_defaults": "url_default_functions",
}


@pytest.fixture(params=[plain_app, plain_blueprint])
def scaffold(request):
    return request.param()


def somewhere(**options):
    return Scaffold("json", root_path=os.path.join(os.sep, "root"), **options)


# Files


@pytest.mark.parametrize(
    ("given", "folder", "url"),
    [
        (None, None, None),
        ("static", "/root/static", "/static"),
        ("static/", "/root/static", "/static"),
        ("static\\", "/root/static", "/static"),
        ("/abs/files//", "/abs/files", "/files"),
        (Path("a") / "b", "/root/a/b", "/b"),
        ("", "/root/", ""),
    ],
)
def test_static_folder(given, folder, url):
    """A static folder counts from the root path, without trailing slashes, and names the URL of its files."""
    scaffold = somewhere(static_folder=given)
    found = scaffold.static_folder
    assert found == folder or os.path.normpath(found) == os.path.normpath(folder)
    assert scaffold.static_url_path == url
    assert scaffold.has_static_folder is (folder is not None)


def test_static_folder_is_live():
    """Assigning a static folder or a root path takes effect at once, on the URL too."""
    scaffold = somewhere()
    scaffold.static_folder = Path("late")
    scaffold.root_path = os.path.join(os.sep, "other")
    assert scaffold.static_folder == os.path.join(os.sep, "other", "late")
    assert scaffold.static_url_path == "/late"
    scaffold.static_folder = None
    assert not scaffold.has_static_folder
    assert scaffold.static_url_path is None


def test_static_url_path_wins():
    """A URL path that was set is kept whatever the folder's name is, and loses its trailing slash."""
    scaffold = somewhere(static_folder="files", static_url_path="/s/")
    assert scaffold.static_url_path == "/s"
    scaffold.static_url_path = "/"
    assert scaffold.static_url_path == ""
    scaffold.static_url_path = None
    assert scaffold.static_url_path == "/files"


def test_static_folder_must_be_a_path():
    """A static folder that is no path is refused where it is given."""
    with pytest.raises(TypeError):
        somewhere(static_folder=5)


def test_jinja_loader():
    """The loader reads the template folder, is made on first use and kept."""
    scaffold = somewhere()
    scaffold.template_folder = Path("pages")
    assert scaffold.jinja_loader.searchpath == [os.path.join(os.sep, "root", "pages")]
    scaffold.template_folder = "later"
    assert scaffold.jinja_loader.searchpath == [os.path.join(os.sep, "root", "pages")]
    assert somewhere().jinja_loader is None


def test_jinja_loader_can_be_assigned():
    """An assigned loader replaces the one that would have been made."""
    scaffold = somewhere(template_folder="pages")
    loader = somewhere(template_folder="others").jinja_loader
    scaffold.jinja_loader = loader
    assert scaffold.jinja_loader is loader


def test_root_path_is_found():
    """Without a root path, it is the folder of the module that is named."""
    import json

    assert Path(Scaffold("json").root_path) == Path(json.__file__).parent


# Set-up methods


def test_setup_methods_ask_first():
    """A set-up method asks by its own name, before it does anything, and stays itself to whoever inspects it."""

    class Asked:
        log: list = []

        def _check_setup_finished(self, f_name):
            self.log.append(f_name)
            raise AssertionError

        @setupmethod
        def change(self, a, *, b=2):
            """Change something."""
            self.log.append("changed")

    with pytest.raises(AssertionError):
        Asked().change(1)
    assert Asked.log == ["change"]
    assert str(inspect.signature(Asked.change)) == "(self, a, *, b=2)"
    assert Asked.change.__doc__ == "Change something."


def test_bare_scaffold_cannot_be_set_up():
    """A scaffold that is neither app nor blueprint says which part is missing."""
    with pytest.raises(NotImplementedError, match="Scaffold must say"):
        somewhere().before_request(view)


def test_endpoint_from_view():
    """An endpoint is named after its view; without one that fails, and so it does for a view without a name."""
    assert _endpoint_from_view_func(view) == "view"
    with pytest.raises(AssertionError, match=r"expected view func if endpoint is not provided\."):
        _endpoint_from_view_func(None)
    with pytest.raises(AttributeError, match="__name__"):
        _endpoint_from_view_func(functools.partial(view))


# Routes


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_method_shortcuts(scaffold, method):
    """A short-cut is `route` with one method, gives the view back, and takes no methods of its own."""
    assert getattr(scaffold, method)("/x", endpoint="e")(view) is view
    app = scaffold if not hasattr(scaffold, "register") else plain_app()
    if app is not scaffold:
        app.register_blueprint(scaffold)
    rule = next(app.url_map.iter_rules())
    assert rule.methods - {"HEAD", "OPTIONS"} == {method.upper()}
    with pytest.raises(TypeError, match="Use the 'route' decorator to use the 'methods' argument"):
        getattr(plain_app(), method)("/y", methods=["GET"])


def test_route_decorator_used_twice():
    """A route decorator applied to a second function names that one's endpoint after itself."""
    app = plain_app()
    decorate = app.route("/x", endpoint="first")
    decorate(view)
    decorate(other_view)
    assert app.view_functions == {"first": view, "other_view": other_view}


def test_route_calls_the_overridden_add_url_rule():
    """The decorators register through `add_url_rule`, so a subclass or a patch that changes it is heard."""
    app = plain_app()
    heard = []
    app.add_url_rule = lambda *args, **options: heard.append((args, options))
    app.get("/x", strict_slashes=False)(view)
    assert heard == [(("/x", None, view), {"methods": ["GET"], "strict_slashes": False})]


def test_endpoint_decorator(scaffold):
    """The endpoint decorator sets the view of an endpoint, replacing an earlier one, and adds no rule."""
    assert scaffold.endpoint("e")(view) is view
    scaffold.endpoint("e")(other_view)
    assert scaffold.view_functions == {"e": other_view}
    assert not hasattr(scaffold, "url_map") or rules(scaffold) == {}


# Hooks


@pytest.mark.parametrize("method", HOOKS)
def test_hooks(scaffold, method):
    """A hook is appended under None in its public table, in order of registration, and given back."""
    before = list(getattr(scaffold, HOOKS[method])[None])
    assert getattr(scaffold, method)(view) is view
    assert getattr(scaffold, method)(other_view) is other_view
    assert getattr(scaffold, HOOKS[method]) == {None: [*before, view, other_view]}


@pytest.mark.parametrize("method", HOOKS)
def test_hooks_go_to_replaced_tables(scaffold, method):
    """A table that was replaced by a plain dict takes hooks as well."""
    setattr(scaffold, HOOKS[method], {})
    getattr(scaffold, method)(view)
    assert getattr(scaffold, HOOKS[method]) == {None: [view]}


def test_tables_start_empty_but_for_templates(scaffold):
    """Every table starts empty, except that templates get Flask's own variables."""
    for table in HOOKS.values():
        expected = {None: [_default_template_ctx_processor]} if table == "template_context_processors" else {}
        assert getattr(scaffold, table) == expected
    assert scaffold.error_handler_spec == {}
    assert scaffold.view_functions == {}


def test_tables_make_their_entries():
    """A table that is asked for a blueprint's entry makes it, as extensions expect that append to it."""
    scaffold = somewhere()
    scaffold.before_request_funcs["b"].append(view)
    scaffold.error_handler_spec["b"][404][NotFound] = view
    assert scaffold.before_request_funcs == {"b": [view]}
    assert scaffold.error_handler_spec == {"b": {404: {NotFound: view}}}


# Error handlers


class Teapot(HTTPException):
    code = 418


@pytest.mark.parametrize(
    ("given", "kind", "code"),
    [
        (404, NotFound, 404),
        (500, InternalServerError, 500),
        (NotFound, NotFound, 404),
        (BadRequestKeyError, BadRequestKeyError, 400),
        (Teapot, Teapot, 418),
        (HTTPException, HTTPException, None),
        (KeyError, KeyError, None),
        (Exception, Exception, None),
    ],
)
def test_error_handlers(scaffold, given, kind, code):
    """A handler is kept under None, by the status code of the class it is for, then by the class."""
    assert scaffold.errorhandler(given)(view) is view
    assert scaffold.error_handler_spec == {None: {code: {kind: view}}}
    assert scaffold.register_error_handler(given, other_view) is None
    assert scaffold.error_handler_spec == {None: {code: {kind: other_view}}}


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (999, ValueError, "'999' is not a recognized HTTP error code. Use a subclass of HTTPException"),
        (True, ValueError, "'True' is not a recognized HTTP error code"),
        (KeyError("k"), TypeError, r"KeyError\('k'\) is an instance, not a class. Handlers can only be registered for"),
        (
            int,
            ValueError,
            "'int' is not a subclass of Exception. Handlers can only be registered for",
        ),
        (KeyboardInterrupt, ValueError, "'KeyboardInterrupt' is not a subclass of Exception"),
        ("404", TypeError, "must be a class"),
        (None, TypeError, "must be a class"),
    ],
)
def test_error_handlers_for_something_else(scaffold, given, error, message):
    """A handler for what is neither a known code nor a class of exceptions is refused, and nothing is kept."""
    with pytest.raises(error, match=message):
        scaffold.register_error_handler(given, view)
    with pytest.raises(error, match=message):
        scaffold.errorhandler(given)(view)
    assert scaffold.error_handler_spec == {}
