from __future__ import annotations

import os
from datetime import timedelta

import pytest

from flask import Blueprint, Flask
from flask.cli.serve.static import StaticFiles
from tests.cli.serve.composed import INTERFACES, Worker

ABOUT = ("Content-Type", "Content-Length", "Cache-Control", "Expires", "ETag", "Last-Modified", "Content-Range")
LONG = b"0123456789" * 10_000


@pytest.fixture
def root(tmp_path):
    for folder in "static", "shop/static":
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "a.css").write_bytes(f"of {folder}".encode())
        (tmp_path / folder / "deep" / "long.bin").write_bytes(LONG)
        (tmp_path / folder / "café au lait.txt").write_bytes(b"coffee")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return tmp_path


def made(root, **config):
    app = Flask("files", root_path=str(root), static_folder="static")
    app.config.update(config)
    shop = Blueprint("shop", "shop", root_path=str(root / "shop"), static_folder="static", url_prefix="/shop")
    app.register_blueprint(shop)
    app.seen = []

    @app.before_request
    def seen():
        from flask import request

        app.seen.append(request.path)

    return app


def both(root, path, method="GET", headers=None, interface="wsgi", **config):
    """What the server answers by itself, and what the app answers; whether the app was asked by the server."""
    app = made(root, **config)
    plain = Worker(made(root, **config), interface).ask(path, method, headers)
    served = Worker(app, interface, static=True).ask(path, method, headers)
    return served, plain, bool(app.seen)


def about(answer):
    return {name: answer.header(name) for name in ABOUT}


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("path", ["/static/a.css", "/shop/static/a.css", "/static/deep/long.bin"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_is_sent_as_the_app_would_without_asking_it(root, interface, path, method):
    """Same status, headers and bytes, from the app's folder and from a blueprint's; no hook of the app's runs."""
    served, plain, asked = both(root, path, method, interface=interface)
    assert served.status == plain.status == "200"
    assert about(served) == about(plain)
    assert served.header("ETag")
    assert served.body == plain.body
    assert not asked


@pytest.mark.parametrize("age", [None, 0, 60, timedelta(hours=1)])
def test_how_long_it_may_be_kept_is_the_apps_setting(root, age):
    """`SEND_FILE_MAX_AGE_DEFAULT`, as it is at that moment."""
    served, plain, asked = both(root, "/static/a.css", SEND_FILE_MAX_AGE_DEFAULT=age)
    assert served.header("Cache-Control") == plain.header("Cache-Control")
    assert bool(served.header("Expires")) is (age is not None)
    assert not asked


@pytest.mark.parametrize("interface", INTERFACES)
def test_who_has_it_already_gets_304(root, interface):
    """By its tag and by its date (RFC 9110 §13.1)."""
    worker = Worker(made(root), interface, static=True)
    first = worker.ask("/static/a.css")
    for headers in {"If-None-Match": first.header("ETag")}, {"If-Modified-Since": first.header("Last-Modified")}:
        again = worker.ask("/static/a.css", headers=headers)
        assert (again.status, again.body) == ("304", b"")
    assert worker.ask("/static/a.css", headers={"If-None-Match": '"other"'}).status == "200"


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"Range": "bytes=0-3"}, "206", b"0123"),
        ({"Range": "bytes=99998-"}, "206", b"89"),
        ({"Range": "bytes=-2"}, "206", b"89"),
        ({"Range": "bytes=200000-"}, "416", None),
        ({"Range": "bytes=0-1", "If-Range": '"other"'}, "200", LONG),
        ({"If-Match": '"other"'}, "412", None),
    ],
)
def test_parts_and_conditions_are_as_the_apps(root, headers, status, body):
    """RFC 9110 §14; what is an error has the app's own page."""
    served, plain, _ = both(root, "/static/deep/long.bin", headers=headers)
    assert served.status == plain.status == status
    assert about(served) == about(plain)
    assert served.body == plain.body
    if body is not None:
        assert served.body == body


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_an_async_app_is_served_so_too(root, interface):
    """Where requests run on an event loop, files are read beside it."""
    app = made(root)

    @app.get("/")
    async def view():
        return "async"

    worker = Worker(app, interface, static=True)
    assert worker.ask("/static/deep/long.bin").body == LONG
    assert worker.ask("/").body == b"async"
    assert app.seen == ["/"]


@pytest.mark.parametrize("path", ["/static/caf%C3%A9%20au%20lait.txt", "/static/deep/../a.css", "/static//a.css"])
def test_a_path_means_what_it_means_to_the_app(root, path):
    """Quoted names, and what is no plain path."""
    served, plain, _ = both(root, path)
    assert (served.status, served.body) == (plain.status, plain.body)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/%2e%2e%2fsecret.txt",
        "/static/deep/../../secret.txt",
        "/static/..\\secret.txt",
        "/static/%00/a.css",
        "/static/a.css%00",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/%ff",
        "/static/" + "a/" * 3000,
        "/static/" + "a" * 5000,
        "/static/deep",
        "/static/deep/",
        "/static/",
        "/static",
        "/staticsecret.txt",
        "/static/nothing",
    ],
)
def test_what_is_no_file_of_the_folder_is_the_apps_to_answer(root, path):
    """No way leads out of it; a folder is no file; the page that says so is the app's."""
    app = made(root)
    app.register_error_handler(404, lambda error: ("the app's own page", 404))
    app.register_error_handler(400, lambda error: ("the app's own page", 400))
    answer = Worker(app, static=True).ask(path)
    assert answer.status in {"404", "400", "308"}
    assert answer.status == "308" or answer.body == b"the app's own page"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="symbolic links are an own privilege on Windows")
def test_a_symbolic_link_is_followed_as_the_app_does(root):
    """There is no difference that would open, or close, what is open or closed without the option."""
    try:
        os.symlink(root / "secret.txt", root / "static" / "link.txt")
        os.symlink(root / "nowhere", root / "static" / "broken.txt")
    except OSError:
        pytest.skip("this machine's user may make no symbolic links")
    for name in "link.txt", "broken.txt":
        served, plain, _ = both(root, f"/static/{name}")
        assert (served.status, served.body) == (plain.status, plain.body)


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_other_methods_are_the_apps(root, method):
    """OPTIONS, and 405 with what is allowed."""
    served, plain, asked = both(root, "/static/a.css", method)
    assert (served.status, served.header("Allow")) == (plain.status, plain.header("Allow"))
    assert asked


# ---- what is left to the app, whole


def asked_for(app, path="/static/a.css", headers=None):
    """Whether the app was asked, by a server that serves static files if it may."""
    Worker(app, static=True).ask(path, headers=headers)
    return bool(app.seen)


def test_a_route_of_its_own_within_the_folders_path_stays(root):
    """A rule that is more exact than the static one is matched first, as ever."""
    app = made(root)
    app.add_url_rule("/static/a.css", view_func=lambda: "mine", endpoint="mine")
    assert Worker(app, static=True).ask("/static/a.css").body == b"mine"


def test_a_view_of_its_own_stays(root):
    """An application that has replaced the static view is asked."""
    app = made(root)
    app.view_functions["static"] = lambda filename: "mine"
    worker = Worker(app, static=True)
    assert worker.ask("/static/a.css").body == b"mine"
    assert worker.ask("/shop/static/a.css").body == b"of shop/static"


def test_a_view_that_is_replaced_later_counts_too(root):
    """Extensions wrap views at any moment."""
    app = made(root)
    worker = Worker(app, static=True)
    assert worker.ask("/static/a.css").body == b"of static"
    app.view_functions["static"] = lambda filename: "mine"
    assert worker.ask("/static/a.css").body == b"mine"


@pytest.mark.parametrize("name", ["send_static_file", "get_send_file_max_age"])
def test_an_override_is_called(root, name):
    """By a subclass or on the instance: whoever has a say on files is asked."""

    class Own(Flask):
        pass

    def own(self, *args, **options):
        return getattr(Flask, name)(self, *args, **options)

    setattr(Own, name, own)
    app = Own("own", root_path=str(root), static_folder="static")
    assert not StaticFiles(app)
    app = made(root)
    worker = Worker(app, static=True)
    setattr(app, name, lambda *args, **options: getattr(Flask, name)(app, *args, **options))
    assert worker.ask("/static/a.css").status == "200"
    assert app.seen


def test_a_blueprint_of_another_class_is_asked(root):
    """The same of a blueprint's."""

    class Own(Blueprint):
        def get_send_file_max_age(self, filename):
            return 77

    app = Flask("own", root_path=str(root), static_folder=None)
    app.register_blueprint(Own("own", "own", root_path=str(root), static_folder="static", url_prefix="/own"))
    answer = Worker(app, static=True).ask("/own/static/a.css")
    assert "max-age=77" in answer.header("Cache-Control")


def test_a_host_that_the_app_refuses_is_refused(root):
    """`TRUSTED_HOSTS` holds for files as well, and so does what is no host at all."""
    app = made(root, TRUSTED_HOSTS=["shop.example"])
    worker = Worker(app, static=True)
    assert worker.ask("/static/a.css", headers={"Host": "evil.example"}).status == "400"
    assert worker.ask("/static/a.css", headers={"Host": "shop.example"}).status == "200"
    assert Worker(made(root), static=True).ask("/static/a.css", headers={"Host": "a b"}).status == "400"


def test_hosts_and_subdomains_that_are_matched_are_the_apps(root):
    """Which folder is meant depends on the host then."""
    app = Flask("hosts", root_path=str(root), static_folder="static", host_matching=True, static_host="a.example")
    app.seen = []
    app.before_request(lambda: app.seen.append("asked"))
    assert asked_for(app, headers={"Host": "a.example"})
    app = Flask("subdomains", root_path=str(root), static_folder="static", subdomain_matching=True)
    app.seen = []
    app.before_request(lambda: app.seen.append("asked"))
    assert asked_for(app)


def test_a_websockets_handshake_is_the_apps(root):
    """At whatever path it comes."""
    assert asked_for(made(root), headers={"Upgrade": "websocket", "Connection": "Upgrade"})


def test_files_are_in_the_log_of_requests(root, visits):
    """They are requests like others, though no app sees them."""
    Worker(made(root), static=True, access_log="common").ask("/static/a.css")
    assert [(record.path, record.status, record.bytes) for record in visits] == [("/static/a.css", 200, 9)]
