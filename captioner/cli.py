"""The command `captioner`: captions for anyone's own pictures, and scores for anyone's captions."""

from __future__ import annotations

import argparse
import os
import sys

from captioner.commands import agreement, app, caption, evaluate, export, rate
from captioner.foundation.errors import InputError

COMMANDS = (caption, export, app, rate, agreement)


def parser() -> argparse.ArgumentParser:
    """The command's arguments; each subcommand's module adds its own and sets `run`, which returns the exit status."""
    whole = argparse.ArgumentParser("captioner", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    evaluate.add_commands(commands)
    return whole


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit; bad input ends it with one message and exit status 1."""
    given = parser().parse_args(arguments)
    if given.command in evaluate.COMMANDS:
        return evaluate.run(given)
    try:
        sys.exit(given.run(given))
    except InputError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads the results has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
