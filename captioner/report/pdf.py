"""A LaTeX document as PDF, by latexmk in a folder of its own; the bytes depend on the sources and TeX alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from captioner.foundation.errors import InputError
from captioner.report.latex import code_point

CHINESE = re.compile(r"\\chinese\{([^{}]*)\}")
FONTS = ("CJKutf8.sty", "gbsnu4e.pfb")  # of Debian's packages, which `./run` installs
PACKAGES = "latex-cjk-chinese latex-cjk-chinese-arphic-gbsn00lp"
PREAMBLE = "\\usepackage{CJKutf8}\n\\DeclareRobustCommand{\\chinese}[1]{\\begin{CJK*}{UTF8}{gbsn}#1\\end{CJK*}}\n"


def build(source: Path, inputs: Sequence[Path]) -> bytes:
    r"""The PDF of `source`, which finds `inputs` (files and folders) beside it by their names.

    Where a text has Chinese signs (``\chinese{...}``), `chinese.tex` lies beside it too, which defines the macro; where
    LaTeX has no font for them they are printed as code points, and a line on standard error says so.

    InputError where latexmk is missing, or where LaTeX stops: with its first errors, or the warnings that stopped it.
    """
    if shutil.which("latexmk") is None:
        raise InputError(
            "latexmk is not installed; install LaTeX (`./run` does, or: apt-get install latexmk "
            "texlive-latex-recommended texlive-pictures texlive-fonts-recommended), "
            "or build the rest with NO_PAPER=1 ./run"
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (source, *inputs):
            (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / path.name)
        _chinese(folder)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
        command = ["latexmk", "-norc", "-pdf", "-Werror", "-interaction=nonstopmode", "-halt-on-error", source.name]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
        if done.returncode:
            lines = done.stdout.splitlines()
            errors = [line for line in lines if line.startswith(("! ", "l."))]
            told = errors or [line for line in lines if "Warning" in line or "undefined" in line] or lines[-10:]
            raise InputError(f"{source}: LaTeX stopped (latexmk status {done.returncode})\n" + "\n".join(told[:10]))
        return (folder / source.name).with_suffix(".pdf").read_bytes()


def _chinese(folder: Path) -> None:
    """What the Chinese signs of the sources take, in the folder they are built in; nothing where there are none."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.tex"))}
    texts = {path: text for path, text in texts.items() if CHINESE.search(text)}
    if not texts:
        return
    if all(subprocess.run(["kpsewhich", name], capture_output=True).returncode == 0 for name in FONTS):
        (folder / "chinese.tex").write_text(PREAMBLE, encoding="utf-8")
        return
    print(
        f"warning: LaTeX has no font for Chinese, its signs stand as code points; install {PACKAGES}", file=sys.stderr
    )
    for path, text in texts.items():
        plain = CHINESE.sub(lambda found: "".join(map(code_point, found[1])), text)
        path.write_text(plain, encoding="utf-8")
