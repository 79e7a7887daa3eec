"""Downloads that are resumed after a break and appear whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from tqdm import tqdm

from captioner.foundation.atomic import disk_errors
from captioner.foundation.errors import InputError

CONNECT, READ = 10.0, 30.0  # seconds without an answer
CHUNK = 1 << 16  # bytes; what has arrived of a chunk is lost when the connection breaks
ATTEMPTS = 4  # in a row without a single new byte


@dataclass(frozen=True)
class Remote:
    """A file on a server: `size` in bytes and `digest` ("sha256:..." or "md5:...") where they are known beforehand."""

    url: str
    size: int | None
    digest: str | None


class _Broken(Exception):
    """The connection broke; what has arrived so far is kept."""


def fetch(remote: Remote, path: Path, cure: str, timeout: tuple[float, float] = (CONNECT, READ)) -> Path:
    """The file at `path`, downloaded if it is not there; checked for size and digest before it takes its name.

    What a break leaves (`.NAME.part`) is gone on with by an HTTP range request, if the server still has the same file.
    InputError, naming the address and `cure` (which parameter takes a local copy), where it cannot be had or is
    another file. A second process that wants the same file waits for the first.
    """
    if path.is_file() and remote.size in (None, path.stat().st_size):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part, state = (path.with_name(f".{path.name}.{end}") for end in ("part", "json"))
    with _locked(path.with_name(f".{path.name}.lock")), disk_errors(path):
        if path.is_file() and remote.size in (None, path.stat().st_size):
            return path
        idle = 0
        while True:
            before = _size(part)
            try:
                _continue(remote, part, state, cure, timeout)
                break
            except _Broken as error:
                idle = 0 if _size(part) > before else idle + 1
                if idle == ATTEMPTS:
                    raise InputError(
                        f"{path}: the download from {remote.url} broke off after {_size(part):,} bytes ({error}); what "
                        f"has arrived is kept, the same command goes on there; or {cure}"
                    ) from error
                time.sleep(min(0.2 * 2**idle, 2.0))
        _check(remote, part, state, path, cure)
        os.replace(part, path)
        state.unlink(missing_ok=True)
    return path


def reach(url: str, cure: str, timeout: float = CONNECT) -> None:
    """Nothing, if the file is at its address; else InputError within seconds, naming the address and `cure`."""
    try:
        answer = requests.head(url, timeout=timeout, allow_redirects=True)
    except requests.RequestException as error:
        raise _unreached(url, _reason(error), cure) from error
    if answer.status_code >= 400:
        raise _unreached(url, f"the server says {answer.status_code} {answer.reason}", cure)


def _unreached(url: str, reason: str, cure: str) -> InputError:
    name = url.rpartition("/")[2]
    return InputError(f"{name} is missing, and {url}, where it is normally fetched from, fails ({reason}); {cure}")


def _reason(error: Exception) -> str:
    cause: BaseException | None = error
    told = type(error).__name__
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            told = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return f"no connection: {told}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _continue(remote: Remote, part: Path, state: Path, cure: str, timeout: tuple[float, float]) -> None:
    """One request for what is still missing, appended to `part`; _Broken where the connection ends too early."""
    known = json.loads(state.read_text(encoding="utf-8")) if state.exists() and part.exists() else {}
    have = _size(part) if known.get("url") == remote.url and known.get("mark") else 0
    if have and have == known.get("size"):
        return
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known["mark"]}
    try:
        with requests.get(remote.url, headers=headers, stream=True, timeout=timeout) as answer:
            if answer.status_code >= 500:
                raise _Broken(f"the server says {answer.status_code} {answer.reason}")
            if answer.status_code >= 400:
                raise _unreached(remote.url, f"the server says {answer.status_code} {answer.reason}", cure)
            if answer.status_code != 206:
                have = 0  # the whole file: no ranges here, or another file than before
            length = answer.headers.get("Content-Length")
            size = have + int(length) if length else remote.size
            if remote.size is not None and size != remote.size:
                raise _unreached(remote.url, f"{size:,} bytes there, {remote.size:,} expected", cure)
            mark = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
            if mark and mark.startswith("W/"):
                mark = None  # a weak mark does not promise the same bytes
            state.write_text(json.dumps({"url": remote.url, "mark": mark, "size": size}), encoding="utf-8")
            with (
                part.open("ab" if have else "wb") as file,
                tqdm(
                    total=size, initial=have, desc=remote.url.rpartition("/")[2], unit="B", unit_scale=True,
                    unit_divisor=1024, mininterval=1.0,
                ) as progress,
            ):  # fmt: skip
                for chunk in answer.iter_content(CHUNK):
                    file.write(chunk)
                    progress.update(len(chunk))
    except requests.ConnectionError as error:
        if not _size(part):
            raise _unreached(remote.url, _reason(error), cure) from error
        raise _Broken(_reason(error)) from error
    except requests.RequestException as error:
        raise _Broken(_reason(error)) from error
    if size is not None and _size(part) < size:
        raise _Broken("the connection was closed early")


def _check(remote: Remote, part: Path, state: Path, path: Path, cure: str) -> None:
    """InputError, and nothing left, where the whole download is not the expected file."""
    wrong = remote.size is not None and _size(part) != remote.size
    if remote.digest and not wrong:
        kind, _, wanted = remote.digest.partition(":")
        with part.open("rb") as file:
            wrong = hashlib.file_digest(file, kind).hexdigest() != wanted
    if wrong:
        part.unlink()
        state.unlink(missing_ok=True)
        raise InputError(
            f"{path}: what {remote.url} gave is not the expected file (size or {remote.digest or 'size'} differs) and "
            f"was removed; run again, or {cure}"
        )
