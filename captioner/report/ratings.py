"""What people say of the captions, for the paper: two tables, and sentences that are chosen by the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from captioner.report.latex import escaped, number, quoted, table
from captioner.report.paper_tables import Row, interval, percent, real, shortened

MEASURES = {"tau-b": r"$\tau_b$", "tau-c": r"$\tau_c$", "accuracy of pairs": "pairs"}
METRICS = {
    "cider": "CIDEr-D", "rouge_l": "ROUGE-L", "clip_score": "CLIP score", "clip_score_with_prompt": "with prompt",
    "clip_s": "CLIP-S", "ref_clip_s": "RefCLIP-S", "weight": "entropy weight", "tokens": "length",
}  # fmt: skip
_SIGN = r"\,\%"
SURE = 0.95  # share of the resamples from which a best is called one without a word of doubt
SOLID, TENTATIVE = 0.8, 0.667  # Krippendorff's own limits of alpha
Found = Mapping[str, object]


def named(row: Row) -> str:
    """A system: a prompt in quotation marks, an arm by its name."""
    known = row["text"] or row["system"] == "none"  # the empty prompt is called so
    return shortened(row["text"], 30) if known else escaped(row["system"])


def share(row: Row, name: str, sign: str = "") -> str:
    """A share in per cent, with a sign after it, and its interval."""
    mean, low, high = (number(percent(row[f"{name}{part}"]), 0) for part in ("", "_low", "_high"))
    return f"{mean}{sign}" if low == "--" else f"{mean}{sign} {{\\scriptsize [{low}, {high}]}}"


def systems(rows: Sequence[Row]) -> str:
    """Every system, the one preferred most first."""
    body = [
        [
            named(row), share(row, "preferred"), number(percent(row["best"]), 0), number(real(row["strength"])),
            number(int(row["compared"])), interval(row, "rating"), number(int(row["rated"])),
        ]
        for row in rows
    ]  # fmt: skip
    head = ["Captions", "preferred", "best", "strength", "pairs", "rating", "ratings"]
    return table("ratedtable", "@{}llrrrlr@{}", head, body)


def metrics(rows: Sequence[Row]) -> str:
    """Every metric against people, in the order of METRICS."""
    told = {(row["metric"], row["measure"]): row for row in rows}
    body = []
    for metric, label in METRICS.items():
        own = [told.get((metric, measure)) for measure in MEASURES]
        if any(own):
            body.append([label, *(interval(row, "value") if row else "--" for row in own)])
    return table("trusttable", "@{}llll@{}", ["Metric", *MEASURES.values()], body)


def sentences(found: Found, rows: Sequence[Row], trusted: Sequence[Row]) -> dict[str, str]:
    """Every sentence of the section, by key."""
    return {
        "rated": people(found), "rated_best": best(rows, bool(found.get("connected", True))),
        "rated_agreement": agreement(found), "rated_more": more(found), "rated_current": current(found),
        "rated_trust": trust(trusted), "not_by_people": not_by_people(bool(found["by_people"])),
    }  # fmt: skip


def not_by_people(by_people: bool) -> str:
    """Whether the answers are anyone's."""
    return "" if by_people else (
        "\\textbf{These answers were not given by people for this study: they are marked as practice or simulated, and "
        "nothing in this section is a result.} "
    )  # fmt: skip


def people(found: Found) -> str:
    """Who was asked what, and who was left out."""
    raters, out = found["raters"], found["raters_left_out"]
    told = f"{number(raters)} {'raters' if raters != 1 else 'rater'} answered"
    if out:
        told += f"; {number(out)} {'are' if out != 1 else 'is'} left out, for answering at random"
    told += (
        f". There are {number(found['answers'])} answers about {number(found['images'])} images: "
        f"{number(found['pairs'])} pairs, of which {_share(found['ties'])} are ties, and "
        f"{number(found['scales'])} ratings from 1 to 5."
    )
    if found["raters"] - out < 2:
        told += " With one rater, intervals are over images and say nothing of other people."
    if found["checks_passed"] is not None:
        told += f" Of the attention checks, {_share(found['checks_passed'])} were passed."
    if found["repeats_same"] is not None:
        told += f" Asked again with the sides exchanged, {_share(found['repeats_same'])} answered the same."
    return told


def _share(value: object) -> str:
    return "--" if value is None else f"{number(100 * float(value), 0)}\\,\\%"


def best(rows: Sequence[Row], connected: bool) -> str:
    """Which captions are preferred, and how sure that is."""
    known = [row for row in rows if real(row["preferred"]) is not None]
    if not known:
        return "No pairs were compared."
    first = known[0]
    others = "others" if len(known) > 2 else "the others"
    told = f"The captions of {_cited(first)} are preferred most, to {others} in {share(first, 'preferred', _SIGN)}"
    told += " of comparisons, a tie half"
    chance = real(first["best"])
    if chance is not None:
        told += f"; they are the strongest in {_share(chance)} of the resamples"
        told += "" if chance >= SURE else ", so others may be"
    told += "."
    if not connected:
        told += (
            " Some captions were never compared with some others, not even by way of third ones: their order is open."
        )
    return told


def _cited(row: Row) -> str:
    return quoted(row["text"]) if row["text"] or row["system"] == "none" else escaped(row["system"])


def agreement(found: Found) -> str:
    """Krippendorff's alpha of both kinds and what it is worth."""
    kinds = {"pair": "pairs (nominal)", "scale": "ratings (ordinal)"}
    known = {kind: found[f"alpha_{kind}"] for kind in kinds if found[f"alpha_{kind}"] is not None}
    if not known:
        return "No question was answered by two raters, so their agreement is not known."
    parts = []
    for kind, value in known.items():
        low, high = (number(found[f"alpha_{kind}_{end}"]) for end in ("low", "high"))
        parts.append(f"{number(value)} {{\\scriptsize [{low}, {high}]}} for {kinds[kind]}")
    told = " and ".join(parts)
    least = min(known.values())
    worth = (
        "raters agree well" if least >= SOLID
        else "good enough for tentative conclusions" if least >= TENTATIVE
        else "below what single answers could be relied on for; means over many can still be sure"
    )  # fmt: skip
    return f"Krippendorff's $\\alpha$ \\citep{{krippendorff2018content}} is {told}: {worth}."


def more(found: Found) -> str:
    """How many more answers the wanted interval takes."""
    if found.get("half_width") is None:
        return "Too few images were asked about to say how many answers an interval takes."
    wanted = number(100 * float(found["wanted_half_width"]), 1)
    width = number(100 * float(found["half_width"]), 1)
    told = f"The interval of how often captions are preferred reaches {width} points to either side on average"
    if not found["more_answers"]:
        return f"{told}; the {wanted} points that were wanted are reached."
    same = found["more_answers_same_images"]
    told += f"; {wanted} would take about {number(found['more_answers'])} more pairs by new raters about new images"
    if same is None:
        return f"{told}, and no number of them about the same images does."
    return f"{told}, or {number(same)} about the same images."


def current(found: Found) -> str:
    """Whether the captions that were rated are those of this build."""
    value = found["current"]
    if value is None:
        return "The captions that were rated are not those of the prompts of this study."
    if value == 1:
        return "All captions of prompts that were rated are those of this build."
    return (
        f"Of the captions of prompts that were rated, {_share(value)} are those of this build; the others were made by "
        "an earlier one, and metrics are held against people on the former only."
    )


def trust(rows: Sequence[Row]) -> str:
    """Which metric goes with people, on ratings if there are any, else on pairs."""
    for measure in MEASURES:
        own = [row for row in rows if row["measure"] == measure and real(row["value"]) is not None]
        own = [row for row in own if row["metric"] != "tokens"]
        if own:
            first = max(own, key=lambda row: float(row["value"]))
            what = "the share of pairs" if measure == "accuracy of pairs" else f"Kendall's {MEASURES[measure]}"
            none = 0.5 if measure == "accuracy of pairs" else 0.0
            told = f"By {what}, {METRICS[first['metric']]} goes with people most, {interval(first, 'value')}"
            low = real(first["value_low"])
            sure = low is not None and low > none
            rivals = sum(float(row["value_high"] or "inf") > float(first["value"]) for row in own) - 1
            told += "" if sure else ", which chance could give too"
            return told + (f"; {rivals} of the others could be as good." if rivals else "; no other comes as near.")
    return "No metric could be held against people."
