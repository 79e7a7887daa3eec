"""`captioner app`: the web page, served on this machine."""

from __future__ import annotations

import argparse
import logging
import os

from captioner.commands import serving, source

EXAMPLES = """examples:
  captioner app                                  then open http://127.0.0.1:8000
  captioner app --port 9000 --model scenes.captioner
  curl -F image=@cat.jpg -F prompt="A photo of" http://127.0.0.1:8000/api/caption

The page is for this machine alone unless --host names another address: then everyone who reaches it can use it.
Nothing that is uploaded is kept.

exit status: 0 ended by Ctrl-C, 1 not possible (the message says why), 2 wrong arguments
"""


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "app", help="a web page for your own pictures", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    serving.add(parser)
    source.add(parser)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Serve until interrupted."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from captioner.application.captioner import Captioner
    from captioner.web.app import MARGIN, create_app
    from captioner.web.uploads import MOST_BYTES

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a full queue is answered, not told
    opened, places = source.opened(given)
    captioner = Captioner.load(places, opened.settings)
    app = create_app(captioner, opened.scores, opened.examples(12), local=serving.is_local(given))
    try:
        serving.serve(app, given, MOST_BYTES + MARGIN)
    finally:
        app.extensions["batcher"].close()
    return 0
