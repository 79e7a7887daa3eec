"""Which image belongs to which split."""

import json

from stages import settings


def splits() -> dict[str, list[int]]:
    """The images of train, val, test and novel by id."""
    return json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
