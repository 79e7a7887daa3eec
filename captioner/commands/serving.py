"""A page of this project behind waitress: where it listens, and what is said of that."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


def port(text: str) -> int:
    """A TCP port; 0 takes a free one."""
    value = int(text)
    if not 0 <= value <= 65535:
        raise ValueError(text)
    return value


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments that name the address."""
    parser.add_argument("--port", type=port, default=8000, help="default: 8000; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: 127.0.0.1)")


def is_local(given: argparse.Namespace) -> bool:
    """Whether only this machine can reach the address."""
    return given.host in ("127.0.0.1", "localhost", "::1")


def serve(
    app: Flask, given: argparse.Namespace, held: int, begun: Callable[[str], None] = lambda address: None
) -> None:
    """Serve until interrupted; `held`: bytes of a request in memory; `begun` is told the address.

    InputError where nothing can listen there.
    """
    from captioner.web.server import server as made

    try:
        server = made(app, given.host, given.port, held)
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise InputError(f"{given.host}:{given.port}: cannot listen there ({told}); choose another --port") from error
    if not is_local(given):
        print(f"warning: everyone who reaches {given.host} can use this page", file=sys.stderr)
    shown = f"[{given.host}]" if ":" in given.host else given.host
    taken = server.effective_listen[0][1] if hasattr(server, "effective_listen") else server.effective_port
    address = f"http://{shown}:{taken}"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    begun(address)
    server.run()
