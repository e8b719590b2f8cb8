"""What a protocol or a server cannot do, so that no application on it can: each with the words or the code that say so.

A limit is never ours. `test_limits.py` runs the same test against a function without a framework, on every server, and
wants it to fail exactly where a limit is recorded, or where the framework mends what the server does.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """Laws that do not hold on some servers."""

    tests: tuple[str, ...]
    servers: tuple[str, ...]
    reason: str
    source: str
    mended: tuple[str, ...] = ()
    """Servers that have the limit as well, but the framework makes up for it."""
    is_certain: bool = True
    """Whether the law is sure to fail; where time decides it may hold by chance on a machine that is busy."""

    def is_met_by(self, file: str, function: str, server: str) -> bool:
        """Whether it is one of these tests, on a server where it cannot hold."""
        return f"{file}::{function}" in self.tests and server in self.servers

    def __str__(self) -> str:
        return f"{self.reason} ({self.source})"


WERKZEUG = "https://github.com/pallets/werkzeug/blob/3.1.3/src/werkzeug/serving.py"
GRANIAN = "https://github.com/emmett-framework/granian"
GRANIAN_CODE = f"{GRANIAN}/blob/master/src"
RSGI = f"{GRANIAN}/blob/master/docs/spec/RSGI.md"
UVICORN = "https://github.com/Kludex/uvicorn"
DAPHNE = "https://github.com/django/daphne/blob/main/daphne/http_protocol.py"
WAITRESS = "https://github.com/Pylons/waitress/blob/main/src/waitress"

LIMITS = (
    Limit(
        (
            "test_http2.py::test_request",
            "test_http2.py::test_cookies",
            "test_http2.py::test_body_without_a_length",
            "test_http2.py::test_stream",
        ),
        ("werkzeug", "gunicorn", "waitress", "uvicorn-h11", "uvicorn-httptools", "daphne"),
        "HTTP/2 is not spoken in the clear.",
        "https://www.rfc-editor.org/rfc/rfc9113#section-3.3",
    ),
    Limit(
        ("test_connections.py::test_connection_is_kept", "test_connections.py::test_requests_in_one_packet"),
        ("werkzeug",),
        "The development server ends the connection after each answer, and says so.",
        WERKZEUG,
    ),
    Limit(
        (
            "test_root_path.py::test_path_and_root_path",
            "test_root_path.py::test_urls_are_made_below",
            "test_root_path.py::test_redirects_stay_below",
            "test_root_path.py::test_session_cookie_is_for_the_app",
        ),
        ("werkzeug",),
        "The development server cannot be told a root path.",
        "https://werkzeug.palletsprojects.com/en/stable/serving/#werkzeug.serving.run_simple",
    ),
    Limit(
        ("test_headers.py::test_repeated_cookie",),
        ("werkzeug", "gunicorn", "waitress"),
        "Repeated lines are joined with a comma, which separates no cookies. A client of HTTP/1.1 sends one line.",
        "https://www.rfc-editor.org/rfc/rfc6265#section-5.4",
    ),
    Limit(
        ("test_streams.py::test_stream_to_an_old_client",),
        ("werkzeug",),
        "Whether to send chunks is decided by the server's own version of HTTP, not by the client's.",
        WERKZEUG,
    ),
    Limit(
        ("test_streams.py::test_stream_to_an_old_client",),
        ("uvicorn-httptools",),
        "A stream without a length is sent in chunks to every client.",
        f"{UVICORN}/pull/1360",
    ),
    Limit(
        ("test_uploads.py::test_trailers",),
        ("werkzeug",),
        "Trailers are taken for the broken end of a chunk: reading the body fails.",
        WERKZEUG,
    ),
    Limit(
        ("test_uploads.py::test_trailers",),
        ("uvicorn-httptools",),
        "Trailers that come together with the rest are added to the headers before the application sees them. "
        "A proxy that drops trailers, or uvicorn's `--http h11`, keeps them apart.",
        f"{UVICORN}/blob/main/uvicorn/protocols/http/httptools_impl.py",
    ),
    Limit(
        ("test_request.py::test_absolute_target",),
        ("uvicorn-h11", "hypercorn", "daphne"),
        "A target that is a URL is handed on whole as the path. Clients send it to proxies only.",
        "https://asgi.readthedocs.io/en/stable/specs/www.html#http-connection-scope",
    ),
    Limit(
        ("test_responses.py::test_head_of_a_stream",),
        ("waitress",),
        "The mark that ends chunks is sent after HEAD as well; the connection is then ended.",
        f"{WAITRESS}/task.py",
    ),
    Limit(
        (
            "test_uploads.py::test_length_above_the_limit",
            "test_uploads.py::test_chunks_above_the_limit_as_they_arrive",
            "test_uploads.py::test_view_starts_before_the_body_is_there",
            "test_uploads.py::test_client_gone_from_an_upload",
            "test_async.py::test_stream_starts_before_the_body_is_there",
        ),
        ("waitress",),
        "The application is called when all of the body has come; its size is limited by `--max-request-body-size`.",
        "https://docs.pylonsproject.org/projects/waitress/en/stable/design.html",
    ),
    Limit(
        (
            "test_uploads.py::test_length_above_the_limit",
            "test_uploads.py::test_chunks_above_the_limit_as_they_arrive",
            "test_uploads.py::test_view_starts_before_the_body_is_there",
            "test_uploads.py::test_client_gone_from_an_upload",
            "test_async.py::test_stream_starts_before_the_body_is_there",
        ),
        ("daphne",),
        "The application is called when all of the body has come.",
        DAPHNE,
    ),
    Limit(
        ("test_uploads.py::test_client_gone_from_an_upload", "test_uploads.py::test_half_a_body_is_never_a_whole_one"),
        (),
        "The server says by `wsgi.input_terminated` that it ends the body, and does so where the connection ended.",
        "https://github.com/benoitc/gunicorn/issues/3234",
        mended=("gunicorn", "granian-wsgi"),
    ),
    Limit(
        ("test_uploads.py::test_half_of_the_chunks_are_never_all",),
        ("granian-wsgi",),
        "That chunks broke off looks as their end does.",
        f"{GRANIAN_CODE}/wsgi/types.rs",
        mended=("granian-rsgi",),
    ),
    Limit(
        ("test_headers.py::test_underscore_in_request_header", "test_headers.py::test_underscore_beside_hyphen"),
        ("granian-wsgi",),
        "Names with an underscore become the variables of those with a hyphen. Let a proxy drop them, or serve by ASGI "
        "or RSGI.",
        f"{GRANIAN_CODE}/wsgi/callbacks.rs",
    ),
    Limit(
        ("test_headers.py::test_latin_1_in_request_header", "test_headers.py::test_utf_8_in_request_header"),
        ("granian-wsgi", "granian-rsgi"),
        "A value that is not ASCII is not passed on.",
        f"{GRANIAN}/issues/335",
    ),
    Limit(
        ("test_headers.py::test_latin_1_in_response_header",),
        ("granian-wsgi", "granian-rsgi"),
        "A value that is not ASCII goes out as UTF-8.",
        f"{GRANIAN_CODE}/wsgi/io.rs",
    ),
    Limit(
        ("test_middleware.py::test_write",),
        ("granian-wsgi",),
        "`start_response` returns no callable to write with.",
        f"{GRANIAN}/blob/master/granian/wsgi.py",
    ),
    Limit(
        ("test_request.py::test_raw_target",),
        ("granian-wsgi",),
        "The environment has the decoded path only.",
        "https://peps.python.org/pep-3333/#environ-variables",
    ),
    Limit(
        ("test_request.py::test_raw_target",),
        ("granian-rsgi",),
        "The scope has the decoded path only.",
        f"{GRANIAN_CODE}/rsgi/types.rs",
    ),
    Limit(
        ("test_request.py::test_client_port",),
        ("granian-wsgi",),
        "The environment has the client's address without its port.",
        "https://peps.python.org/pep-3333/#environ-variables",
    ),
    Limit(
        ("test_request.py::test_server_address_without_host",),
        ("granian-wsgi",),
        "A Host that was not sent arrives as an empty one.",
        f"{GRANIAN_CODE}/wsgi/callbacks.rs",
    ),
    Limit(
        ("test_request.py::test_server_address_without_host",),
        ("granian-asgi",),
        "A Host that was not sent arrives as an empty one.",
        f"{GRANIAN_CODE}/asgi/utils.rs",
    ),
    Limit(
        ("test_request.py::test_version",),
        ("granian-wsgi",),
        "HTTP/1.0 is called `HTTP/1`.",
        f"{GRANIAN_CODE}/wsgi/callbacks.rs",
        mended=("granian-asgi", "granian-rsgi"),
    ),
    Limit(
        ("test_streams.py::test_broken_stream", "test_async.py::test_broken_stream"),
        ("granian-wsgi",),
        "A stream that fails ends as any other: neither protocol has a sign for it.",
        f"{GRANIAN_CODE}/wsgi/io.rs",
        mended=("granian-rsgi",),
    ),
    Limit(
        ("test_streams.py::test_broken_stream", "test_async.py::test_broken_stream"),
        ("daphne",),
        "After a stream that fails the connection is neither ended nor used again; the client waits.",
        DAPHNE,
    ),
    Limit(
        ("test_streams.py::test_slow_reader", "test_async.py::test_slow_reader"),
        ("daphne",),
        "Sending never waits for the client: what it does not read is kept in memory.",
        DAPHNE,
        is_certain=False,
    ),
    Limit(
        ("test_streams.py::test_slow_reader", "test_async.py::test_slow_reader"),
        ("granian-rsgi",),
        "Sending never waits for the client: what it does not read is kept in memory. By WSGI and ASGI it waits.",
        f"{GRANIAN_CODE}/rsgi/io.rs",
        is_certain=False,
    ),
    Limit(
        ("test_websockets.py::test_headers_of_acceptance",),
        ("granian-asgi",),
        "Headers that are given when a WebSocket is accepted are not sent.",
        f"{GRANIAN_CODE}/asgi/io.rs",
    ),
    Limit(
        ("test_websockets.py::test_body_of_a_refusal",),
        ("granian-rsgi",),
        "A refusal has a status and no body.",
        RSGI,
    ),
    Limit(
        ("test_websockets.py::test_subprotocol", "test_websockets.py::test_headers_of_acceptance"),
        ("granian-rsgi",),
        "A WebSocket is accepted without headers or a subprotocol; asking for one raises an error that says so.",
        RSGI,
    ),
    Limit(
        (
            "test_websockets.py::test_closing_code",
            "test_websockets.py::test_end",
            "test_websockets.py::test_code_of_a_failure",
        ),
        ("granian-rsgi",),
        "A WebSocket is closed without a code; asking for one raises an error that says so.",
        RSGI,
    ),
    Limit(
        ("test_async.py::test_client_gone_from_a_waiting_view",),
        ("werkzeug", "gunicorn", "waitress", "granian-wsgi"),
        "The protocol does not tell that the client has gone; it is noticed by sending.",
        "https://peps.python.org/pep-3333/#specification-details",
    ),
)
