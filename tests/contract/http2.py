"""One request of HTTP/2 in the clear, by prior knowledge (RFC 9113 §3.3), and its answer; flow control is honoured."""

from __future__ import annotations

import json
import socket
import typing as t

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from tests.contract.wire import HOST, Broken, Headers


class Answer(t.NamedTuple):
    """One response."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> t.Any:
        assert self.status == 200, self
        return json.loads(self.body)


def ask(
    port: int, patience: float, target: str, method: str = "GET", headers: Headers = (), body: bytes = b""
) -> Answer:
    """Send a request whose body has no announced length; its answer."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    pseudo = [(":method", method), (":scheme", "http"), (":authority", HOST), (":path", target)]
    with socket.create_connection(("127.0.0.1", port), patience) as wire:
        connection.initiate_connection()
        connection.send_headers(1, [*pseudo, *headers], end_stream=not body)
        status, received, pieces = 0, [], []
        while True:
            while body and (size := min(connection.local_flow_control_window(1), connection.max_outbound_frame_size)):
                connection.send_data(1, body[:size], end_stream=size >= len(body))
                body = body[size:]
            wire.sendall(connection.data_to_send())
            data = wire.recv(65536)
            if not data:
                raise Broken("the connection ended")
            try:
                events = connection.receive_data(data)
            except h2.exceptions.ProtocolError as error:
                raise Broken("this is no HTTP/2") from error
            for event in events:
                if isinstance(event, h2.events.ResponseReceived):
                    received = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
                    status = int(dict(received)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    pieces.append(event.data)
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, h2.events.StreamEnded):
                    return Answer(status, received, b"".join(pieces))
                elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    raise Broken(f"the stream ended: {event}")
