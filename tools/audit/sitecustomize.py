"""Python imports this at start wherever the folder stands in PYTHONPATH: it writes down what the process does that a
pipeline must answer for (files, sockets, pickles), in a file of its own in the folder that AUDIT_LOG names, which
bears the name of the stage that DVC runs. What no Python opens, such as safetensors in Rust, it does not see.
"""

import os
import sys

_seen: set[tuple[str, str]] = set()
_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def _told(event: str, args: tuple) -> tuple[str, str] | None:
    """The event's kind and what it is about; None for what nobody has to answer for."""
    if event == "open":
        path, mode, flags = args
        if not isinstance(path, (str, bytes)):  # a descriptor that is open already
            return None
        path = os.path.abspath(os.fsdecode(path))
        if flags & (os.O_WRONLY | os.O_RDWR) if mode is None else set(mode) & set("wax+"):
            return "write", path
        return ("read", path) if os.path.isfile(path) else None  # nor a folder, nor what is not there
    if event == "pickle.find_class":
        frame, last = sys._getframe(2), None
        while frame is not None and last is None:  # who unpickles
            name = frame.f_globals.get("__name__", "")
            last = name if name not in ("pickle", "_pickle", __name__) else None
            frame = frame.f_back
        return "pickle", f"{last} {args[0]}.{args[1]}"
    if event == "socket.__new__" and len(args) > 1:
        family = int(args[1])
        return ("socket", f"family {family}") if family not in (-1, 1) else None  # 1: within this machine (AF_UNIX)
    if event in _NETWORK:
        address = args[0] if event.startswith("socket.get") else args[1]
        local = isinstance(address, (str, bytes)) and not event.startswith("socket.get")  # a path: AF_UNIX
        return None if local else ("socket", f"{event} {address}")
    return None


def _start(folder: str) -> None:
    stage = os.environ.get("DVC_STAGE", "").rpartition(":")[2] or "-"
    log = os.open(os.path.join(folder, f"{os.getpid()}-{stage}.log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def hook(event: str, args: tuple) -> None:
        told = _told(event, args)
        if told is not None and told not in _seen:
            _seen.add(told)
            os.write(log, f"{told[0]}\t{told[1]}\n".encode("utf-8", "surrogateescape"))

    sys.addaudithook(hook)


if os.environ.get("AUDIT_LOG"):
    _start(os.environ["AUDIT_LOG"])
