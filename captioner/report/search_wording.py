"""Sentences on the search for the best prompt that depend on its result, and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from captioner.report.latex import number, probability, quoted, table
from captioner.report.paper_tables import interval, real, shortened

Row = Mapping[str, str]
Told = Mapping[str, float]
NAMES = {"cider": "CIDEr-D", "clip_score": "CLIP score", "facts": "F1 of facts", "tokens": "tokens"}


def objective(weights: Mapping[str, float]) -> str:
    """What the search looked for, as plain text."""
    terms = [(name, weight) for name, weight in weights.items() if weight]
    if len(terms) == 1 and terms[0][1] == 1:
        return NAMES[terms[0][0]]
    return " + ".join(f"{weight:g} {NAMES[name]}" for name, weight in terms).replace("+ -", "- ")


def axis(weights: Mapping[str, float]) -> str:
    """The same as an axis is labelled: by the measure where there is one alone."""
    told = objective(weights)
    return told if len(told) <= 16 else "worth to the search"


def between(told: Told, digits: int = 2) -> str:
    """An interval in a sentence."""
    return f"{number(told['mean'], digits)} [{number(told['low'], digits)}, {number(told['high'], digits)}]"


def cost(candidates: int, spent: int, share: float) -> str:
    """How much of the full grid was made."""
    return (
        f"{number(candidates)} candidates were searched with {number(spent)} captions, "
        f"{number(100 * share, 1)}\\,\\% of those that the full grid takes."
    )


def winner(text: str, source: str, gains: Mapping[str, Told | None]) -> str:
    """Whether the winner beats the headline's prompt and the empty one on test, by intervals over images and maps."""
    origin = {
        "study": "one of the study's own prompts", "grammar": "from the grammar", "file": "from the user's file",
        "substitution": "a wording that the language model proposed",
    }[source]  # fmt: skip
    told = f"The winner is {quoted(text)}, {origin}."
    for part, label in (("headline", "the headline's prompt"), ("empty", "the empty prompt")):
        gain = gains.get(part)
        if gain is None:
            continue
        verdict = "better than" if gain["low"] > 0 else "worse than" if gain["high"] < 0 else "not told apart from"
        told += f" On test it is {verdict} {label} ({between(gain)})."
    return told


def shrinkage(lost: Told | None, optimism: float) -> str:
    """How much better the winner looked on val than it is on test."""
    told = f"Choosing the best finalist flatters it by about {number(optimism, 3)} on val."
    if lost is None:
        return told + " The winner is the headline's prompt itself, so there is no advantage that could shrink."
    if lost["low"] > 0:
        return f"{told} Its advantage over the headline's prompt shrank from val to test, by {between(lost)}."
    if lost["high"] < 0:
        return f"{told} Its advantage over the headline's prompt grew from val to test, by {between(lost)} (negative)."
    shrunk = f"Its advantage over the headline's prompt on val, less that on test, is {between(lost)}"
    return f"{told} {shrunk}, which includes zero."


def runners(rows: Sequence[Row], level: float) -> str:
    """How many of the rivals on test the data tell from the winner."""
    rivals = [row for row in rows if row["split"] == "test" and row["part"] not in ("winner", *TOGETHER)]
    worse = [row for row in rivals if real(row["difference_high"]) < 0 and float(row["p"]) < level]
    better = [row for row in rivals if real(row["difference_low"]) > 0 and float(row["p"]) < level]
    told = f"Of its {len(rivals)} rivals on test, {len(worse)} {'is' if len(worse) == 1 else 'are'} worse"
    told += f", {len(better)} better, and {len(rivals) - len(worse) - len(better)} not told apart from it"
    return told + " (interval over images and maps, and Holm's $p$ over images)."


TOGETHER = ("consensus", "reranked", "oracle")


def beside(label: str, row: Row) -> str:
    """Something else than a prompt against the winner on test."""
    low, high = float(row["difference_low"]), float(row["difference_high"])
    verdict = "better" if low > 0 else "worse" if high < 0 else "not told apart"
    told = {"mean": float(row["difference"]), "low": low, "high": high}
    return f"{label} is {verdict}{' from it' if verdict.startswith('not') else ' than it'} ({between(told)})"


def ceilings(rows: Sequence[Row], trained: Sequence[Row]) -> str:
    """What no wording reaches, and what all prompts together reach, against the winner on test."""
    test = {row["part"]: row for row in [*rows, *trained] if row["split"] == "test"}
    labels = {
        "oracle": "the best prompt of each image, which no one knows beforehand,",
        "soft": "a trained soft prompt of the same length",
        "alone": "a map that was trained with the winner alone", "consensus": "the consensus of all prompts' captions",
        "reranked": "the caption that the encoder finds nearest to the image",
    }  # fmt: skip
    return "; ".join(beside(label, test[part]) for part, label in labels.items() if part in test) + "."


def soft(row: Row) -> str:
    """How soft prompts read, and what follows where they fall short; `row`: theirs on test."""
    told = ", ".join(quoted(text) for text in dict.fromkeys(row["reads"].split(" | ")))
    sentence = f"Read as the nearest tokens, the soft prompts say {told}."
    if float(row["difference_high"]) < 0:
        sentence += (
            " They are trained for the likelihood of people's captions, whatever their style, and the winner is better "
            "without: a likelier caption is not a better one here, so they are no ceiling."
        )
    return sentence


def variance(components: Sequence[Row]) -> str:
    """What moves a caption's worth most, and what the prompt's share is."""
    if not components:
        return "With one map or one image the variance cannot be split."
    share = {row["component"]: 100 * float(row["share"] or "nan") for row in components}
    most = max(share, key=lambda name: share[name])
    named = most.replace(" x ", " $\\times$ ")
    return (
        f"Most of the variance, {number(share[most], 1)}\\,\\%, belongs to {named}; the prompt's own share is "
        f"{number(share['prompt'], 1)}\\,\\%, that of prompt $\\times$ image "
        f"{number(share['prompt x image'], 1)}\\,\\%, that of the map {number(share['map'], 1)}\\,\\%."
    )


def words(shares: Mapping[str, float]) -> str:
    """Which words the difference between prompts comes from."""
    parts = {name: 100 * shares[f"words_{name}"] for name in ("template", "adjective", "noun")}
    most = max(parts, key=lambda name: parts[name])
    listed = ", ".join(f"{name} {number(value, 0)}\\,\\%" for name, value in parts.items())
    rest = 100 - sum(parts.values())
    return (
        f"Between prompts of the grammar, the {most} matters most: {listed}, their combinations "
        f"{number(rest, 0)}\\,\\% of the variance of the means."
    )


def attribution(rows: Sequence[Row]) -> str:
    """What image and prompt add to the words of captions after the first prompt of the table."""
    first = [row for row in rows if row["prompt"] == rows[0]["prompt"]] if rows else []
    if not first:
        return "No caption has a token."
    weight = [float(row["captions"]) for row in first]

    def mean(name: str) -> float:
        return sum(w * float(row[name]) for w, row in zip(weight, first, strict=True)) / sum(weight)

    start = first[0]
    return (
        f"With {quoted(rows[0]['prompt'])}, the image adds {number(mean('image_nats'))} nats to a token's "
        f"log-probability and the prompt {number(mean('prompt_nats'))}; to the first token "
        f"{number(float(start['image_nats']))} and {number(float(start['prompt_nats']))}. "
        f"{number(100 * mean('prefix_share'), 0)}\\,\\% of the attention goes to the prefix and "
        f"{number(100 * mean('prompt_share'), 0)}\\,\\% to the prompt."
    )


def circular(weights: Mapping[str, float], same: bool) -> str:
    """A warning where captions are searched by the CLIP that they were made from."""
    if weights.get("clip_score") and same:
        return (
            "The objective weighs a CLIP score whose judge is the captioner's own encoder and shares its blind spots."
        )
    return ""


LABELS = {
    "winner": "winner", "runner-up": "runner-up", "headline": "headline", "study": "study", "empty": "empty",
    "random": "random words", "consensus": "consensus of all prompts", "reranked": "CLIP picks among them",
    "oracle": "best of each image", "soft": "soft prompt", "alone": "map of the winner alone",
}  # fmt: skip


def rivals(rows: Sequence[Row], trained: Sequence[Row]) -> str:
    """Every prompt that was judged, best on test first; below it what is no single prompt."""
    by = {(row["split"], row["part"], row["prompt"]): row for row in rows}
    body: list[list[str]] = []
    test = sorted((row for row in rows if row["split"] == "test"), key=lambda row: -float(row["worth"]))
    for row in (row for row in test if row["part"] not in TOGETHER):
        body.append([shortened(row["prompt"], 30), LABELS[row["part"]], *_cells(row, by), _p(row)])
    body.append(["all prompts at once, and what is trained for the purpose"])
    others = [row for row in test if row["part"] in TOGETHER]
    for row in others:
        body.append(["", LABELS[row["part"]], *_cells(row, by), "--"])
    novel = {row["part"]: row for row in trained if row["split"] == "novel"}
    for row in (row for row in trained if row["split"] == "test"):
        found = {("novel", row["part"], ""): novel[row["part"]]} if row["part"] in novel else {}
        body.append(["", LABELS[row["part"]], *_cells({**row, "prompt": ""}, found), "--"])
    head = ["Prompt", "", "val", "test", "novel", "minus winner", "tokens", "$p$"]
    return table("rivaltable", "@{}llrlrrrr@{}", head, body)


def _cells(row: Row, by: Mapping[tuple[str, str, str], Row]) -> list[str]:
    key = (row["part"], row["prompt"])
    val, novel = (by.get((split, *key)) for split in ("val", "novel"))
    return [
        number(real(val["worth"]) if val else None), interval(row, "worth"),
        number(real(novel["worth"]) if novel else None),
        number(real(row["difference"]), 3) if row["part"] != "winner" else "--", number(real(row["tokens"]), 1),
    ]  # fmt: skip


def _p(row: Row) -> str:
    return "--" if not row["p"] else probability(float(row["p"])).replace("= ", "")
