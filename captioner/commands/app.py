"""`captioner app`: the web page, served on this machine."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from captioner.commands import source
from captioner.foundation.errors import InputError

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
    from captioner.application.captioner import Captioner
    from captioner.web.app import create_app
    from captioner.web.server import server

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is answered, not told
    opened, places = source.opened(given)
    captioner = Captioner.load(places, opened.settings)
    local = given.host in ("127.0.0.1", "localhost", "::1")
    app = create_app(captioner, opened.scores, opened.examples(12), local=local)
    try:
        made = server(app, given.host, given.port)
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise InputError(f"{given.host}:{given.port}: cannot listen there ({told}); choose another --port") from error
    if not local:
        print(f"warning: everyone who reaches {given.host} can use this page", file=sys.stderr)
    shown = f"[{given.host}]" if ":" in given.host else given.host
    taken = made.effective_listen[0][1] if hasattr(made, "effective_listen") else made.effective_port
    print(f"http://{shown}:{taken} (Ctrl-C ends it)", flush=True)
    try:
        made.run()
    finally:
        app.extensions["batcher"].close()
    return 0
