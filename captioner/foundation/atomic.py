"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from captioner.foundation.errors import InputError

ALMOST_NOTHING = 64 * 1024  # bytes; a disk with less is full


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, with the same suffix, renamed to it when the block ends well and removed if not.

    The block writes a file or makes a folder there. InputError where the disk is full; other errors pass through.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    _remove(partial)  # what a killed run may have left
    try:
        with disk_errors(path):
            yield partial
            if path.is_dir():
                shutil.rmtree(path)
            os.replace(partial, path)
    finally:
        _remove(partial)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """InputError where the block fails because the disk of `path` is full; other errors pass through."""
    try:
        yield
    except Exception as error:  # whatever a writer of files makes of a full disk; all else goes on as it is
        told = os.strerror(errno.ENOSPC) in str(error)  # safetensors' own kind of error
        full = told or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT))
        disk = shutil.disk_usage(path.parent)  # of no size where the kernel only shows itself, as in /proc
        if full or (not isinstance(error, InputError) and disk.total > 0 and disk.free < ALMOST_NOTHING):
            message = f"{path}: the disk is full; free some space and run again (nothing half-written stays)"
            raise InputError(message) from error
        raise
