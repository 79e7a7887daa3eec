"""The command `captioner`: captions for anyone's own pictures, and scores for anyone's captions."""

from __future__ import annotations

import argparse
import os
import sys

from captioner.commands import agreement, app, caption, evaluate, export, optimise, provenance, rate
from captioner.foundation.errors import InputError

COMMANDS = (caption, export, app, optimise, provenance, rate, agreement)


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
    try:
        if given.command in evaluate.COMMANDS:
            return evaluate.run(given)
        sys.exit(given.run(given))
    except InputError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever reads the results has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except OSError as error:  # a path that this machine does not take: too long, not allowed, on a full disk
        sys.exit(f"error: {error.filename or 'input or output'}: {error.strerror or error}")
