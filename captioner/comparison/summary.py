"""The comparison in flat figures; None where a figure does not exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from captioner.comparison.compared import Compared
from captioner.comparison.groups import GROUPS
from captioner.statistics import coverage, pairwise, ranking
from captioner.statistics.intervals import friedman, spread

SIMULATED = (3, 5, 10)  # seeds for which the coverage of intervals is simulated


def summary(
    compared: Compared, pairs: Sequence[Mapping], told: Mapping[str, Mapping[str, str]], empty: np.ndarray
) -> dict[str, object]:
    """The omnibus test, the pairs by verdict, the best of each group, the weight's worth, and how rankings agree.

    `pairs`: the rows of `pairs`; `told`: `group` of each prompt; `empty` as in `transfer`.
    """
    values = compared.values
    omnibus = friedman(values["cider"].mean(axis=1))
    related = [p for p, name in compared.named() if told[name]["group"] != "unrelated"]
    cider, other, plain, prompted = (
        several.mean(axis=(1, 2))
        for several in (values["cider"], empty, values["clip_score"], values["clip_score_with_prompt"])
    )
    return {
        "seeds": len(compared.scores.seeds),
        "friedman_p": omnibus and omnibus.p,
        "concordance": omnibus and omnibus.concordance,
        **verdicts(pairs),
        **certainty(compared),
        **covered(compared),
        **agreeing("prompt_left_in", compared.scores.prompts, related, plain, prompted),
        **agreeing("empty_prompt_map", compared.scores.prompts, related, cider, other),
        **best(dict(zip(compared.scores.prompts, cider.tolist(), strict=True)), told),
    }


def verdicts(pairs: Sequence[Mapping]) -> dict[str, int]:
    """How many pairs there are, and how many of each verdict by CIDEr-D and by the CLIP score."""
    told_once = [row for row in pairs if row["prompt"] < row["versus"]]
    primary, secondary = (
        [row["verdict"] for row in told_once if row["measure"] == measure] for measure in ("cider", "clip_score")
    )
    return {
        "pairs": len(primary),
        **{f"pairs_{verdict.replace(' ', '_')}": primary.count(verdict) for verdict in pairwise.VERDICTS},
        **{f"clip_pairs_{verdict.replace(' ', '_')}": secondary.count(verdict) for verdict in pairwise.VERDICTS},
    }


def certainty(compared: Compared) -> dict[str, float | None]:
    """Spearman's correlation of the entropy weight with CIDEr-D, the mean over prompts."""
    own, drawn = zip(*compared.certainties, strict=True)
    interval = compared.both.around(float(np.mean(own)), np.mean(drawn, axis=0))
    return {key: None if np.isnan(value) else value for key, value in spread("certainty", interval).items()}


def covered(compared: Compared) -> dict[str, float | None]:
    """How often an interval would hold the truth with other numbers of seeds."""
    found = coverage.spread(compared.values["cider"])
    return {
        f"coverage_{count}": found and coverage.coverage(found, compared.bootstrap(count), 1000, compared.seed)
        for count in SIMULATED
    }


def agreeing(
    name: str, prompts: Sequence[str], among: Sequence[int], one: np.ndarray, other: np.ndarray
) -> dict[str, object]:
    """How two rankings [P] of the prompts `among` agree: Kendall's tau and the best of each."""
    if not among:
        return {f"{name}_tau": None, f"{name}_best": None, f"{name}_best_without": None}
    tau = ranking.agreement(one[among], other[among])
    return {
        f"{name}_tau": None if np.isnan(tau) else tau,
        f"{name}_best": prompts[among[int(other[among].argmax())]],
        f"{name}_best_without": prompts[among[int(one[among].argmax())]],
    }


def best(means: Mapping[str, float], told: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    """The best prompt of each group, by the prompts' means, and its mean."""
    figures: dict[str, object] = {}
    for name in GROUPS:
        group = {prompt: mean for prompt, mean in means.items() if told[prompt]["group"] == name}
        first = max(group, key=group.__getitem__) if group else None
        figures |= {f"best_{name}": first, f"best_{name}_cider": means.get(first)}
    return figures
