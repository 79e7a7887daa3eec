"""A page's application behind a real server on a free port, in a thread of the test's own process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from waitress import create_server


@contextmanager
def serving(application: Flask, threads: int) -> Iterator[str]:
    """The address of the application while it is served by so many threads."""
    served = create_server(application, host="127.0.0.1", port=0, threads=threads, ident=None)
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{served.effective_port}"
    served.trigger.pull_trigger(served.close)  # in its own thread, which then ends
    thread.join(10)
    if "batcher" in application.extensions:
        application.extensions["batcher"].close()
