"""The HTTP server under the page: waitress, whose own refusals look like the page's, and no request that never ends."""

from __future__ import annotations

import json
import time

from flask import Flask
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer
from waitress.task import ErrorTask

from captioner.web.protection import HEADERS

THREADS = 48  # more than requests may wait, so that one more is told so at once
CONNECTIONS = 100
IDLE = 30  # seconds without a byte after which a connection is closed
ARRIVAL = 60  # seconds in which a request has to arrive whole


class Refusal(ErrorTask):
    """What waitress itself refuses (no HTTP, too large a header or body), with the page's headers, as JSON."""

    def execute(self) -> None:
        error = self.request.error
        body = json.dumps({"error": f"the request is not served ({error.reason.lower()})"}).encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *HEADERS.items()]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):
    """A connection that is closed where a request has not arrived whole in time, however many bytes drip in."""

    error_task_class = Refusal
    begun: float | None = None  # when the request that is arriving began

    def received(self, data: bytes) -> bool:
        taken = super().received(data)
        if self.request is None:
            self.begun = None
        elif self.begun is None:
            self.begun = time.monotonic()
        return taken

    def readable(self) -> bool:
        if self.begun is not None and time.monotonic() - self.begun > self.server.arrival:
            self.will_close = True
        return super().readable()


def server(
    app: Flask, host: str, port: int, held: int, threads: int = THREADS, arrival: float = ARRIVAL
) -> BaseWSGIServer | MultiSocketServer:
    """A server of this application.

    `held`: bytes of a request that are kept in memory; a larger one is read, refused and forgotten. `arrival`: seconds
    in which a request has to arrive whole. OSError or ValueError where it cannot listen at this address.
    """
    sockets: dict[int, object] = {}
    made = create_server(
        app, map=sockets, host=host, port=port, threads=threads, connection_limit=CONNECTIONS, channel_timeout=IDLE,
        cleanup_interval=10, max_request_body_size=8 * held, inbuf_overflow=held, ident=None,
        clear_untrusted_proxy_headers=True,
    )  # fmt: skip
    for each in list(sockets.values()):
        if isinstance(each, BaseWSGIServer):  # one an address of the host's name
            each.channel_class, each.arrival = Channel, arrival
    return made
