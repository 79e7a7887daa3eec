"""Sentences of the paper that depend on a result: each is chosen by the result, in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from captioner.latex import escaped, number, quoted
from captioner.origin import Origin


def best_prompt(
    texts: Mapping[str, str], means: Mapping[str, float], differences: Mapping[tuple[str, str], tuple[float, float]]
) -> str:
    """Which prompt is best and whether the data can tell it from the next.

    `means`: mean score by short name; `differences`: interval of the paired difference of (name, versus).
    """
    ranked = sorted(means, key=lambda name: (-means[name], name))
    best = ranked[0]
    told = f"The highest mean, {number(means[best])}, is that of {quoted(texts[best])}"
    if len(ranked) == 1:
        return told + "; it is the only prompt of its group."
    second = ranked[1]
    low, high = differences[best, second]
    between = f"their paired difference has the interval [{number(low, 3)}, {number(high, 3)}]"
    if low > 0:
        return f"{told}; the next is {quoted(texts[second])}, and {between}, which excludes zero."
    return f"{told}; the next is {quoted(texts[second])}, but {between}, which includes zero."


def image_matters(own: float, blind: Sequence[float]) -> str:
    """What the controls say of the headline arm's CIDEr-D; `blind` are the scores of those that ignore the image."""
    controls = max(blind)
    if own > 2 * controls:
        return (
            f"The captions depend on their images: the controls reach at most {number(controls)} "
            f"where the trained map reaches {number(own)}."
        )
    if own > controls:
        return (
            f"The trained map ({number(own)}) is above the controls (at most {number(controls)}), but by less than a "
            "factor of two: much of the score does not come from the image."
        )
    return (
        f"The trained map ({number(own)}) is no better than a control ({number(controls)}): "
        "the captions ignore their images."
    )


def generalisation(test: float, novel: float | None) -> str:
    """How unseen combinations compare with seen ones."""
    if novel is None:
        return "The study has no split of held-out combinations."
    if novel < test:
        share = number(100 * novel / test, 0)
        return (
            f"On images with a held-out combination CIDEr-D is {number(novel)}, {share}\\,\\% of test's {number(test)}."
        )
    return f"On images with a held-out combination CIDEr-D is {number(novel)}, not below the {number(test)} on test."


def second_arm(linear: float, finetuned: float) -> str:
    """What training GPT-2 as well brings, without a claim about its significance."""
    comparison = "above" if finetuned > linear else "not above"
    return (
        f"With GPT-2 trained too, CIDEr-D is {number(finetuned)}, {comparison} the {number(linear)} with GPT-2 frozen."
    )


def backbone(role: str, origin: Origin) -> str:
    """Which weights play this role (encoder, decoder, judge), and who vouches for them."""
    if origin.vouched == "trained here":
        return f"The {role} is {escaped(origin.name)}, trained in the pipeline."
    return (
        f"The {role} is \\texttt{{{escaped(origin.name)}}} ({escaped(origin.vouched)}; SHA-256 "
        f"\\texttt{{{origin.sha256[:16]}}}\\ldots)."
    )


def circular(same: bool) -> str:
    """Whether the CLIP that scores is the one that the captions were made from."""
    if same:
        return "The CLIP that scores is the encoder itself, so the CLIP scores share its blind spots; CIDEr-D does not."
    return "The CLIP that scores is another one than the encoder, so that the two do not share all blind spots."


def trial(knows_nothing: bool, recall: float, tried: int, loss: float, uniform: float) -> str:
    """What the backbones know before anything is trained, and what follows where they know nothing."""
    known = (
        f"Before any training of the map the encoder ranks the right caption first for {number(recall)} of "
        f"{number(tried)} val images (chance {number(1 / tried, 3)}), and the decoder needs {number(loss)} nats a "
        f"token for their captions (a uniform guess {number(uniform)})."
    )
    if knows_nothing:
        return (
            known
            + " \\textbf{These backbones know nothing of these images or texts. This run tries the code; none of its "
            "figures is a result.}"
        )
    return known


def listed_prompts(texts: Sequence[str]) -> str:
    """Prompts in quotation marks, in a row."""
    return ", ".join(quoted(text) for text in texts)
