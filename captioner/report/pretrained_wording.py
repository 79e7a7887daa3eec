"""Sentences on the pretrained language model that depend on its result, and its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from captioner.report.latex import escaped, number, probability, quoted, table
from captioner.report.paper_tables import interval, real, shortened

Row = Mapping[str, str]
Agreement = Mapping[str, float | str]


def model(facts: Mapping) -> str:
    """Which model it is, where its file comes from, under which licence, and how it is stored there."""
    header = facts["header"] or {}
    told = f"{escaped(facts['name'])}, {number(facts['parameters'] / 1e6, 0)} million parameters"
    if header.get("organisation"):
        told += f", by {escaped(header['organisation'])}"
    told += f" ({escaped(facts['vouched'])}"
    if header.get("licence"):
        told += f", licence {escaped(header['licence'])}"
    if header.get("types"):
        kinds = ", ".join(f"{count} tensors in {escaped(name)}" for name, count in header["types"].items())
        told += f"; the file has {kinds}, here in float32"
    return told + ")"


def known(facts: Mapping) -> str:
    """What the model knew before: plain English against its words backwards, and captions of the drawn world."""
    forwards, backwards = ([*facts[name].values()] for name in ("perplexities", "backwards"))
    return (
        f"Plain English sentences have a perplexity of {number(min(forwards), 1)} to {number(max(forwards), 1)} under "
        f"it, the same words backwards {number(min(backwards), 0)} to {number(max(backwards), 0)}. A caption of the "
        f"drawn world costs it {number(facts['caption_loss'])} nats a token without any image (a uniform guess: "
        f"{number(facts['uniform_loss'])})."
    )


def telling(rows: Sequence[Row]) -> list[Row]:
    """The prompts whose captions fit their own images better than other ones, beyond the draw of images and maps."""
    return [row for row in rows if float(row["cider_low"]) > float(row["cider_shuffled_high"])]


def works(rows: Sequence[Row]) -> str:
    """Whether the captions tell of their images: CIDEr-D against that on shuffled images, prompt by prompt on test."""
    test = [row for row in rows if row["split"] == "test"]
    above = telling(test)
    best = max(test, key=lambda row: float(row["cider"]))
    told = (
        f"After its best prompt, {quoted(best['text'])}, the model reaches a CIDEr-D of {interval(best, 'cider')}, "
        f"{number(float(best['cider_shuffled']))} on shuffled images"
    )
    if len(above) == len(test):
        return told + "; after every prompt the captions tell of their images."
    return told + f"; after {len(above)} of {len(test)} prompts the captions tell of their images."


def between(found: Agreement, name: str) -> str:
    """An estimate with its interval."""
    mean, low, high = (number(float(found[f"{name}{part}"])) for part in ("", "_low", "_high"))
    return f"{mean} [{low}, {high}]"


def agrees(found: Agreement) -> bool:
    """Whether the rankings agree beyond the draw of images and maps: the interval of Kendall's tau lies above 0."""
    return float(found["tau_low"]) > 0


def answer(figures: Mapping[str, Mapping[str, Agreement]], rows: Sequence[Row], margin: float) -> str:
    """Whether prompts rank alike under a model that knew the words before, on test; that this cannot be said where the
    captions after a prompt that trained the maps do not tell of their images.
    """
    whole, seen = figures["test"]["all"], figures["test"]["seen"]
    trained = [row for row in rows if (row["split"], row["group"]) == ("test", "seen")]
    if len(telling(trained)) < len(trained):
        told = (
            f"That cannot be said: after {len(trained) - len(telling(trained))} of {len(trained)} prompts seen in "
            "training the captions under the pretrained model do not tell of their images, and to rank those is to "
            "rank noise"
        )
    elif agrees(whole) and agrees(seen):
        told = "Yes: the prompts rank alike, also when only those that trained the maps are compared"
    elif agrees(whole):
        told = (
            "In part: prompts rank alike over all, but among those that trained the maps the order is not shown to be "
            "the same"
        )
    elif float(whole["tau_high"]) < 0:
        told = "No: the prompts rank the other way round"
    else:
        told = "It is not shown that prompts rank alike"
    told += (
        f" (Kendall's $\\tau$ {between(whole, 'tau')} over all {number(int(whole['prompts']))} prompts, $p$ "
        f"{probability(float(whole['tau_p']))}; {between(seen, 'tau')} over the {number(int(seen['prompts']))} seen in "
        f"training, $p$ {probability(float(seen['tau_p']))})."
    )
    highest = [max(float(row[name]) for row in trained) for name in ("cider", "miniature")]
    return f"{told} {spreads(seen, *highest)} {advice(whole, margin)}"


def spreads(seen: Agreement, best: float, miniature_best: float) -> str:
    """How far apart the prompts of training lie under either model, as shares of its best prompt's CIDEr-D, since the
    two models' captions are not equally good.
    """
    shares = {name: float(seen[f"gap{name}"]) / best for name in ("", "_low", "_high")}
    others = {name: float(seen[f"miniature_gap{name}"]) / miniature_best for name in ("", "_low", "_high")}
    told = (
        f"From the worst to the best of the prompts seen in training it is {between(seen, 'gap')} CIDEr-D under the "
        f"pretrained model, {number(100 * shares[''], 0)}\\,\\% of its best, and {between(seen, 'miniature_gap')} "
        f"under the miniature, {number(100 * others[''], 0)}\\,\\%"
    )
    if shares["_high"] < others["_low"]:
        return told + ": much of what a prompt does in the study belongs to the text that its own model was trained on."
    if shares["_low"] > others["_high"]:
        return told + ": the prompt matters more where the words were known before."
    return told + ", shares that are not told apart."


def advice(whole: Agreement, margin: float) -> str:
    """What the miniature's favourite costs under the pretrained model."""
    if whole["best"] == whole["miniature_best"]:
        return "The best prompt is the same one."
    low, high = float(whole["regret_low"]), float(whole["regret_high"])
    told = (
        f"The miniature's best prompt costs {between(whole, 'regret')} CIDEr-D against the pretrained model's own best"
    )
    if high < margin:
        return told + ", less than the study's margin."
    return told + (", which is a difference." if low > 0 else ", which may be none.")


def prompts(rows: Sequence[Row]) -> str:
    """Every prompt under both models, best under the pretrained one on test first."""
    novel = {row["prompt"]: row for row in rows if row["split"] == "novel"}
    body = []
    for row in sorted((row for row in rows if row["split"] == "test"), key=lambda row: -float(row["cider"])):
        new = novel[row["prompt"]]
        body.append(
            [shortened(row["text"], 30), row["group"], interval(row, "cider"), interval(row, "miniature"),
             f"{row['rank']} / {row['miniature_rank']}", number(real(row["cider_shuffled"])), interval(new, "cider"),
             interval(new, "miniature"), number(real(row["tokens"]), 1)]
        )  # fmt: skip
    head = ["Prompt", "", "pretrained", "miniature", "ranks", "shuffled", "novel, pretrained", "miniature", "tokens"]
    return table("pretrainedtable", "@{}llrrrrrrr@{}", head, body)
