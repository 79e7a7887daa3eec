"""The study's paper, by itself or with sections that lie beside it."""

from pathlib import Path

from captioner.report.pdf import build
from stages import settings


def paper(*beside: Path) -> bytes:
    """The PDF; its source takes in what it finds of the files and folders `beside`."""
    inputs = [
        settings.source("references"),
        settings.source("numbers"),
        settings.source("tables"),
        settings.source("figures"),
    ]
    return build(settings.source("paper_source"), [*inputs, *beside])
