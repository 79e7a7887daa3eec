"""Names of folders for what is computed once: a hash of code and inputs, so that nothing stale is taken up."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def keyed(name: str, root: Path, code: Sequence[str], *values: object) -> str:
    """The name of a folder for a computation, `name` and a hash: of the modules that are loaded from these folders of
    `root`, and of the values, where a path stands for the content of its file or folder.
    """
    digest = hashlib.sha256(name.encode())
    modules = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    folders = [root / folder for folder in code]
    for path in sorted(Path(file) for file in modules if file and any(map(Path(file).is_relative_to, folders))):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    for value in values:
        if isinstance(value, Path):
            for path in sorted(value.rglob("*")) if value.is_dir() else [value]:
                digest.update(hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"")
        else:
            digest.update(json.dumps(value, sort_keys=True).encode())
    return f"{name}-{digest.hexdigest()[:16]}"
