"""Hashes by which a reader can tell whether he has the same data and models."""

from __future__ import annotations

import hashlib
from pathlib import Path


def fingerprint(path: Path) -> str:
    """SHA-256 of a file; of a folder, that of its files' names and hashes in order."""
    if path.is_dir():
        lines = [
            f"{file.relative_to(path).as_posix()} {fingerprint(file)}\n"
            for file in sorted(path.rglob("*"))
            if file.is_file()
        ]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions(requirements: str, names: tuple[str, ...]) -> dict[str, str]:
    """The pinned version of each package in the text of a requirements file; KeyError for one that is not pinned."""
    pinned = dict(line.split("==") for line in requirements.splitlines() if "==" in line)
    return {name: pinned[name] for name in names}
