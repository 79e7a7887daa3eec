"""Where the weights of a backbone come from: written beside them, so that no result hides it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError

FORMAT = 1
FILE = "origin.json"


@dataclass(frozen=True)
class Origin:
    """The kind of model, its name, the SHA-256 of its weights as they came, and who vouches for them."""

    kind: str  # which class loads the folder: "clip", "transformers" or "causal"
    name: str
    sha256: str
    vouched: str  # "trained here", "published by OpenAI", "hub, revision ..." or "a local file"

    def write(self, folder: Path) -> None:
        """Write the origin into a backbone's folder."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True, indent=1) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Origin:
        """The origin that a backbone's folder states; InputError where there is none of this format."""
        path = folder / FILE
        cure = "make the backbone again with `dvc repro`"
        document = read_json(path, "origin of a backbone", cure)
        if not isinstance(document, dict) or document.pop("format", None) != FORMAT:
            raise InputError(f"{path}: not of format {FORMAT}; {cure}")
        names = {field.name for field in fields(cls)}
        if set(document) != names or not all(isinstance(value, str) for value in document.values()):
            raise InputError(f"{path}: damaged (should hold the texts {', '.join(sorted(names))}); {cure}")
        return cls(**document)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(folder: Path) -> str:
    """One SHA-256 over the names and contents of the weights in a folder of transformers' format."""
    digest = hashlib.sha256()
    for pattern in ("*.safetensors", "*.bin"):
        for path in sorted(folder.glob(pattern)):
            digest.update(f"{path.name} {file_digest(path)}\n".encode())
    return digest.hexdigest()
