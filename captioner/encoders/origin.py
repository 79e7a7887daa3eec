"""Where the weights of a backbone come from: written beside them, so that no result hides it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

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
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document.pop("format") == FORMAT:
                return cls(**document)
        except FileNotFoundError as error:
            raise InputError(f"{path}: not found, so this is no backbone; make it with `dvc repro`") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: damaged ({error}); make the backbone again with `dvc repro`") from error
        raise InputError(f"{path}: not of format {FORMAT}; make the backbone again with `dvc repro`")


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
