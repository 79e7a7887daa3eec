"""Sentences of the paper that depend on a result: each is chosen by the result, in LaTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from captioner.latex import number, quoted


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


def listed_prompts(texts: Sequence[str]) -> str:
    """Prompts in quotation marks, in a row."""
    return ", ".join(quoted(text) for text in texts)
