"""The paper's tables: rows of the result tables in, LaTeX out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from captioner.report.latex import chinese, escaped, number, quoted, table

Row = Mapping[str, str]
GROUPS = {"seen": "seen in training", "unseen": "not seen in training", "unrelated": "unrelated to pictures"}
_DIGITS = {
    "clip_score": 1, "clip_score_shuffled": 1, "entropy_weighted_clip_score": 1, "lift": 1, "tokens": 1, "wins": 0,
    "per_token": 1, "extremes_gap": 1, "extremes_gap_shuffled": 1, "concordance": 3, "friedman_p": 3, "d_z": 2,
    "length_effect": 3, "clip_s": 3, "ref_clip_s": 3, "clip_score_with_prompt": 1, "explained": 4, "wins_p": 3,
}  # fmt: skip


def digits(key: str) -> int:
    """Digits after the point by which a result is printed."""
    names = key.split(".")
    return next(
        (count for name, count in _DIGITS.items() if name in names), 3 if "bleu" in key or "rouge" in key else 2
    )


def real(cell: str) -> float | None:
    """A cell of a table as a number."""
    return float(cell) if cell else None


def interval(row: Row, measure: str, bold: bool = False) -> str:
    """A mean with its interval; a dash where there is none."""
    mean, low, high = (number(real(row[f"{measure}{part}"]), digits(measure)) for part in ("", "_low", "_high"))
    mean = rf"\textbf{{{mean}}}" if bold else mean
    return mean if low == "--" else f"{mean} {{\\scriptsize [{low}, {high}]}}"


def shortened(text: str, limit: int = 34) -> str:
    """A prompt in quotation marks, cut at a word where it is wider than `limit` characters; a Chinese sign is two."""
    text = " ".join(text.split())
    ends = list(accumulate(1 + chinese(sign) for sign in text))
    if text and ends[-1] > limit:
        head = text[: bisect_right(ends, limit)]
        text = (head.rpartition(" ")[0] or head) + " ..."
    return quoted(text)


def grouped(test: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    """The rows of test by group, each group by CIDEr-D, the best first."""
    for name, label in GROUPS.items():
        rows = [row for row in test if row["group"] == name]
        if rows:
            yield label, sorted(rows, key=lambda row: (-float(row["cider"]), row["prompt"]))


def prompts(rows: Sequence[Row]) -> str:
    """Every prompt with its scores, by group; the highest mean of a group with several prompts in bold."""
    test, novel = ({row["prompt"]: row for row in rows if row["split"] == split} for split in ("test", "novel"))
    body: list[list[str]] = []
    for label, part in grouped(list(test.values())):
        body.append([label])
        for place, row in enumerate(part):
            elsewhere = novel.get(row["prompt"])
            body.append(
                [
                    shortened(row["text"]), interval(row, "cider", place == 0 and len(part) > 1),
                    number(real(row["cider_seed_sd"])), number(real(elsewhere["cider"])) if elsewhere else "--",
                    number(real(row["rouge_l"]), 3), interval(row, "clip_score"), number(real(row["lift"]), 1),
                    number(real(row["wins"]), 0), number(real(row["tokens"]), 1), number(real(row["per_token"]), 1),
                ]
            )  # fmt: skip
    head = ["Prompt", "CIDEr-D", "seed SD", "novel", "ROUGE-L", "CLIP score", "lift", "wins", "tokens", "per token"]
    return table("prompttable", "@{}llrrrlrrrr@{}", head, body)


def contests(rows: Sequence[Row], pairs: Mapping[tuple[str, str], Row]) -> str:
    """The best prompt of each group against all others of its group, on CIDEr-D."""
    body: list[list[str]] = []
    for label, (best, *others) in grouped([row for row in rows if row["split"] == "test"]):
        if others:
            body.append([f"{label}: {shortened(best['text'])} against"])
        for row in others:
            pair = pairs[best["prompt"], row["prompt"]]
            difference, low, high = (number(real(pair[key]), 3) for key in ("difference", "low", "high"))
            body.append(
                [
                    shortened(row["text"]), f"{difference} {{\\scriptsize [{low}, {high}]}}", number(real(pair["d_z"])),
                    number(real(pair["rank_biserial"])), number(real(pair["win_rate"])),
                    *(_p(pair[key]) for key in ("p", "p_wilcoxon", "p_equivalence")), pair["verdict"],
                ]
            )  # fmt: skip
    head = ["Prompt", "difference", "$d_z$", "$r$", "win rate", "$p$", "$p_W$", "$p_{=}$", "verdict"]
    return table("contesttable", "llrrrrrrl", head, body)


def _p(cell: str) -> str:
    value = float(cell)
    return "$<$.001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def weights(rankings: Sequence[Row]) -> str:
    """For each exponent of the entropy weight: Kendall's tau with the plain ranking, and the best seen prompt."""
    body = []
    for exponent in dict.fromkeys(row["exponent"] for row in rankings if row["exponent"]):
        cells = [number(float(exponent), 1)]
        for variant in ("penalised", "self-normalised"):
            part = [row for row in rankings if (row["variant"], row["exponent"]) == (variant, exponent)]
            seen = [row for row in part if row["group"] == "seen"] or part
            best = max(seen, key=lambda row: float(row["score"]))
            cells += [number(real(part[0]["tau"])), shortened(best["text"], 22)]
        body.append(cells)
    return table("weighttable", "rrlrl", ["$x$", r"$\tau$", "best", r"$\tau$", "best"], body)


def diagnoses(rows: Sequence[Row], ranked: Sequence[Row]) -> str:
    """What each prompt's captions on test look like, in the order of the rows of test `ranked`."""
    test = {row["prompt"]: row for row in rows if row["split"] == "test"}
    body = []
    for prompt in (row for _, part in grouped(ranked) for row in part):
        row = test[prompt["prompt"]]
        shares = (number(100 * float(row[key]), 1) for key in ("distinct", "commonest", "capped", "repeated"))
        body.append(
            [shortened(prompt["text"]), f"{float(row['tokens']):.1f} $\\pm$ {float(row['tokens_sd']):.1f}", *shares,
             number(float(row["vocabulary"]), 0)]
        )  # fmt: skip
    head = ["Prompt", "tokens", "distinct", "commonest", "cut", "repeated", "words"]
    return table("diagnosistable", "llrrrrr", head, body)


def arms(rows: Sequence[Row], labels: Mapping[str, str]) -> str:
    """Every arm and control on test and its CIDEr-D on novel, in the order of `labels`, the headline arm in bold."""
    test, novel = ({row["control"]: row for row in rows if row["split"] == split} for split in ("test", "novel"))
    body = []
    for name, label in labels.items():
        if name not in test:
            continue
        row = test[name]
        elsewhere = novel.get(name, {}).get("cider", "")
        body.append(
            [
                escaped(label), interval(row, "cider", name == "linear"), interval(row, "difference"),
                number(real(elsewhere)), number(real(row["bleu4"]), 3), number(real(row["rouge_l"]), 3),
                number(real(row["clip_score"]), 1), number(real(row["clip_s"]), 3), number(real(row["ref_clip_s"]), 3),
                number(real(row["tokens"]), 1), number(percent(row["distinct"]), 1),
            ]
        )  # fmt: skip
    head = ["Arm or control", "CIDEr-D", "headline minus it", "novel", "BLEU-4", "ROUGE-L", "CLIP score", "CLIP-S",
            "RefCLIP-S", "tokens", "distinct"]  # fmt: skip
    return table("armtable", "@{}lllrrrrrrrr@{}", head, body)


def percent(cell: str) -> float | None:
    """A share in per cent."""
    return 100 * float(cell) if cell else None


def clip_metrics(ranked: Sequence[Row]) -> str:
    """The CLIP metrics of each prompt on test: alone, with the prompt left in, as published."""
    body = []
    for label, part in grouped(ranked):
        body.append([label])
        body += [
            [
                shortened(row["text"], 26), number(real(row["clip_score"]), 1),
                number(real(row["clip_score_with_prompt"]), 1),
                number(real(row["clip_s"]), 3), number(real(row["ref_clip_s"]), 3), number(real(row["lift"]), 1),
                number(real(row["cider_lift"]), 2),
            ]
            for row in part
        ]  # fmt: skip
    head = ["Prompt", "$s$", "with prompt", "CLIP-S", "Ref", "lift $s$", "lift C"]
    return table("cliptable", "@{}lrrrrrr@{}", head, body)


def hashes(prints: Mapping[str, str]) -> str:
    """The first 16 digits of each file's SHA-256."""
    body = [[rf"\texttt{{{escaped(name)}}}", rf"\texttt{{{digest[:16]}}}"] for name, digest in prints.items()]
    return table("hashtable", "@{}ll@{}", ["File", "SHA-256"], body)


def parameters(values: Mapping[str, object], columns: int = 3) -> str:
    """Every setting of the study, in several columns of equal height."""
    cells = [rf"\texttt{{{escaped(key)}}} & {escaped(setting(value))}" for key, value in values.items()]
    height = -(-len(cells) // columns)
    parts = [cells[at * height : (at + 1) * height] for at in range(columns)]
    body = [[part[row] if row < len(part) else "&" for part in parts] for row in range(height)]
    return table("settingstable", "ll" * columns, ["Setting & value"] * columns, body)


def setting(value: object) -> str:
    """A parameter as plain text."""
    if isinstance(value, str):
        return value or "(empty)"
    if isinstance(value, (list, tuple)):
        return ", ".join(setting(one) for one in value) or "(none)"
    if isinstance(value, Mapping):
        return f"{len(value)} texts"
    return f"{value:g}" if isinstance(value, float) else str(value)
