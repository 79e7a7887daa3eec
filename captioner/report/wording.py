"""Sentences of the paper that depend on a result: each is chosen by the result, in LaTeX."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from captioner.encoders.origin import Origin
from captioner.report.latex import escaped, number, probability, quoted


def best_prompt(
    texts: Mapping[str, str],
    means: Mapping[str, float],
    pairs: Mapping[tuple[str, str], Mapping[str, float]],
    level: float,
) -> str:
    """Which prompt of a group is best and whether the data can tell it from the next.

    `means`: mean score by short name; `pairs`: low, high and p of the paired difference of (name, versus). A prompt is
    called better only where Holm's p is below `level` and the interval over seeds and images excludes zero.
    """
    ranked = sorted(means, key=lambda name: (-means[name], name))
    best = ranked[0]
    told = f"the highest mean, {number(means[best])}, is that of {quoted(texts[best])}"
    if len(ranked) == 1:
        return told + ", the only prompt of its group."
    second = ranked[1]
    pair = pairs[best, second]
    low, high = pair["low"], pair["high"]
    between = f"(difference in [{number(low, 3)}, {number(high, 3)}], $p$ {probability(pair['p'])})"
    told += f"; the next is {quoted(texts[second])}"
    if low > 0 and pair["p"] < level:
        return f"{told}, which it beats {between}."
    if pair["p"] < level:
        return f"{told}: the test over images tells them apart, but the interval over seeds includes zero {between}."
    return f"{told}, and the data do not tell them apart {between}."


def omnibus(p: float | None, concordance: float | None, level: float) -> str:
    """Friedman's test over all prompts."""
    if p is None or concordance is None:
        return "With so few prompts, or equal ones, there is no test over all of them."
    told = f"Friedman's test over all prompts gives $p$ {probability(p)} (Kendall's $W$ = {number(concordance)})"
    return told + (": prompts matter." if p < level else ": no difference between prompts is shown.")


def verdicts(pairs: int, counts: Mapping[str, int]) -> str:
    """How many pairs differ, are equivalent, or stay open; `counts` by verdict."""
    if not pairs:
        return "A single prompt is compared, so there are no pairs."
    differs, little = counts["differs"], counts["differs a little"]
    same, undecided = counts["equivalent"], counts["open"]
    told = (
        f"Of {pairs} pairs of prompts, {differs + little} {'differs' if differs + little == 1 else 'differ'}, "
        f"{same} {'is' if same == 1 else 'are'} equivalent within the margin, and "
        f"{undecided} {'stays' if undecided == 1 else 'stay'} open"
    )
    return told + (f" (of those that differ, {little} by less than the margin)." if little else ".")


def seeds(count: int) -> str:
    """What the intervals cover, by the number of trained maps."""
    if count == 1:
        return (
            "One map was trained, so the intervals describe the sampling of images for this map and do not cover "
            "retraining with another seed."
        )
    return (
        f"The map was trained with {count} seeds. All of them caption the same images, so seeds and images are "
        "crossed, and each resample draws both independently; an interval so covers retraining too, as far as "
        f"{count} seeds can tell."
    )


def coverage(shares: Mapping[int, float | None], confidence: float) -> str:
    """How often intervals hold the truth in simulated studies, by the number of seeds."""
    known = {count: share for count, share in shares.items() if share is not None}
    if not known:
        return "How often such an interval holds the truth cannot be simulated from one seed."
    told = ", ".join(f"{number(100 * share, 1)}\\,\\% with {count}" for count, share in known.items())
    least = min(known.values())
    verdict = "about as often as they say" if abs(least - confidence) < 0.02 else "not as often as they say"
    if least > confidence + 0.02:
        verdict = "more often than they say"
    return (
        f"In studies simulated with this study's own spread between seeds and images, intervals of "
        f"{number(100 * confidence, 0)}\\,\\% hold the truth {verdict}: {told} seeds."
    )


def weight_predicts(mean: float | None, low: float | None, high: float | None) -> str:
    """Whether the entropy weight says anything of a caption's quality."""
    if mean is None or low is None or high is None:
        return "The weight or CIDEr-D does not vary, so nothing can be said of the weight."
    interval = f"{number(mean)} [{number(low)}, {number(high)}]"
    told = f"Spearman's correlation of the weight with CIDEr-D over images, the mean over prompts, is {interval}"
    if low > 0:
        return f"{told}: surer captions are better ones, so the weight has a claim to be used."
    if high < 0:
        return f"{told}: surer captions are \\emph{{worse}} ones, so the weight should not be used."
    return f"{told}, which includes zero: the weight is not justified."


def weight_reorders(taus: Mapping[float, Sequence[float]], best: Sequence[str]) -> str:
    """How much the weight's exponent changes the ranking by CLIP score.

    `taus`: Kendall's tau with the plain ranking, by exponent, one a variant; `best`: the best prompt of each ranking.
    """
    least = min((tau for several in taus.values() for tau in several), default=float("nan"))
    if math.isnan(least):
        return "There is no ranking that the weight could change."
    spread = ", ".join(f"{number(exponent, 1)}" for exponent in taus)
    if least == 1:
        return f"No exponent ({spread}) and no variant changes the ranking."
    same = "the best prompt stays the same" if len(set(best)) == 1 else "the best prompt changes"
    return (
        f"Over the exponents {spread} and both variants Kendall's $\\tau$ with the plain ranking is at least "
        f"{number(least)}; {same}."
    )


def original_arithmetic(least: float, greatest: float) -> str:
    """What the ratio of the original's weighted to its plain means says of its formula."""
    told = f"its weighted means are {number(least)} to {number(greatest)} times its plain means"
    if least > 1:
        return (
            f"{told}, while a mean of weights in [0, 1] times positive scores cannot exceed the plain mean: "
            "the printed numbers cannot have come from the printed formula."
        )
    return f"{told}, which the printed formula allows."


def length_effect(effect: float | None, low: float | None, high: float | None) -> str:
    """The direct effect of a caption's length in the mixed model."""
    if effect is None or low is None or high is None:
        return "The mixed model could not be fitted: the scores or the lengths do not vary enough."
    interval = f"{number(effect, 3)} CIDEr-D [{number(low, 3)}, {number(high, 3)}]"
    told = f"At equal prompt, image and seed, a token more goes with {interval}"
    if low > 0:
        return told + ": longer captions score higher."
    return told + (": longer captions score lower." if high < 0 else ": no effect of length is shown.")


def efficient(texts: Mapping[str, str], ratios: Mapping[str, float], lengths: Mapping[str, float]) -> str:
    """Which prompt has the most CLIP points a token, and whether it is simply the shortest."""
    best, shortest = max(ratios, key=ratios.__getitem__), min(lengths, key=lengths.__getitem__)
    told = f"Most CLIP points a token ({number(ratios[best], 1)}) has {quoted(texts[best])}"
    if best == shortest:
        return told + ", whose captions are the shortest: the ratio mostly ranks lengths."
    return told + f", though the captions of {quoted(texts[shortest])} are the shortest."


def winners(texts: Mapping[str, str], wins: Mapping[str, float], means: Mapping[str, float]) -> str:
    """Which prompt is best on most images, and whether it has the best mean."""
    most, best = max(wins, key=wins.__getitem__), max(means, key=means.__getitem__)
    told = f"{quoted(texts[most])} is best on the most images ({number(wins[most], 0)}, ties split)"
    if most == best:
        return told + " and on average."
    return told + f", while {quoted(texts[best])} is best on average: wins reward captions that no other prompt gives."


def alike(texts: Mapping[str, str], agreement: Mapping[tuple[str, str], float]) -> str:
    """Which two prompts say most nearly, and least nearly, the same of an image."""
    known = {pair: value for pair, value in agreement.items() if pair[0] < pair[1] and not math.isnan(value)}
    if not known:
        return "No two prompts can be held against one another."

    def both(pair: tuple[str, str]) -> str:
        return f"{quoted(texts[pair[0]])} and {quoted(texts[pair[1]])} ({number(known[pair])})"

    most, least = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    if most == least:
        return f"The captions of {both(most)} are the only two to compare."
    return f"The captions of {both(most)} agree most, those of {both(least)} least."


def collapse(texts: Mapping[str, str], collapsed: Mapping[str, int], share: float) -> str:
    """A warning of prompts whose captions have collapsed; `collapsed`: seeds with a collapse, by prompt."""
    warned = [quoted(texts[name]) for name, count in collapsed.items() if count]
    bound = f"one caption given to more than {number(100 * share, 0)}\\,\\% of the images"
    if not warned:
        return f"No prompt's captions have collapsed ({bound})."
    return f"\\textbf{{Collapse:}} {bound} after {', '.join(warned)}."


def extremes(own: float, shuffled: float, count: int) -> str:
    """How far apart the means of the best and the worst images are, against shuffled images."""
    told = f"The means of the {count} best and the {count} worst are {number(own, 1)} points apart"
    compared = "less" if own < shuffled else "not less"
    return f"{told}, {compared} than on shuffled images ({number(shuffled, 1)}); such a gap by itself is no finding."


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


def beside(linear: float, arms: Mapping[str, tuple[float, float, float]]) -> str:
    """How other ways to train stand beside the headline's linear map; `arms`: by label, CIDEr-D, and the interval of
    the linear map's minus it.
    """
    told = []
    for label, (cider, low, high) in arms.items():
        verdict = "below" if low > 0 else "above" if high < 0 else "not told apart from"
        apart = f"[{number(-high)}, {number(-low)}]"
        told.append(f"{label} reaches {number(cider)}, {verdict} it (difference in {apart})")
    return f"The linear map has a CIDEr-D of {number(linear)}. On the same images, {'; '.join(told)}."


def retrieval(linear: float, retrieved: float, low: float, high: float) -> str:
    """The headline map against the nearest training caption; `low`, `high`: the interval of the difference."""
    told = f"Repeating the training caption that CLIP finds nearest gives {number(retrieved)}"
    between = f"(difference in [{number(low)}, {number(high)}])"
    if low > 0:
        return f"{told}; the map is above it {between}: the decoder says more than CLIP retrieves."
    if high < 0:
        return f"{told}, which the map does not reach {between}: a captioner that only repeats would do."
    return f"{told}, and the map is not told apart from it {between}."


def prompt_left_in(texts: Mapping[str, str], tau: float | None, best: str | None, without: str | None) -> str:
    """What it does to the ranking by CLIP score to leave the prompt in the scored text, as the original project did."""
    if tau is None or best is None or without is None:
        return "With so few prompts there is no ranking that the prompt's own words could change."
    told = (
        f"Left in the scored text, as in the earlier project, the prompt makes a ranking with $\\tau$ = {number(tau)}"
    )
    if best == without:
        return f"{told} to the ranking without it, and {quoted(texts[best])} stays the best" + (
            ": here the way of scoring does not matter." if tau == 1 else ", but others change places."
        )
    return (
        f"{told} to the ranking without it and makes {quoted(texts[best])} the best instead of "
        f"{quoted(texts[without])}: the prompt's own words decide."
    )


def empty_prompt_map(
    texts: Mapping[str, str], tau: float | None, best: str | None, without: str | None, spread: tuple[float, float]
) -> str:
    """Whether the ranking merely shows which prompts trained the map; `spread`: the greatest minus the least CIDEr-D of
    the prompts seen in training, with the study's maps and with the map of the empty prompt.
    """
    if tau is None or best is None or without is None:
        return "With so few prompts there is no ranking to hold against that of a map without prompts."
    told = (
        f"The ranking with a map that met no prompt in training has $\\tau$ = {number(tau)} to that of the study's maps"
    )
    if best == without:
        told += f"; {quoted(texts[best])} is the best with both"
    else:
        told += f"; the best is {quoted(texts[best])} instead of {quoted(texts[without])}"
    own, empty = spread
    told += f". Between the best and the worst of the seen prompts lie {number(empty)} instead of {number(own)} CIDEr-D"
    if tau < 0.5 or best != without:
        return told + ": which prompts trained the map does show in the ranking."
    return told + ": the order is not merely that of what was trained."


def backbone(role: str, origin: Origin) -> str:
    """Which weights play this role (encoder, decoder, judge), and who vouches for them."""
    if origin.vouched == "trained here":
        return f"The {role} is {escaped(origin.name)}, trained in the pipeline."
    return (
        f"The {role} is \\texttt{{{escaped(origin.name)}}} ({escaped(origin.vouched)}; SHA-256 "
        f"\\texttt{{{origin.sha256[:16]}}}\\ldots)."
    )


def words(by: str) -> str:
    """What counts as a word, where it is not coco-caption's choice; begins within a sentence."""
    return {
        "treebank": "",
        "characters": ", each sign of a script without blanks between words counted as a word",
        "jieba": ", Chinese parted into words by jieba",
    }[by]


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
