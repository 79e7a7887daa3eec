"""Papers with Chinese texts: by CJKutf8 where LaTeX has it, as code points elsewhere, and nothing of it in English."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from captioner.report import pdf
from captioner.report.latex import definitions, escaped, quoted
from captioner.report.paper_tables import shortened

PAPER = (
    r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{mathptmx}"
    r"\InputIfFileExists{chinese.tex}{}{}\usepackage[hidelinks]{hyperref}\input{numbers}\begin{document}\section{S}"
    r"\begin{table}\caption{With \result{prompt}.}\end{table}\result{prompt}\end{document}"
)


def sources(folder: Path, text: str) -> tuple[Path, Path]:
    """A paper that prints a prompt in its text and in a caption."""
    (folder / "numbers.tex").write_text(definitions({"prompt": quoted(text)}), encoding="utf-8")
    (folder / "paper.tex").write_text(PAPER, encoding="utf-8")
    return folder / "paper.tex", folder / "numbers.tex"


def read(content: bytes) -> str:
    pypdf = pytest.importorskip("pypdf", reason="pip install --no-deps -r tests/requirements.txt")
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.fixture
def latex():
    if shutil.which("latexmk") is None:
        assert os.environ.get("REQUIRE_LATEX") != "1", "latexmk is missing"
        pytest.skip("latexmk is not installed")


def test_signs_of_the_font_stand_in_the_macro_and_others_as_code_points():
    assert escaped("é 照片ก，x ę") == r"é \chinese{照片}{\footnotesize U+0E01}\chinese{，}x ę"
    assert escaped("國") == r"{\footnotesize U+570B}"  # traditional: gbsn has none


def test_a_chinese_prompt_is_cut_where_it_is_wide():
    assert shortened("照" * 17) == rf"``\chinese{{{'照' * 17}}}''"
    assert shortened("照" * 18) == rf"``\chinese{{{'照' * 17}}} ...''"
    assert shortened("A photo of it, that has many words") == "``A photo of it, that has many words''"
    assert shortened("A photo of it, that has many words.") == "``A photo of it, that has many ...''"


@pytest.mark.needs_latex
def test_without_a_font_the_paper_prints_code_points_and_says_so(latex, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pdf, "FONTS", ("no-such-font.pfb",))
    source, numbers = sources(tmp_path, "这 ß")
    content = pdf.build(source, [numbers])
    assert "install latex-cjk-chinese" in capsys.readouterr().err
    assert read(content).count("U+8FD9 ß") == 2


@pytest.mark.needs_latex
def test_with_a_font_the_paper_prints_the_signs(latex, tmp_path):
    found = subprocess.run(["kpsewhich", *pdf.FONTS], capture_output=True)
    if found.returncode:
        assert os.environ.get("REQUIRE_LATEX") != "1", "CJKutf8 with the font gbsn is missing"
        pytest.skip(f"no font for Chinese in LaTeX: apt-get install {pdf.PACKAGES}")
    source, numbers = sources(tmp_path, "这张照片里有 Straße")
    told = read(pdf.build(source, [numbers]))
    assert told.count("这张照片里有 Straße") == 2


@pytest.mark.needs_latex
def test_fonts_change_nothing_in_a_paper_without_chinese(latex, tmp_path, monkeypatch, capsys):
    source, numbers = sources(tmp_path, "Ein Foto einer Straße")
    given = pdf.build(source, [numbers])
    monkeypatch.setattr(pdf, "FONTS", ("no-such-font.pfb",))
    assert pdf.build(source, [numbers]) == given and capsys.readouterr().err == ""
