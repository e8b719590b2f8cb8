"""Requests: what a view can read of a request, and what is refused before it reads."""

import io
import json

from werkzeug.datastructures import FileStorage

import flask


def _app(out, view, methods=("GET", "POST", "PUT"), **config):
    app = out.app(config=config)
    app.add_url_rule("/", "index", view, methods=methods)
    return app


def attributes_of_a_request(out):
    names = (
        "method scheme host host_url url url_root base_url root_url root_path path full_path query_string script_root"
        " remote_addr remote_user is_secure is_json mimetype content_type content_length content_encoding"
        " access_route referrer user_agent endpoint url_rule view_args blueprint blueprints routing_exception"
        " max_content_length max_form_memory_size max_form_parts accept_mimetypes accept_languages accept_charsets"
        " accept_encodings if_match if_none_match if_modified_since if_range range date pragma cache_control"
        " authorization origin want_form_data_parsed is_multithread is_multiprocess is_run_once"
    ).split()

    def view(n):
        for name in names:
            out.attempt(name, lambda name=name: getattr(flask.request, name))
        return "seen"

    app = out.app()
    app.add_url_rule("/a/<int:n>", "index", view, methods=["GET", "POST"])
    out.wsgi(
        app,
        "/a/3",
        "POST",
        query_string="x=1&y=%C3%BC",
        base_url="https://shop.example:8443/mount",
        data=b"{}",
        content_type="application/json; charset=utf-8",
        headers={
            "Accept": "text/html,application/json;q=0.5",
            "Accept-Language": "de,en;q=0.7",
            "User-Agent": "case/1.0",
            "Referer": "http://before.example/",
            "X-Forwarded-For": "1.2.3.4, 5.6.7.8",
            "If-None-Match": '"a", W/"b"',
            "If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT",
            "Range": "bytes=0-4",
            "Cache-Control": "no-cache, max-age=0",
            "Authorization": "Basic YWRhOnNlY3JldA==",
            "Origin": "http://o.example",
        },
    )


def query_arguments(out):
    app = _app(out, lambda: [list(pair) for pair in flask.request.args.items(multi=True)])
    for query in (
        "",
        "a=1&b=2&a=3",
        "a",
        "a=",
        "=b",
        "&&a=1&",
        "a=1;b=2",
        "a=b=c",
        "a+b=c+d",
        "%C3%BC=%E4%BD%A0",
        "a=%FF%FE",
        "a=%zz%",
        "a=%00",
        "a[]=1&a[]=2",
        "a=%2B%26%3D",
        "\xc3\xbc=\xc3\xa4",
        "a=" + "x" * 2000,
        "?a=1",
    ):
        out.wsgi(app, environ={"QUERY_STRING": query}, label=query[:40])


def argument_access(out):
    def view():
        args = flask.request.args
        out.attempt("get", args.get, "n")
        out.attempt("typed", lambda: args.get("n", type=int))
        out.attempt("typed wrongly", lambda: args.get("s", 7, type=int))
        out.attempt("list", lambda: args.getlist("n", type=int))
        out.attempt("missing", args.get, "none", "default")
        out.attempt("to_dict", lambda: args.to_dict(flat=False))
        out.attempt("changed", lambda: args.add("x", 1))
        out("class", type(args))
        out("bool", [bool(args), len(args), "n" in args, list(args)])
        return "ok"

    out.request(_app(out, view), "/?n=1&n=2&n=x&s=abc")


def missing_key_in_debug_and_not(out):
    for name in ("args", "form", "files", "cookies", "headers", "values"):
        for config in (
            {},
            {"DEBUG": True},
            {"TRAP_BAD_REQUEST_ERRORS": True},
            {"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False},
        ):
            app = _app(out, lambda name=name: getattr(flask.request, name)["the-key"], **config)
            out.request(app, "/", "POST", data={"other": "1"}, label=f"{name} {config}")


def missing_key_and_handlers(out):
    from werkzeug.exceptions import BadRequest, BadRequestKeyError

    for kind in (400, BadRequest, BadRequestKeyError, KeyError):
        app = _app(out, lambda: flask.request.form["x"])
        app.errorhandler(kind)(
            lambda error: out("error", error) or f"{type(error).__name__} {error.args} {error.show_exception}"
        )
        out.request(app, "/", "POST", label=str(kind))


def missing_file_in_debug_explains_the_enctype(out):
    for debug in (False, True):
        app = _app(out, lambda: flask.request.files["picture"].read(), DEBUG=debug)
        out.request(app, "/", "POST", data={"picture": "a.png"}, label=f"{debug} as a field")
        out.request(app, "/", "POST", data={"other": "a.png"}, label=f"{debug} absent")
        out.request(app, "/", "POST", json={"picture": "a.png"}, label=f"{debug} json")
        out.request(app, "/", "POST", data={"picture": (io.BytesIO(b"png"), "a.png")}, label=f"{debug} as a file")
        out.request(
            app, "/", "POST", data={"picture": "a.png"}, content_type="multipart/form-data", label=f"{debug} multipart"
        )


def form_of_every_content_type(out):
    def view():
        request = flask.request
        return {
            "form": request.form.to_dict(flat=False),
            "files": sorted(request.files),
            "data": request.get_data(as_text=True),
        }

    app = _app(out, view)
    for label, options in {
        "urlencoded": {"data": b"a=1&b=%C3%BC&a=2", "content_type": "application/x-www-form-urlencoded"},
        "urlencoded with charset": {
            "data": b"a=%E4",
            "content_type": "application/x-www-form-urlencoded; charset=latin-1",
        },
        "capitals": {"data": b"a=1", "content_type": "Application/X-WWW-Form-URLencoded"},
        "no type": {"data": b"a=1"},
        "text": {"data": b"a=1", "content_type": "text/plain"},
        "old": {"data": b"a=1", "content_type": "application/x-url-encoded"},
        "get": {"data": b"a=1", "content_type": "application/x-www-form-urlencoded", "method": "GET"},
        "bad bytes": {"data": b"a=%FF\xff", "content_type": "application/x-www-form-urlencoded"},
    }.items():
        out.request(app, "/", options.pop("method", "POST"), label=label, **options)


def multipart_bodies(out):
    def view():
        request = flask.request
        files = {
            name: [
                [f.filename, f.content_type, f.mimetype_params, f.read().decode("latin-1"), sorted(f.headers.items())]
                for f in found
            ]
            for name, found in request.files.lists()
        }
        return {"form": request.form.to_dict(flat=False), "files": files}

    app = _app(out, view)
    part = b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    bodies = {
        "plain": part % (b"a", b"1") + part % (b"a", b"2") + b"--B--\r\n",
        "file": b'--B\r\nContent-Disposition: form-data; name="f"; filename="a b.txt"\r\nContent-Type: text/x; q=1\r\n\r\nhi\r\n--B--\r\n',  # noqa: E501 - one text, as it is sent or stored
        "empty file": b'--B\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--B--\r\n',
        "utf-8 name": b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''%C3%BC.txt\r\n\r\nx\r\n--B--\r\n",  # noqa: E501 - one text, as it is sent or stored
        "raw umlaut": b'--B\r\nContent-Disposition: form-data; name="\xc3\xbc"\r\n\r\n\xc3\xa4\r\n--B--\r\n',
        "no end": part % (b"a", b"1"),
        "nothing": b"",
        "preamble": b"preamble\r\n" + part % (b"a", b"1") + b"--B--\r\nepilogue",
        "no name": b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--\r\n",
        "no disposition": b"--B\r\nX: y\r\n\r\nx\r\n--B--\r\n",
        "bare newlines": b"--B\nContent-Disposition: form-data; name=a\n\n1\n--B--\n",
        "garbage": b"\x00\xff--B\xff",
        "charset": b'--B\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=latin-1\r\n\r\n\xe4\r\n--B--\r\n',  # noqa: E501 - one text, as it is sent or stored
    }
    for label, body in bodies.items():
        out.request(app, "/", "POST", data=body, content_type="multipart/form-data; boundary=B", label=label)
    out.request(app, "/", "POST", data=bodies["plain"], content_type="multipart/form-data", label="no boundary")
    out.request(
        app, "/", "POST", data=bodies["plain"], content_type="multipart/form-data; boundary=", label="empty boundary"
    )
    out.request(
        app,
        "/",
        "POST",
        data=bodies["plain"],
        content_type='multipart/form-data; boundary="B"',
        label="quoted boundary",
    )


def values_combine(out):
    app = _app(out, lambda: [list(pair) for pair in flask.request.values.items(multi=True)])
    for method in ("GET", "POST", "PUT"):
        out.request(app, "/?a=1&b=2", method, data={"a": "3", "c": "4"})


def data_stream_and_get_data(out):
    orders = {
        "data": lambda r: r.data,
        "get_data": lambda r: r.get_data(),
        "get_data text": lambda r: r.get_data(as_text=True),
        "get_data parsed": lambda r: r.get_data(parse_form_data=True),
        "stream": lambda r: r.stream.read(),
        "data then form": lambda r: [r.data, dict(r.form)],
        "form then data": lambda r: [dict(r.form), r.data],
        "get_data then form": lambda r: [r.get_data(), dict(r.form)],
        "uncached then form": lambda r: [r.get_data(cache=False), dict(r.form)],
        "form then get_data": lambda r: [dict(r.form), r.get_data()],
        "stream then data": lambda r: [r.stream.read(2), r.data],
        "twice": lambda r: [r.get_data(), r.get_data(), r.stream.read()],
        "stream then form": lambda r: [r.stream.read(2), dict(r.form)],
    }
    for label, order in orders.items():

        def view(label=label, order=order):
            out.attempt(label, order, flask.request)
            return ""

        out.request(_app(out, view), "/", "POST", data={"a": "1", "b": "2"}, label=f"{label}: response")


def body_not_read_by_the_view(out):
    stream = io.BytesIO(b"a=1" * 50)
    out.wsgi(_app(out, lambda: "ignored"), "/", "POST", environ={"wsgi.input": stream, "CONTENT_LENGTH": "150"})
    out("left", len(stream.read()))


def content_lengths(out):
    app = _app(out, lambda: [flask.request.content_length, flask.request.get_data(as_text=True)])
    for length in ("3", "0", "99", "-1", "abc", "", "3.5", " 3 ", "+3", "٣", None):
        environ = {"wsgi.input": io.BytesIO(b"abcdef"), "CONTENT_LENGTH": length}
        if length is None:
            environ = {"wsgi.input": io.BytesIO(b"abcdef"), "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
        out.wsgi(app, "/", "POST", environ=environ, label=repr(length))
    terminated = {
        "wsgi.input": io.BytesIO(b"abcdef"),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    out.wsgi(app, "/", "POST", environ={**terminated, "CONTENT_LENGTH": ""}, label="terminated")


BODIES = {
    "object": b'{"a": [1, null, 1.5]}',
    "scalar": b"3",
    "null": b"null",
    "empty": b"",
    "broken": b'{"a":',
    "trailing": b"{} x",
    "utf-8": '{"ü": "ä"}'.encode(),
    "utf-16": '{"ü": 1}'.encode("utf-16"),
    "bom": b"\xef\xbb\xbf{}",
    "latin": b'{"a": "\xe4"}',
    "nan": b"[NaN, Infinity, -Infinity]",
    "duplicate": b'{"a": 1, "a": 2}',
    "surrogate": b'"\\ud800"',
    "big number": b"1" * 30,
}


def json_bodies(out):
    for debug in (False, True):
        app = _app(out, lambda: repr(flask.request.get_json()), DEBUG=debug)
        for label, body in BODIES.items():
            out.request(app, "/", "POST", data=body, content_type="application/json", label=f"{debug} {label}")


def json_content_types(out):
    for debug in (False, True):
        app = _app(out, lambda: [flask.request.is_json, flask.request.json], DEBUG=debug)
        for content_type in (
            "application/json",
            "application/json; charset=utf-8",
            "APPLICATION/JSON",
            "application/problem+json",
            "application/vnd.api+json; x=y",
            "text/json",
            "text/plain",
            "application/jsonx",
            "json",
            "",
            None,
        ):
            out.request(app, "/", "POST", data=b"{}", content_type=content_type, label=f"{debug} {content_type}")


def get_json_arguments(out):
    cases = [
        ("force", {"force": True}),
        ("silent", {"silent": True}),
        ("both", {"force": True, "silent": True}),
        ("uncached", {"cache": False}),
        ("forced uncached", {"force": True, "cache": False, "silent": True}),
    ]
    for label, options in cases:
        for content_type in ("application/json", "text/plain"):
            for body in (b'{"a": 1}', b"{broken", b""):

                def view(options=options):
                    first = flask.request.get_json(**options)
                    again = flask.request.get_json(**options)
                    return [
                        first,
                        first is again,
                        flask.request.get_json(silent=True),
                        flask.request.get_data(as_text=True),
                    ]

                out.request(
                    _app(out, view),
                    "/",
                    "POST",
                    data=body,
                    content_type=content_type,
                    label=f"{label} {content_type} {body!r}",
                )


def json_silent_then_loud(out):
    def view():
        out.attempt("silent", lambda: flask.request.get_json(silent=True))
        out.attempt("loud", lambda: flask.request.get_json())
        out.attempt("property", lambda: flask.request.json)
        return "end"

    out.request(_app(out, view), "/", "POST", data=b"{x", content_type="application/json")
    out.request(_app(out, view), "/", "POST", data=b"{}", content_type="text/plain", label="type")


def on_json_loading_failed_overridden(out):
    class Request(flask.Request):
        def on_json_loading_failed(self, e):
            out.tell("failed", e)
            return {"instead": e is None}

    for content_type in ("application/json", "text/plain"):
        app = _app(out, lambda: flask.request.get_json())
        app.request_class = Request
        out.request(app, "/", "POST", data=b"{x", content_type=content_type, label=content_type)


def json_loads_of_the_provider_is_used(out):
    class Provider(flask.json.provider.DefaultJSONProvider):
        def loads(self, s, **options):
            out.tell("loads", type(s).__name__, options)
            return {"loaded": len(s)}

    app = _app(out, lambda: flask.request.get_json())
    app.json = Provider(app)
    out.request(app, "/", "POST", data=b"whatever", content_type="application/json")


def max_content_length(out):
    def view():
        flask.request.form
        return {
            "length": flask.request.content_length,
            "data": len(flask.request.get_data()),
            "max": flask.request.max_content_length,
        }

    for limit in (None, 0, 5, 10, 11):
        app = _app(out, view, MAX_CONTENT_LENGTH=limit)
        out.request(app, "/", "POST", data=b"0123456789", label=f"{limit} plain")
        out.request(
            app,
            "/",
            "POST",
            data=b"a=12345678",
            content_type="application/x-www-form-urlencoded",
            label=f"{limit} form",
        )
        out.request(app, "/", "POST", data={"f": (io.BytesIO(b"x"), "f")}, label=f"{limit} multipart")
        out.request(app, "/", "POST", json={"a": 1}, label=f"{limit} json")
        out.request(app, "/", "GET", label=f"{limit} no body")


def max_content_length_reached_by_each_reader(out):
    readers = {
        "form": lambda r: dict(r.form),
        "values": lambda r: dict(r.values),
        "files": lambda r: dict(r.files),
        "data": lambda r: r.data,
        "json": lambda r: r.json,
        "silent": lambda r: r.get_json(silent=True),
        "stream": lambda r: r.stream.read(),
        "nothing": lambda r: None,
    }
    for label, reader in readers.items():
        app = _app(out, lambda reader=reader: f"{reader(flask.request)}", MAX_CONTENT_LENGTH=3)
        out.request(app, "/", "POST", data=b"a=0123", content_type="application/x-www-form-urlencoded", label=label)
        out.request(app, "/", "POST", data=b'{"a":1}', content_type="application/json", label=f"{label} of JSON")


def max_content_length_of_a_stream_without_length(out):
    app = _app(out, lambda: flask.request.get_data(as_text=True), MAX_CONTENT_LENGTH=4)
    for body in (b"abc", b"abcd", b"abcde"):
        environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
        out.wsgi(app, "/", "POST", environ=environ, label=repr(body))


def max_form_memory_size(out):
    def view():
        return {
            "form": flask.request.form.to_dict(),
            "files": sorted(flask.request.files),
            "max": flask.request.max_form_memory_size,
        }

    for limit in (None, 0, 10, 500_000):
        app = _app(out, view, MAX_FORM_MEMORY_SIZE=limit)
        for label, data in {
            "small": {"a": "12345"},
            "large": {"a": "1" * 50},
            "several": {"a": "123456", "b": "123456"},
            "file": {"f": (io.BytesIO(b"x" * 50), "f")},
        }.items():
            out.request(app, "/", "POST", data=data, content_type="multipart/form-data", label=f"{limit} {label}")
        out.request(app, "/", "POST", data={"a": "1" * 50}, label=f"{limit} urlencoded")


def max_form_memory_size_by_default(out):
    app = _app(out, lambda: [len(flask.request.form["a"]), flask.request.max_form_memory_size])
    for size in (499_990, 500_001):
        out.request(app, "/", "POST", data={"a": "x" * size}, content_type="multipart/form-data", label=str(size))


def max_form_parts(out):
    for limit in (None, 0, 2, 3):
        app = _app(
            out,
            lambda: [sorted(flask.request.form), sorted(flask.request.files), flask.request.max_form_parts],
            MAX_FORM_PARTS=limit,
        )
        data = {"a": "1", "b": "2", "f": (io.BytesIO(b"x"), "f")}
        out.request(app, "/", "POST", data=data, label=f"{limit} multipart")
        out.request(app, "/", "POST", data={"a": "1", "b": "2", "c": "3"}, label=f"{limit} urlencoded")
    app = _app(out, lambda: str(len(flask.request.form)))
    for count in (1000, 1001):
        data = {f"k{n}": "v" for n in range(count)}
        out.request(app, "/", "POST", data=data, content_type="multipart/form-data", label=f"default {count}")


def limits_overridden_for_one_request(out):
    app = out.app(config={"MAX_CONTENT_LENGTH": 5, "MAX_FORM_MEMORY_SIZE": 5, "MAX_FORM_PARTS": 1})

    @app.post("/<int:size>")
    def upload(size):
        request = flask.request
        request.max_content_length = size or None
        request.max_form_memory_size = size or None
        request.max_form_parts = size or None
        limits = [request.max_content_length, request.max_form_memory_size, request.max_form_parts]
        return [*limits, request.form.to_dict()]

    for size in (0, 3, 5000):
        out.request(app, f"/{size}", "POST", data={"a": "1234567890", "b": "2"}, content_type="multipart/form-data")
        out.request(app, f"/{size}", "POST", data={"a": "1234567890", "b": "2"}, label=f"{size} urlencoded")


def limits_of_a_request_class(out):
    class Request(flask.Request):
        max_content_length = 4
        max_form_memory_size = None
        max_form_parts = 1

    app = _app(
        out,
        lambda: [flask.request.max_content_length, flask.request.max_form_parts, dict(flask.request.form)],
        MAX_CONTENT_LENGTH=100,
    )
    app.request_class = Request
    out.request(app, "/", "POST", data={"a": "1"})
    out.request(app, "/", "POST", data={"a": "1234"}, label="too long")


def limits_outside_of_an_application(out):
    from werkzeug.test import create_environ

    request = flask.Request(create_environ("/?a=1", method="POST", data={"x": "y"}))
    names = "max_content_length max_form_memory_size max_form_parts endpoint blueprint blueprints url_rule view_args routing_exception".split()  # noqa: E501 - one text, as it is sent or stored
    for name in names:
        out.attempt(name, lambda name=name: getattr(request, name))
    out("read", [request.args["a"], request.form["x"], repr(request)])
    out.attempt("missing key", lambda: request.form["none"])
    out.attempt("json", lambda: request.json)


def trusted_hosts(out):
    for trusted in (None, [], ["shop.example"], [".shop.example", "localhost"], ["shop.example:8080"]):
        app = _app(
            out, lambda: [flask.request.host, flask.request.url, flask.request.trusted_hosts], TRUSTED_HOSTS=trusted
        )
        for host in (
            "shop.example",
            "www.shop.example",
            "evil.example",
            "shop.example:8080",
            "localhost",
            "shop.example.evil.example",
            "bad host",
            "",
        ):
            out.wsgi(app, environ={"HTTP_HOST": host}, label=f"{trusted} {host!r}")


def trusted_hosts_and_hooks(out):
    app = _app(out, lambda: out.tell("view") or "x", TRUSTED_HOSTS=["shop.example"])
    app.before_request(lambda: out.tell("before", flask.request.routing_exception, flask.request.endpoint))
    app.after_request(lambda response: out.tell("after", response.status) or response)
    app.teardown_request(lambda error: out.tell("teardown", error))
    app.errorhandler(400)(lambda error: (f"handled {error.description}", 400))
    out.listen()
    out.wsgi(app, environ={"HTTP_HOST": "evil.example"})
    app.debug = True
    out.wsgi(app, environ={"HTTP_HOST": "evil.example"}, label="debug")


def trusted_hosts_with_host_matching(out):
    app = out.app(host_matching=True, static_folder=None, config={"TRUSTED_HOSTS": [".shop.example"]})
    app.add_url_rule(
        "/",
        "index",
        lambda: flask.url_for("index", _external=True),
        host="<any('a.shop.example', 'evil.example'):host>",
    )
    for host in ("a.shop.example", "evil.example"):
        out.wsgi(app, environ={"HTTP_HOST": host}, label=host)


def hosts_that_are_malformed(out):
    app = _app(out, lambda: repr([flask.request.host, flask.request.url, flask.request.host_url]))
    for host in (
        "",
        "a b",
        "a/b",
        "a?b",
        "a@b",
        "[::1]:80",
        "[::1",
        "a:b",
        "a:80:80",
        "ü.example",
        "xn--bcher-kva.example",
        "a" * 300,
        "-",
        "127.0.0.1",
        "A.B",
    ):
        out.wsgi(app, environ={"HTTP_HOST": host}, label=host[:30])
    out.wsgi(app, environ={"HTTP_HOST": "h.example:443", "wsgi.url_scheme": "https"}, label="https port")


def routing_exception_and_rule(out):
    app = out.app()
    app.add_url_rule("/item/<int:n>", "item", lambda n: "x")
    app.add_url_rule("/branch/", "branch", lambda: "x")

    @app.before_request
    def look():
        request = flask.request
        out(
            "seen",
            [
                request.routing_exception,
                str(request.url_rule),
                request.endpoint,
                request.view_args,
                request.blueprint,
                request.blueprints,
            ],
        )

    for path, method in [
        ("/item/3", "GET"),
        ("/item/x", "GET"),
        ("/item/3", "PUT"),
        ("/branch", "GET"),
        ("/item/3", "OPTIONS"),
    ]:
        out.request(app, path, method)


def blueprints_of_a_request(out):
    app = out.app()
    outer, inner = (
        flask.Blueprint("outer", "case_app", url_prefix="/o"),
        flask.Blueprint("inner", "case_app", url_prefix="/i"),
    )
    inner.add_url_rule("/", "x", lambda: [flask.request.endpoint, flask.request.blueprint, flask.request.blueprints])
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    out.request(app, "/o/i/")
    with app.test_request_context("/o/i/"):
        flask.request.url_rule = None
        out("without a rule", [flask.request.endpoint, flask.request.blueprint, flask.request.blueprints])


def view_args_changed_in_before_request(out):
    app = out.app()
    app.add_url_rule("/<int:n>", "x", lambda **values: values)

    @app.before_request
    def change():
        flask.request.view_args["n"] += 1
        flask.request.view_args["extra"] = "e"

    out.request(app, "/3")
    out.request(app, "/4")
    app.testing = True
    out.request(app, "/x")


def request_class_of_ones_own(out):
    class Request(flask.Request):
        user_agent_class = type("Agent", (flask.Request.user_agent_class,), {"browser": "mine"})
        parameter_storage_class = dict
        charset = "utf-8"

        def __init__(self, environ, *args, **options):
            super().__init__(environ, *args, **options)
            self.stamp = environ["REQUEST_METHOD"]

    app = _app(
        out,
        lambda: [
            flask.request.stamp,
            flask.request.user_agent.browser,
            flask.request.args,
            type(flask.request.args).__name__,
        ],
    )
    app.request_class = Request
    out.request(app, "/?a=1&a=2")


def request_class_of_two_bases(out):
    import werkzeug

    class Base(werkzeug.Request):
        @property
        def shout(self):
            return self.path.upper()

    class Request(Base, flask.Request):
        def get_data(self, *args, **options):
            out.tell("get_data", options)
            return super().get_data(*args, **options)

    app = _app(out, lambda: [flask.request.shout, flask.request.get_json(silent=True), flask.request.endpoint])
    app.request_class = Request
    out.request(app, "/", "POST", json={"a": 1})


def attributes_set_on_a_request(out):
    def view():
        request = flask.request
        request.mine = "m"
        request.args = {"replaced": 1}
        request.url_rule = None
        real = request._get_current_object()
        return [real.mine, request.args, request.url_rule, "mine" in vars(real), isinstance(real, flask.Request)]

    app = _app(out, view)
    out.request(app, "/?a=1")
    out.request(app, "/?a=1", label="again")


def environ_of_a_request(out):
    def view():
        request = flask.request
        environ = request.environ
        keys = sorted(key for key in environ if key.startswith(("werkzeug.", "flask.")))
        return [keys, environ["werkzeug.request"] is request._get_current_object(), request.shallow]

    app = _app(out, view)
    out.wsgi(app)
    out.wsgi(app, environ={"werkzeug.request": None, "flask._preserve_context": False})


def headers_of_a_request(out):
    def view():
        headers = flask.request.headers
        out("all", sorted(headers.items()))
        out("get", [headers.get("x-one"), headers.get("X_ONE"), headers.get("none"), headers.get("x-number", type=int)])
        out("contains", ["X-One" in headers, "none" in headers, len(headers)])
        out.attempt("item", lambda: headers["X-ONE"])
        out.attempt("missing", lambda: headers["None"])
        out.attempt("set", lambda: headers.__setitem__("a", "b"))
        out("list", headers.getlist("Accept"))
        return "ok"

    out.request(
        _app(out, view),
        "/",
        headers={"X-One": "1 ü", "X-Number": "7", "Accept": "a, b", "Content-Type": "x/y", "X_Under": "u"},
    )


def cookies_of_a_request(out):
    app = _app(out, lambda: [list(pair) for pair in flask.request.cookies.items(multi=True)])
    for header in (
        "a=1; b=2",
        "a=1; a=2",
        'a="quoted; value"; b=2',
        "a=b=c",
        "a",
        "=b",
        "a=",
        ";;a=1;",
        "a = 1",
        'a="\\303\\274"',
        "a=\xc3\xbc",
        "a=%20",
        "a=1, b=2",
        "$Version=1; a=1",
        "a=\x00",
        "x" * 5000 + "=1",
    ):
        out.wsgi(app, environ={"HTTP_COOKIE": header}, label=header[:30])


def methods_that_are_unusual(out):
    app = out.app()
    app.add_url_rule("/", "index", lambda: flask.request.method, methods=["GET", "PROPFIND", "M-SEARCH"])
    for method in ("PROPFIND", "propfind", "M-SEARCH", "BREW", "", "GET ", "G\xcb\x9cT", "HEAD"):
        out.wsgi(app, environ={"REQUEST_METHOD": method}, label=repr(method))


def file_storage_of_an_upload(out):
    def view():
        found = flask.request.files["f"]
        found.save(str(out.folder / "saved"))
        return [
            found.filename,
            found.name,
            found.content_length,
            (out.folder / "saved").read_text(),
            type(found).__name__,
        ]

    app = _app(out, view)
    upload = FileStorage(io.BytesIO(b"content"), filename="../up/a.txt", name="f", content_type="text/plain")
    out.request(app, "/", "POST", data={"f": upload})
    out.request(app, "/", "POST", data={"f": [(io.BytesIO(b"1"), "one"), (io.BytesIO(b"2"), "two")]}, label="two")


def large_upload_and_its_closing(out):
    closed = []

    def view():
        stream = flask.request.files["f"].stream
        flask.after_this_request(lambda response: closed.append(stream.closed) or response)
        flask.g.stream = stream
        return str(len(stream.read()))

    app = _app(out, view)
    app.teardown_request(lambda error: closed.append(flask.g.stream.closed))
    out.request(app, "/", "POST", data={"f": (io.BytesIO(b"x" * 600_000), "big")})
    out("closed", closed)


def accept_negotiation(out):
    def view():
        request = flask.request
        return [
            request.accept_mimetypes.best_match(["application/json", "text/html"]),
            request.accept_mimetypes["text/html"],
            str(request.accept_mimetypes),
            request.accept_languages.best_match(["en", "de"]),
            request.accept_mimetypes.accept_json,
        ]

    app = _app(out, view)
    for accept in (
        "*/*",
        "text/html;q=0.2,application/json;q=0.9",
        "",
        "application/*",
        "image/png",
        "text/html;q=abc",
    ):
        out.request(app, "/", headers={"Accept": accept, "Accept-Language": "de-AT, en;q=0.2"}, label=accept)


def request_proxy_outside_of_a_request(out):
    out.attempt("path", lambda: flask.request.path)
    out.attempt("set", lambda: setattr(flask.request, "x", 1))
    out.attempt("bool", lambda: bool(flask.request))
    out.attempt("repr", lambda: repr(flask.request))
    out.attempt("session", lambda: flask.session.get("x"))
    out.attempt("dir", lambda: len(dir(flask.request)) > 0)
    out.attempt("isinstance", lambda: isinstance(flask.request, flask.Request))


def authorization_headers(out):
    app = _app(
        out,
        lambda: [
            repr(
                flask.request.authorization
                and [
                    flask.request.authorization.type,
                    flask.request.authorization.username,
                    flask.request.authorization.token,
                ]
            )
        ],
    )
    for header in (
        "Basic YWRhOnNlY3JldA==",
        "Basic !!!",
        "Basic",
        "Bearer abc.def",
        'Digest username="a", nonce="b"',
        "basic YTpiOmM=",
        "",
        "Weird",
    ):
        out.request(app, "/", headers={"Authorization": header}, label=header)


def nothing_leaks_between_requests(out):
    def view():
        request = flask.request
        before = [hasattr(flask.g, "x"), "seen" in vars(request._get_current_object())]
        flask.g.x = 1
        request.seen = True
        return {
            "before": before,
            "args": dict(request.args),
            "form": dict(request.form),
            "json": request.get_json(silent=True),
        }

    client = _app(out, view).test_client()
    out.request(client, "/?a=1", "POST", data={"f": "1"}, headers={"X-A": "1"})
    out.request(client, "/", "POST", json={"j": 1})
    out.request(client, "/")


def json_body_echoed(out):
    app = _app(out, lambda: flask.request.json)
    for value in ({"ü": ["ä", None, True, 1.0, 1e30]}, [], {}, "text", 3, True, [[[]]], {"a": {"b": {}}}):
        out.request(app, "/", "PUT", data=json.dumps(value), content_type="application/json", label=repr(value))


def urlencoded_forms_in_detail(out):
    app = _app(out, lambda: [list(pair) for pair in flask.request.form.items(multi=True)])
    for body in (
        b"",
        b"a",
        b"a=",
        b"=b",
        b"a=1&",
        b"&a=1",
        b"a=1&&b=2",
        b"a=1;b=2",
        b"a+b=c+d",
        b"a=%2",
        b"a=%zz",
        b"a=%00",
        b"a=%C3%BC&%C3%BC=1",
        b"a=%E4",
        b"\xc3\xbc=1",
        b"a=1\r\n",
        b"a=b=c",
        b"a[]=1&a[]=2",
        b"a=1&b=2&a=3",
        b"a=" + b"x" * 10_000,
    ):
        out.request(
            app, "/", "POST", data=body, content_type="application/x-www-form-urlencoded", label=repr(body[:30])
        )


def forms_of_other_methods(out):
    app = out.app()
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"]
    app.add_url_rule(
        "/",
        "index",
        lambda: [dict(flask.request.form), dict(flask.request.values), flask.request.get_data(as_text=True)],
        methods=methods,
    )
    for method in methods:
        out.request(app, "/?q=1", method, data={"a": "1"})


def form_read_before_and_after_hooks(out):
    app = _app(
        out, lambda: [dict(flask.request.form), flask.request.get_data(as_text=True), sorted(flask.request.files)]
    )

    @app.before_request
    def early():
        how = flask.request.args.get("how")
        if how == "form":
            flask.request.form.get("a")
        if how == "data":
            flask.request.get_data()
        if how == "stream":
            flask.request.stream.read(1)
        if how == "uncached":
            flask.request.get_data(cache=False)

    for how in ("none", "form", "data", "stream", "uncached"):
        out.request(app, f"/?how={how}", "POST", data={"a": "1", "b": "2"})
        out.request(
            app, f"/?how={how}", "POST", data={"a": "1", "f": (io.BytesIO(b"x"), "n.txt")}, label=f"multipart {how}"
        )


def form_classes_of_ones_own(out):
    from werkzeug.datastructures import ImmutableOrderedMultiDict
    from werkzeug.formparser import FormDataParser

    class Parser(FormDataParser):
        def parse(self, *args, **options):
            out.tell("parse")
            return super().parse(*args, **options)

    class Request(flask.Request):
        parameter_storage_class = ImmutableOrderedMultiDict
        form_data_parser_class = Parser

        def _get_file_stream(self, total_content_length, content_type, filename=None, content_length=None):
            out.tell("stream for", filename, content_type)
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)

        def want_form_data_parsed_never(self):
            return False

    app = _app(
        out,
        lambda: [
            type(flask.request.args).__name__,
            type(flask.request.form).__name__,
            dict(flask.request.form),
            sorted(flask.request.files),
        ],
    )
    app.request_class = Request
    out.request(app, "/?a=1", "POST", data={"x": "1"})
    out.request(app, "/?a=1", "POST", data={"x": "1", "f": (io.BytesIO(b"f"), "f.txt")}, label="multipart")


def attributes_read_twice_and_deleted(out):
    def view():
        request = flask.request._get_current_object()
        same = [
            name
            for name in ("args", "form", "files", "values", "headers", "cookies", "json", "url", "accept_mimetypes")
            if getattr(request, name) is getattr(request, name)
        ]
        out("same object", same)
        out(
            "kept",
            sorted(
                set(vars(request))
                & {"args", "form", "files", "values", "headers", "cookies", "url", "accept_mimetypes", "data"}
            ),
        )
        if "args" in vars(request):
            del request.args
        out("again", dict(request.args))
        request.environ["QUERY_STRING"] = "changed=1"
        out("environ changed", [dict(request.args), request.query_string])
        return "ok"

    out.request(_app(out, view), "/?a=1", "POST", json={"x": 1})


def requests_compared_copied_and_pickled(out):
    import copy

    def view():
        request = flask.request
        out(
            "equal",
            [request == request, request == request._get_current_object(), request._get_current_object() == request],
        )
        out.attempt("hash", lambda: hash(request) == hash(request._get_current_object()))
        out.attempt("copy", lambda: type(copy.copy(request)).__name__)
        out("bool", bool(request))
        out("str", str(request))
        out("class", [request.__class__, isinstance(request, flask.Request)])
        out.attempt("missing", lambda: request.no_such_attribute)
        out.attempt("deleted", lambda: delattr(request, "no_such_attribute"))
        return "ok"

    out.request(_app(out, view), "/x".replace("x", ""))


def request_made_without_a_context(out):
    from werkzeug.test import create_environ

    app = _app(out, lambda: "x")
    request = app.request_class(create_environ("/?a=1", method="POST", json={"x": 1}))
    out("request", [request.args["a"], request.json, request.is_json, request.path, request.method, repr(request)])
    out("from_values", flask.Request.from_values("/v?x=1", method="PUT").url)
    decorated = flask.Request.application(lambda request: flask.Response(request.path))
    out.attempt("application decorator", lambda: list(decorated(create_environ("/deco"), lambda *args: None)))
    with flask.Request(create_environ("/")) as entered:
        out("with", type(entered))
    shallow = flask.Request(create_environ("/?a=1", method="POST", data={"b": "1"}), shallow=True)
    out.attempt("shallow args", lambda: shallow.args)
    out.attempt("shallow form", lambda: shallow.form)


def header_values_of_many_kinds(out):
    def view():
        request = flask.request
        return {
            "list": [list(pair) for pair in request.headers],
            "type": request.content_type,
            "mimetype": [request.mimetype, request.mimetype_params],
            "length": request.content_length,
            "agent": [request.user_agent.string, str(request.user_agent), bool(request.user_agent)],
            "modified": str(request.if_modified_since),
            "max": request.max_forwards,
            "pragma": str(request.pragma),
            "cache": str(request.cache_control),
            "md5": request.content_md5,
        }

    app = _app(out, view)
    for label, environ in {
        "umlauts": {"HTTP_X_A": "\xc3\xbc", "HTTP_X_B": "\xfc"},
        "empty": {"HTTP_X_A": "", "CONTENT_TYPE": "", "HTTP_USER_AGENT": ""},
        "type parameters": {"CONTENT_TYPE": 'Text/HTML; Charset="utf-8"; q=1'},
        "odd type": {"CONTENT_TYPE": ";;;"},
        "dates": {"HTTP_IF_MODIFIED_SINCE": "Tue, 14 Nov 2023 22:13:20 GMT", "HTTP_MAX_FORWARDS": "3"},
        "bad numbers": {"HTTP_MAX_FORWARDS": "x", "CONTENT_LENGTH": "x"},
        "cache": {"HTTP_CACHE_CONTROL": 'max-age=3, no-store, x="y"', "HTTP_PRAGMA": "no-cache"},
        "content in http": {"HTTP_CONTENT_TYPE": "a/b", "HTTP_CONTENT_LENGTH": "9"},
        "proxy": {"HTTP_PROXY": "evil", "HTTP_X_FORWARDED_HOST": "h"},
    }.items():
        out.wsgi(app, environ=environ, label=label)
