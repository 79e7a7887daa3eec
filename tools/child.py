"""Another program in this one's place: its bytes, its signals, its exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Hands what is sent to this process on to the whole group of the child: DVC itself ignores Ctrl-C while a stage
    runs, and a stage that is not told would outlive DVC.
    """

    def __init__(self) -> None:
        self.group: int | None = None
        self.seen: list[int] = []
        for number in STOPS:
            if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
                signal.signal(number, self.stop)
        signal.signal(signal.SIGTSTP, self.pause)

    def send(self, number: int) -> None:
        """Send a signal to the child's group, if there is one."""
        if self.group is not None:
            with suppress(ProcessLookupError):  # it has just ended
                os.killpg(self.group, number)

    def stop(self, number: int, _frame: object) -> None:
        """Hand on a signal that ends the child, and remember it."""
        self.seen.append(number)
        if self.group is None:
            sys.exit(128 + number)
        self.send(number)

    def pause(self, _number: int, _frame: object) -> None:
        """Ctrl-Z: stop the child and this process; go on together."""
        self.send(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self.send(signal.SIGCONT)


def repro(command: Sequence[str], told: Callable[[str], str | None]) -> int:
    """Run the command, its standard output passed on byte by byte; before each line, say on standard error what `told`
    answers to it. Its exit status; as of a shell, 128 and the signal's number where a signal has ended it.
    """
    signals = Signals()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0)
    signals.group, line = child.pid, b""
    try:
        while chunk := child.stdout.read1(1 << 16):
            for piece in chunk.splitlines(keepends=True):
                line += piece
                if line.endswith(b"\n"):
                    if said := told(line.decode("utf-8", "replace")):
                        print(said, file=sys.stderr, flush=True)
                    line = b""
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except BrokenPipeError:  # the reader has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        signals.stop(signal.SIGINT, None)
        child.stdout.close()
        child.wait()
        return 128 + signal.SIGPIPE
    status = child.wait()
    if status and signals.seen:
        print("==> interrupted; ./run goes on where it was", file=sys.stderr)
        return 128 + signals.seen[0]
    return status if status >= 0 else 128 - status
