"""Mends what a bad or a full disk has left in .dvc, before a build meets it.

    python -m tools.cache     what ./run does first

DVC believes a cached file that is read-only: a damaged one is removed, and with it what was checked out of it, so that
the stage runs again. And it stops for ever at a list of its locks that was cut off: that is removed too.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ruamel.yaml import YAML, YAMLError
from tqdm import tqdm

CACHE = Path(".dvc/cache/files/md5")
LOCKS = Path(".dvc/tmp/rwlock")  # who reads and writes what, as JSON; DVC itself forgets processes that have ended


def md5(path: Path) -> str:
    """The MD5 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def sound(path: Path) -> bool:
    """Whether a cached file has the content that its name promises."""
    return md5(path) == f"{path.parent.name}{path.name}".removesuffix(".dir")


def outputs(project: Path) -> Iterator[tuple[Path, str]]:
    """Every file that dvc.lock names, those inside its folders too where the cache lists them, with its hash."""
    try:
        lock = YAML(typ="safe", pure=True).load((project / "dvc.lock").read_bytes()) or {}
        stages = lock["stages"].values()
        entries = [(entry["path"], entry["md5"]) for stage in stages for entry in stage.get("outs", ())]
    except (OSError, YAMLError, KeyError, TypeError, AttributeError):
        return  # DVC says what is wrong with it
    for path, name in entries:
        yield project / path, name
        listing = project / CACHE / name[:2] / name[2:]
        if name.endswith(".dir") and listing.is_file() and sound(listing):
            for each in json.loads(listing.read_text(encoding="utf-8")):
                yield project / path / each["relpath"], each["md5"]


def mended(project: Path) -> list[Path]:
    """Remove what is damaged in the cache and the checked-out copies of it that are wrong too; the outputs that this
    concerns, or the cached files that no output of dvc.lock is. OSError where something cannot be read or removed.
    """
    files = [path for path in (project / CACHE).glob("[0-9a-f][0-9a-f]/*") if len(path.stem) == 30]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked = tqdm(pool.map(sound, files), "cache", len(files), unit=" files", file=sys.stderr, delay=3, leave=False)
        damaged = {f"{path.parent.name}{path.name}": path for path, good in zip(files, looked, strict=True) if not good}
    if not damaged:
        return []
    concerned = [(path, name) for path, name in outputs(project) if name in damaged]
    for path, name in concerned:
        if path.is_file() and md5(path) != name:
            path.unlink()
    for path in damaged.values():
        path.unlink()
    others = [path for name, path in damaged.items() if name not in {name for _, name in concerned}]
    return [path for path, _ in concerned] + others


def cut_off(path: Path) -> bool:
    """Whether a file is there and no JSON."""
    try:
        json.loads(path.read_bytes() or b"{}")
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return False


def main(project: Path) -> None:
    """Mend cache and locks of a project and say what was damaged."""
    locks = project / LOCKS
    if cut_off(locks):
        time.sleep(1)  # another DVC may be writing it
        if cut_off(locks):
            locks.unlink(missing_ok=True)
            print(f"==> {LOCKS}: was cut off by a full disk or a kill; removed", file=sys.stderr)
    if found := mended(project):
        told = ", ".join(path.relative_to(project).as_posix() for path in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        print(f"==> damaged in DVC's cache, removed and made again where it is needed: {told}{more}", file=sys.stderr)


if __name__ == "__main__":
    main(Path())
