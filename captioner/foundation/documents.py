"""JSON and texts from outside, every fault of a file told as one error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from captioner.foundation.errors import InputError


def halved(text: str) -> bool:
    """Whether the text holds half a character (a lone surrogate), which no file and no tokeniser takes."""
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def read_json(path: Path, kind: str, cure: str) -> Any:
    """The content of a JSON file in UTF-8. InputError, naming the `kind` of file and its `cure`, for one that is
    missing, cannot be read, or holds something else, be it nested too deep or with numbers too long to read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such {kind}; {cure}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read as {kind} ({error.strerror}); {cure}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON in UTF-8, so damaged or no {kind} ({error}); {cure}") from error
