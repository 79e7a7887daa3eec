"""The font for signs that the figures' own fonts lack: Chinese, Japanese, Korean. It is found, not shipped."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

from matplotlib import font_manager

from captioner.foundation.errors import InputError

PACKAGE = "fonts-droid-fallback"  # Debian's, which `./run` installs
FILES = (  # by preference; the first is that package's
    "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "gbsn00lp.ttf",
    "NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.ttf",
)  # fmt: skip
FOLDERS = (*font_manager.X11FontDirectories, *font_manager.OSXFontDirectories)
WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")  # East Asian signs


@cache
def fallback() -> str | None:
    """The family of the first such font that is installed, made known to matplotlib; None where there is none."""
    folders = [folder for folder in map(Path, FOLDERS) if folder.is_dir()]
    for name in FILES:
        for folder in folders:
            for path in sorted(folder.rglob(name)):
                font_manager.fontManager.addfont(path)
                known = font_manager.fontManager.ttflist
                known.append(replace(known[-1], weight=700))  # its one weight stands for bold too
                return font_manager.FontProperties(fname=path).get_name()
    return None


def lacking(text: str) -> str | None:
    """What to tell where a text has signs for which no font is installed, or None."""
    if fallback() is None and (sign := WIDE.search(text)):
        return (
            f"no font for {sign[0]!r} is installed, a figure would show boxes; install one: apt-get install {PACKAGE}"
        )
    return None


def demand(text: str) -> None:
    """InputError where a text has signs for which no font is installed."""
    if problem := lacking(text):
        raise InputError(problem)
