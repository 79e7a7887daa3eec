"""Numbers and tables for LaTeX: every number by its key, rounded in one place, texts escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
}  # fmt: skip


_LETTERS = frozenset("ĂăĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŠšŢţŤťŮůŰűŸŹźŻżŽž\u2018\u2019“”\u2013—…«»¡¿")  # of T1


def escaped(text: str) -> str:
    r"""Any text as LaTeX that prints it: Chinese signs within ``\chinese{...}``, which `captioner.report.pdf` defines,
    a sign that the paper's fonts lack as its code point, U+0E01.
    """
    runs = groupby(text, chinese)
    return "".join(rf"\chinese{{{''.join(run)}}}" if wide else "".join(map(_sign, run)) for wide, run in runs)


def chinese(sign: str) -> bool:
    """Whether the font gbsn has the sign: Chinese in simplified characters, kana, full-width signs (GB 2312)."""
    try:
        return sign >= "\u2e80" and len(sign.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def code_point(sign: str) -> str:
    """A sign as its code point, which every font has."""
    return f"{{\\footnotesize U+{ord(sign):04X}}}"


def _sign(sign: str) -> str:
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    code = ord(sign)
    if code < 32 or code == 127:
        return " "
    return sign if code < 0x80 or 0xC0 <= code < 0x100 or sign in _LETTERS else code_point(sign)


def quoted(text: str) -> str:
    """A prompt in quotation marks, or `(no prompt)`."""
    return f"``{escaped(text)}''" if text.strip() else "(no prompt)"


def number(value: float | int | None, digits: int = 2) -> str:
    """A number with this many digits after the point (none for an integer), a dash where there is none."""
    if value is None:
        return "--"
    if isinstance(value, int):
        return f"{value:,}".replace(",", r"\,")
    rounded = f"{value:.{digits}f}"
    return rounded.replace("-", r"$-$") if float(rounded) else rounded.lstrip("-")


def probability(p: float | None) -> str:
    """A p-value for a text: ``= 0.012`` or ``< 0.001``."""
    if p is None:
        return "= --"
    return "$<$ 0.001" if p < 0.001 else f"= {p:.3f}"


def flattened(results: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested results by dotted key."""
    flat: dict[str, object] = {}
    for key, value in results.items():
        name = f"{prefix}{key}"
        flat.update(flattened(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return flat


def definitions(values: Mapping[str, str], flags: Mapping[str, bool] | None = None) -> str:
    r"""A file that defines ``\result{key}`` for every key and stops the build at an unknown one.

    Each flag `name` becomes the condition ``\ifname``.
    """
    lines = [rf"\newif\if{name}\{name}{str(flag).lower()}" for name, flag in (flags or {}).items()]
    lines += [
        r"\newcommand{\result}[1]{\ifcsname result@#1\endcsname\csname result@#1\endcsname",
        r"  \else\errmessage{no result of the key #1}\fi}",
    ]
    lines += [rf"\expandafter\def\csname result@{key}\endcsname{{{value}}}" for key, value in sorted(values.items())]
    return "\n".join(lines) + "\n"


def table(name: str, columns: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""A booktabs table as the macro ``\name``; a row of one cell is a heading over all columns."""
    body = [
        rf"\multicolumn{{{len(header)}}}{{@{{}}l}}{{\emph{{{row[0]}}}}} \\"
        if len(row) == 1
        else " & ".join(row) + r" \\"
        for row in rows
    ]
    lines = [rf"\newcommand{{\{name}}}{{%", rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
    lines += [" & ".join(header) + r" \\", r"\midrule", *body, r"\bottomrule", r"\end{tabular}}"]
    return "\n".join(lines) + "\n"
