"""Sentences on the captioner in several languages that depend on its result, and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from captioner.report.latex import escaped, number, table
from captioner.report.paper_tables import interval, real

Row = Mapping[str, str]
ALL = "all"
RULES, NONE = 0.9, 0.1  # shares of captions from which on something decides, or does not


def prompted(text: str) -> str:
    """A prompt in quotation marks, or that there is none."""
    return f"``{escaped(text)}''" if text else "(no prompt)"


def told(row: Row) -> float:
    """The share of the captions that are in the wanted language."""
    return float(row[row["language"]])


def _percent(share: float | None) -> str:
    return "no" if share is None else f"{number(100 * share, 0)}\\,\\%"


def _test(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["split"] == "test"]


def own(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """What each map says after the prompts of its own language."""
    parts = []
    for code, name in names.items():
        mine = [row for row in _test(rows) if row["map"] == row["language"] == code and row["prompt"]]
        best = max(mine, key=lambda row: float(row["cider"]))
        parts.append(
            f"{name} {prompted(best['prompt'])} {number(float(best['cider']))} "
            f"[{number(float(best['cider_low']))}, {number(float(best['cider_high']))}] with "
            f"{_percent(float(best['recall']))} of the facts at {_percent(real(best['precision']))} precision"
        )
    return (
        "The best prompt of each language with the map that was learnt from that language's captions: "
        f"{'; '.join(parts)}. CIDEr-D counts words in English and German and characters in Chinese, so that only the "
        "facts compare between languages."
    )


def crossed(rows: Sequence[Row]) -> list[Row]:
    """Maps of one language after prompts of another, on test."""
    return [row for row in _test(rows) if row["map"] not in (ALL, row["language"]) and row["prompt"]]


def decides(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """Whether prompt or map decides the language of a caption."""
    found = crossed(rows)
    prompt = sum(map(told, found)) / len(found)
    learnt = sum(float(row[row["map"]]) for row in found) / len(found)
    if prompt >= RULES:
        verdict = "The prompt decides the language"
    elif learnt >= RULES:
        verdict = "The map decides the language"
    elif prompt <= NONE and learnt <= NONE:
        verdict = "Neither prompt nor map decides the language"
    else:
        verdict = "Prompt and map both have a say in the language"
    worst, best = min(found, key=told), max(found, key=told)
    return (
        f"{verdict}: where the two differ, {_percent(prompt)} of the captions are in the prompt's language and "
        f"{_percent(learnt)} in the map's ({_pair(worst, names)}: {_percent(told(worst))} in the prompt's; "
        f"{_pair(best, names)}: {_percent(told(best))})."
    )


def _pair(row: Row, names: Mapping[str, str]) -> str:
    return f"{names[row['map']]} map, {prompted(row['prompt'])}"


def image(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """Whether a caption in the other language still tells of its image, and what is lost."""
    found = crossed(rows)
    seeing = [row for row in found if float(row["cider_low"]) > float(row["cider_shuffled"])]
    losing = [row for row in found if real(row["difference_high"]) < 0]
    if len(seeing) == len(found):
        verdict = "The image crosses the border: every pair scores above captions of other images"
    elif not seeing:
        verdict = "The image does not cross the border: no pair scores above captions of other images"
    else:
        verdict = f"The image crosses the border in {len(seeing)} of {len(found)} pairs, judged by shuffled images"
    kept = sum(float(row["recall"]) for row in found) / len(found)
    full = [row for row in _test(rows) if row["map"] == row["language"] and row["prompt"]]
    whole = sum(float(row["recall"]) for row in full) / len(full)
    best = max(found, key=lambda row: float(row["recall"]))
    return (
        f"{verdict}. {len(losing)} of {len(found)} are worse than the map of the prompt's own language; on average "
        f"{_percent(kept)} of the facts are told instead of {_percent(whole)}, most by the {_pair(best, names)} "
        f"({_percent(float(best['recall']))})."
    )


def silent(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """What comes out after no prompt."""
    found = [row for row in _test(rows) if not row["prompt"]]
    parts = []
    for row in found:
        if row["map"] == ALL:
            shares = ", ".join(f"{_percent(float(row[code]))} {name}" for code, name in names.items())
            parts.append(f"the map of all languages speaks {shares}")
        else:
            parts.append(f"the {names[row['map']]} map {_percent(told(row))} {names[row['map']]}")
    return f"Without a prompt, {'; '.join(parts)}."


def together(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """Whether one map for all languages does as well as each language's own."""
    found = [row for row in _test(rows) if row["map"] == ALL and row["prompt"]]
    worse = [row for row in found if real(row["difference_high"]) < 0]
    better = [row for row in found if real(row["difference_low"]) > 0]
    mean = sum(float(row["difference"]) for row in found) / len(found)
    if not worse and not better:
        verdict = "One map for all languages does not tell apart from each language's own"
    elif not worse:
        verdict = "One map for all languages is nowhere worse than each language's own"
    else:
        verdict = "One map for all languages costs something"
    return (
        f"{verdict}: after {len(found)} prompts it is worse {len(worse)} times and better {len(better)} times "
        f"(difference of CIDEr-D on average {number(mean)})."
    )


def novel(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """What is left on images that show a held-out combination, by the maps of the prompt's own language."""
    shares, fewer = [], True
    for code, name in names.items():
        test, new = (_recall(rows, split, code) for split in ("test", "novel"))
        shares.append(f"{name} {_percent(new)} instead of {_percent(test)}")
        fewer = fewer and new < test
    start = (
        "On novel images every map tells fewer of the facts" if fewer else "On novel images the maps tell, of the facts"
    )
    return f"{start}: {', '.join(shares)}."


def _recall(rows: Sequence[Row], split: str, code: str) -> float:
    """The mean share of the facts that a language's own map tells after its prompts."""
    found = [
        row for row in rows if (row["split"], row["map"], row["language"]) == (split, code, code) and row["prompt"]
    ]
    return sum(float(row["recall"]) for row in found) / len(found)


def results(rows: Sequence[Row], names: Mapping[str, str]) -> str:
    """Every map after every prompt, as a table of the paper."""
    new = {(row["map"], row["prompt"]): row for row in rows if row["split"] == "novel"}
    body: list[list[str]] = []
    for name, label in {**names, ALL: "all languages"}.items():
        body.append([f"map learnt from {label}"])
        for row in (row for row in _test(rows) if row["map"] == name):
            away = "--" if row["map"] == row["language"] else number(real(row["difference"]))
            shares = [number(100 * float(row[code]), 0) for code in names]
            body.append(
                [
                    prompted(row["prompt"]), *shares, interval(row, "cider"), number(float(row["cider_shuffled"])),
                    number(float(new[name, row["prompt"]]["cider"])), away,
                    number(100 * float(row["precision"]), 0) if row["precision"] else "--",
                    number(100 * float(row["recall"]), 0),
                ]
            )  # fmt: skip
    head = ["Prompt", *(f"\\% {code}" for code in names), "CIDEr-D", "shuffled", "novel", "minus own", "prec.", "rec."]
    return table("languagetable", "@{}l" + "r" * (len(head) - 1) + "@{}", head, body)
