"""Umlauts and Chinese are really drawn: every sign with a glyph of its own, in figures and in LaTeX."""

from __future__ import annotations

import io
import os
import shutil
import subprocess

import pytest
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties, findfont

from captioner.foundation.errors import InputError
from captioner.languages.known import LANGUAGES
from captioner.report import fonts, theme
from captioner.report.latex import escaped

CHINESE = "这张照片里有一辆红色的汽车，这是什么？"
GERMAN = "Grüne Äpfel auf einer Straße"
NO_FONT = "no font for Chinese is installed: apt-get install fonts-droid-fallback"
with_font = pytest.mark.skipif(fonts.fallback() is None, reason=NO_FONT)


@theme.themed
def figure_of(text: str):
    figure = theme.column_figure(0.6)
    figure.text(0.05, 0.5, text)
    return figure


def pdf_of(text: str, folder) -> bytes:
    theme.write(figure_of(text), folder / "x.pdf")
    return (folder / "x.pdf").read_bytes()


@with_font
def test_the_font_has_every_sign_of_the_chinese_grammar():
    path = findfont(FontProperties(family=fonts.fallback()), fallback_to_default=False)
    glyphs = TTFont(path, fontNumber=0).getBestCmap()
    signs = {sign for text in (*LANGUAGES["zh"].texts(), *LANGUAGES["zh"].openings, "，。、？") for sign in text}
    assert not {sign for sign in signs if glyphs.get(ord(sign), ".notdef") == ".notdef"}


@pytest.mark.slow
@with_font
def test_a_figure_draws_each_sign(tmp_path):
    """Its text can be read back, and the embedded font has an outline for each Chinese sign."""
    pypdf = pytest.importorskip("pypdf", reason="pip install --no-deps -r tests/requirements.txt")
    page = pypdf.PdfReader(io.BytesIO(pdf_of(f"{GERMAN}: {CHINESE}", tmp_path))).pages[0]
    assert page.extract_text().strip() == f"{GERMAN}: {CHINESE}"
    outlines = 0
    for font in page["/Resources"]["/Font"].values():
        font = font.get_object()
        below = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        if "STIX" in font["/BaseFont"]:
            continue
        embedded = TTFont(io.BytesIO(below["/FontDescriptor"]["/FontFile2"].get_data()))
        outlines += sum(
            embedded["glyf"][name].numberOfContours > 0 for name in embedded.getGlyphOrder() if name != ".notdef"
        )
    assert outlines >= len(set(CHINESE))


@with_font
def test_the_font_changes_no_figure_without_such_signs(tmp_path, monkeypatch):
    given = pdf_of(GERMAN, tmp_path)
    monkeypatch.setattr(theme, "fallback", lambda: None)
    assert pdf_of(GERMAN, tmp_path) == given


def test_a_missing_font_is_one_error(monkeypatch):
    monkeypatch.setattr(fonts, "fallback", lambda: None)
    fonts.demand(GERMAN)
    with pytest.raises(InputError, match=r"no font for '这' is installed.*apt-get install fonts-droid-fallback"):
        fonts.demand(f"{GERMAN} {CHINESE}")


def test_chinese_in_latex_stands_in_its_macro():
    assert escaped("Äpfel & 这张，有 x。") == r"Äpfel \& \chinese{这张，有} x\chinese{。}"
    assert escaped("") == ""


@pytest.mark.needs_latex
def test_a_pdf_prints_each_sign(tmp_path):
    """With CJKutf8, as the papers load it: the text can be read back from the PDF."""
    pypdf = pytest.importorskip("pypdf", reason="pip install --no-deps -r tests/requirements.txt")
    found = shutil.which("kpsewhich") and subprocess.run(
        ["kpsewhich", "CJKutf8.sty", "gbsnu4e.pfb"], capture_output=True
    )
    if not found or found.returncode:
        assert os.environ.get("REQUIRE_LATEX") != "1", "CJKutf8 with the font gbsn is missing"
        pytest.skip("CJKutf8 with the font gbsn is not installed: apt-get install latex-cjk-chinese-arphic-gbsn00lp")
    (tmp_path / "x.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{mathptmx,CJKutf8}"
        r"\newcommand{\chinese}[1]{\begin{CJK*}{UTF8}{gbsn}#1\end{CJK*}}\begin{document}"
        + escaped(f"{GERMAN}: {CHINESE}") + r"\end{document}", encoding="utf-8",
    )  # fmt: skip
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    text = pypdf.PdfReader(tmp_path / "x.pdf").pages[0].extract_text()
    assert f"{GERMAN}: {CHINESE}" in text.replace("\n", "")
