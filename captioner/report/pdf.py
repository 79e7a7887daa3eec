"""A LaTeX document as PDF, by latexmk in a folder of its own; the bytes depend on the sources and TeX alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from captioner.foundation.errors import InputError


def build(source: Path, inputs: Sequence[Path]) -> bytes:
    """The PDF of `source`, which finds `inputs` (files and folders) beside it by their names.

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
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
        command = ["latexmk", "-norc", "-pdf", "-Werror", "-interaction=nonstopmode", "-halt-on-error", source.name]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
        if done.returncode:
            lines = done.stdout.splitlines()
            errors = [line for line in lines if line.startswith(("! ", "l."))]
            told = errors or [line for line in lines if "Warning" in line or "undefined" in line] or lines[-10:]
            raise InputError(f"{source}: LaTeX stopped (latexmk status {done.returncode})\n" + "\n".join(told[:10]))
        return (folder / source.name).with_suffix(".pdf").read_bytes()
