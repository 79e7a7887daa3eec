"""Stage `paper`: the PDF, by latexmk in a folder of its own; about five seconds. The bytes depend on the sources
and TeX alone.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from captioner.foundation.errors import InputError
from stages import settings


def main() -> None:
    if shutil.which("latexmk") is None:
        raise InputError(
            "latexmk is not installed; install LaTeX (`./run` does, or: apt-get install latexmk "
            "texlive-latex-recommended texlive-pictures texlive-fonts-recommended), "
            "or build the rest with NO_PAPER=1 ./run"
        )
    inputs = [
        settings.source("paper_source"), settings.source("references"), settings.source("numbers"),
        settings.source("tables"), settings.source("figures"),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        build = Path(name)
        for path in inputs:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, build / path.name)
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
        command = ["latexmk", "-norc", "-pdf", "-Werror", "-interaction=nonstopmode", "-halt-on-error", inputs[0].name]
        done = subprocess.run(command, cwd=build, env=environment, capture_output=True, text=True, errors="replace")
        if done.returncode:
            lines = done.stdout.splitlines()
            errors = [line for line in lines if line.startswith(("! ", "l."))]
            told = errors or [line for line in lines if "Warning" in line or "undefined" in line] or lines[-10:]
            raise InputError(f"{inputs[0]}: LaTeX stopped (latexmk status {done.returncode})\n" + "\n".join(told[:10]))
        with settings.target("paper") as path:
            shutil.copyfile((build / inputs[0].name).with_suffix(".pdf"), path)


if __name__ == "__main__":
    settings.run(main)
