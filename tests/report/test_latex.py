"""Numbers, texts and tables as LaTeX; what depends on TeX itself is tried with TeX."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from captioner.report.latex import definitions, escaped, flattened, number, quoted, table

HOSTILE = r"100% of $5 & a_b {x} #1 ~ ^ \input{x} <b> | ก é" + "\x07\n end"


def pdflatex(tmp_path, body: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("pdflatex") is None:
        assert os.environ.get("REQUIRE_LATEX") != "1", "pdflatex is missing"
        pytest.skip("pdflatex is not installed")
    (tmp_path / "x.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}\usepackage{booktabs}"
        + "\n" + body, encoding="utf-8",
    )  # fmt: skip
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "x.tex"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (2.345, 2, "2.35"), (2.0, 2, "2.00"), (-1.25, 1, "$-$1.2"), (-0.001, 2, "0.00"), (None, 2, "--"), (0, 2, "0"),
        (19500, 2, r"19\,500"), (0.5, 0, "0"),
    ],
)  # fmt: skip
def test_number(value, digits, shown):
    assert number(value, digits) == shown


def test_flattened_results_keep_every_leaf():
    assert flattened({"a": {"b": 1, "c": {"d": None}}, "e": 2.5}) == {"a.b": 1, "a.c.d": None, "e": 2.5}


def test_quoted_prompts():
    assert quoted("") == quoted("  ") == "(no prompt)"
    assert quoted("A photo") == "``A photo''"


@pytest.mark.needs_latex
def test_any_text_prints(tmp_path):
    values = {"a.text": escaped(HOSTILE), "b": quoted(HOSTILE)}
    rows = [[quoted(HOSTILE), number(1.5)]]
    body = definitions(values) + table("mytable", "lr", ["Prompt", "score"], rows)
    done = pdflatex(tmp_path, body + r"\begin{document}\result{a.text} \result{b} \mytable\end{document}")
    assert done.returncode == 0, done.stdout[-2000:]
    if shutil.which("pdftotext"):
        told = subprocess.run(["pdftotext", "x.pdf", "-"], cwd=tmp_path, capture_output=True, text=True).stdout
        assert r"\input{x}" in told and "U+0E01" in told and "100%" in told


@pytest.mark.needs_latex
def test_an_unknown_key_stops_the_build(tmp_path):
    done = pdflatex(tmp_path, definitions({"a": "1"}) + r"\begin{document}\result{b}\end{document}")
    assert done.returncode != 0 and "no result of the key b" in done.stdout
