"""The paper with a section on each further question: what it takes is there."""

from __future__ import annotations

import importlib
import re
import shutil
from pathlib import Path

import pytest
from committed import committed
from ruamel.yaml import YAML
from small_study import latex

from stages import settings

ROOT = Path(__file__).parents[2]
STAGE = YAML(typ="safe", pure=True).load((ROOT / "further/dvc.yaml").read_text(encoding="utf-8"))["stages"]["paper"]
PIPELINES = sorted(path.parent.name for path in (ROOT / "further").glob("*/dvc.yaml"))


def section(name: str) -> str:
    return (ROOT / "paper/further" / f"{name}.tex").read_text(encoding="utf-8")


def test_every_pipeline_has_its_section():
    listed = re.findall(r"\\input\{(\w+)\}", (ROOT / "paper/further.tex").read_text(encoding="utf-8"))
    assert sorted(listed) == PIPELINES
    assert sorted(path.stem for path in (ROOT / "paper/further").glob("*.tex")) == PIPELINES


@pytest.mark.parametrize("name", PIPELINES)
def test_a_section_takes_what_its_pipeline_has_written(name):
    text = section(name)
    files = re.findall(r"\\input\{([\w/]+)\}", text)
    written = "".join(committed(f"paper/generated/{file}.tex") for file in files)
    wanted = set(re.findall(rf"\\result\{{({name}\.\w+)\}}", text))
    assert wanted and wanted <= set(re.findall(rf"result@({name}\.\w+)\\", written))
    drawn = re.findall(r"\\includegraphics\[[^]]*\]\{([\w/]+)\}", text)
    assert drawn and all((ROOT / "paper/generated" / f"{figure}.pdf").is_file() for figure in drawn)
    macros = set(re.findall(r"\\newcommand\{\\(\w+)\}", written))
    assert macros and all(rf"\{macro}" in text for macro in macros)


@pytest.mark.needs_latex
@pytest.mark.skipif(not latex(), reason="LaTeX is not installed")
def test_the_paper_is_built(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "paper", tmp_path / "paper")
    shutil.copy(ROOT / "paths.yaml", tmp_path)
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    settings.document.cache_clear()
    try:
        importlib.import_module("further.paper").main()
    finally:
        settings.document.cache_clear()
    built, plain = ((tmp_path / "paper" / name).read_bytes() for name in ("further.pdf", "report.pdf"))
    assert built.startswith(b"%PDF") and len(built) > len(plain)
