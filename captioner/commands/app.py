"""`captioner app`: the web page, served on this machine."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from captioner.commands import source
from captioner.foundation.errors import InputError

THREADS = 48  # more than requests may wait, so that one more is told so at once
CONNECTIONS = 100
EXAMPLES = """examples:
  captioner app                                  then open http://127.0.0.1:8000
  captioner app --port 9000 --model scenes.captioner
  curl -F image=@cat.jpg -F prompt="A photo of" http://127.0.0.1:8000/api/caption

The page is for this machine alone unless --host names another address: then everyone who reaches it can use it.
Nothing that is uploaded is kept.

exit status: 0 ended by Ctrl-C, 1 not possible (the message says why), 2 wrong arguments
"""


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    value = int(text)
    if not 0 <= value <= 65535:
        raise ValueError(text)
    return value


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "app", help="a web page for your own pictures", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--port", type=port, default=8000, help="default: 8000; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1)")
    source.add(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Serve until interrupted."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from waitress import create_server

    from captioner.application.captioner import Captioner
    from captioner.web.app import MARGIN, create_app
    from captioner.web.uploads import MOST_BYTES

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is answered, not told
    opened, places = source.opened(given)
    captioner = Captioner.load(places, opened.settings)
    local = given.host in ("127.0.0.1", "localhost", "::1")
    app = create_app(captioner, opened.scores, opened.examples(12), local=local)
    held = MOST_BYTES + MARGIN  # bytes of a request in memory; a larger one is read, refused and forgotten
    try:
        server = create_server(
            app, host=given.host, port=given.port, threads=THREADS, connection_limit=CONNECTIONS, channel_timeout=30,
            cleanup_interval=10, max_request_body_size=8 * held, inbuf_overflow=held, ident=None,
            clear_untrusted_proxy_headers=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise InputError(f"{given.host}:{given.port}: cannot listen there ({told}); choose another --port") from error
    if not local:
        print(f"warning: everyone who reaches {given.host} can use this page", file=sys.stderr)
    shown = f"[{given.host}]" if ":" in given.host else given.host
    taken = server.effective_listen[0][1] if hasattr(server, "effective_listen") else server.effective_port
    print(f"http://{shown}:{taken} (Ctrl-C ends it)", flush=True)
    try:
        server.run()
    finally:
        app.extensions["batcher"].close()
    return 0
