"""The comparison of prompts on one split: tables of what the pure statistics say, one row a prompt or a pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from functools import cached_property

import numpy as np
import pandas as pd
from statsmodels.nonparametric.smoothers_lowess import lowess

from captioner import agreement, coverage, mixed, pairwise, ranking
from captioner.config.compare import CompareConfig
from captioner.crossed import Crossed
from captioner.diagnostics import Diagnosis, diagnose
from captioner.statistics import (
    Bootstrap,
    Interval,
    cumulative_bands,
    cumulative_means,
    friedman,
    spread,
    win_shares,
)

SCORES = (  # columns of a prompt's table
    "cider", "cider_shuffled", "rouge_l", "clip_score", "clip_score_shuffled", "clip_score_with_prompt", "clip_s",
    "ref_clip_s", "weight", "tokens",
)  # fmt: skip
MEASURES = (
    "cider", "cider_lift", "rouge_l", "clip_score", "clip_score_with_prompt", "clip_s", "ref_clip_s",
    "entropy_weighted_clip_score", "lift", "tokens",
)  # fmt: skip
GROUPS = ("seen", "unseen", "unrelated")


def group(name: str, text: str, trained: set[str], unrelated: Sequence[str]) -> str:
    """`seen` in training, `unrelated` to pictures by the parameters, or `unseen`."""
    if text.strip() in trained:
        return "seen"
    return "unrelated" if name in unrelated else "unseen"


def _bounds(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{part}" for name in names for part in ("", "_low", "_high"))


class Comparison:
    """The prompts of one split against one another; intervals are over images and seeds where nothing else is said."""

    def __init__(self, scores: Crossed, config: CompareConfig, seed: int) -> None:
        self.scores, self.config, self.seed = scores, config, seed
        resampling = (config.resamples, config.confidence, seed)
        self.both = Bootstrap(len(scores.images), len(scores.seeds), *resampling)
        self.of_these_maps = Bootstrap(len(scores.images), 1, *resampling)
        self.values = {
            **scores.columns,
            "lift": scores["clip_score"] - scores["clip_score_shuffled"],
            "cider_lift": scores["cider"] - scores["cider_shuffled"],
            "entropy_weighted_clip_score": scores["weight"] * scores["clip_score"],
        }

    @cached_property
    def _certainties(self) -> list[tuple[float, np.ndarray]]:
        """For each prompt, Spearman's correlation of the entropy weight with CIDEr-D, and its resampled values."""
        pairs = zip(self.values["weight"], self.values["cider"], strict=True)
        return [self.both.rank_correlation(weight, cider) for weight, cider in pairs]

    def _named(self) -> Iterator[tuple[int, str]]:
        return enumerate(self.scores.prompts)

    PROMPTS = (
        "prompt", *_bounds(*MEASURES), "cider_image_low", "cider_image_high", "cider_seed_sd",
        *_bounds("wins", "per_token", "certainty"),
    )  # fmt: skip

    def prompts(self) -> Iterator[dict]:
        """A row a prompt: its means; images won on CIDEr-D, ties split; CLIP points a token; and `certainty`,
        Spearman's correlation of the entropy weight with CIDEr-D.
        """
        values = {name: self.values[name] for name in MEASURES}
        values["wins"] = win_shares(values["cider"]) * len(self.scores.images)
        found = {name: self.both.intervals(several) for name, several in values.items()}
        of_these_maps = self.of_these_maps.intervals(values["cider"].mean(axis=1, keepdims=True))
        for p, name in self._named():
            row: dict = {"prompt": name}
            for measure, intervals in found.items():
                row |= spread(measure, intervals[p])
            seeds, images = values["cider"][p].mean(axis=1), of_these_maps[p]
            sd = float(seeds.std(ddof=1)) if len(seeds) > 1 else np.nan
            row |= {"cider_image_low": images.low, "cider_image_high": images.high, "cider_seed_sd": sd}
            row |= spread("per_token", self.both.ratio(self.values["clip_score"][p], self.values["tokens"][p]))
            row |= spread("certainty", self.both.around(*self._certainties[p]))
            yield row

    SEEDS = ("seed", "prompt", *MEASURES)

    def seeds(self) -> Iterator[dict]:
        """A row a seed and prompt: its means over images."""
        for s, seed in enumerate(self.scores.seeds):
            for p, name in self._named():
                means = {measure: float(self.values[measure][p, s].mean()) for measure in MEASURES}
                yield {"seed": seed, "prompt": name, **means}

    TRANSFER = ("prompt", *_bounds("cider", "empty", "gain"))

    def transfer(self, empty: np.ndarray) -> Iterator[dict]:
        """A row a prompt: CIDEr-D with the maps of the study, with the map that met the empty prompt only, whose scores
        are `empty` [P, 1, N], and the latter minus the former.
        """
        own, other = self.values["cider"], np.broadcast_to(empty, self.values["cider"].shape)
        found = {"cider": own, "empty": other, "gain": other - own}
        intervals = {name: self.both.intervals(values) for name, values in found.items()}
        for p, name in self._named():
            row: dict = {"prompt": name}
            for measure, several in intervals.items():
                row |= spread(measure, several[p])
            yield row

    PAIRS = ("measure", "prompt", "versus", *pairwise.COLUMNS, "verdict")

    def pairs(self, margins: Mapping[str, float]) -> Iterator[dict]:
        """A row a measure and ordered pair of prompts; each measure is a family of its own."""
        for measure, margin in margins.items():
            values = dict(zip(self.scores.prompts, self.values[measure], strict=True))
            found = pairwise.compare(values, margin, self.both, self.config.permutations, self.seed)
            for (name, versus), pair in found.items():
                verdict = pair.verdict(1 - self.config.confidence)
                yield {"measure": measure, "prompt": name, "versus": versus, **asdict(pair), "verdict": verdict}

    RANKINGS = (
        "variant", "exponent", "prompt", *_bounds("score"), "minmax", "expected_rank", "best_probability", "tau",
    )  # fmt: skip

    def rankings(self) -> Iterator[dict]:
        """A row a ranking and prompt: CIDEr-D, and the CLIP score weighted in both variants with each exponent.

        `tau` is Kendall's, of this ranking with that by the plain CLIP score.
        """
        plain = self.values["clip_score"].mean(axis=(1, 2))
        for variant, exponent, intervals, draws in self._ranked:
            means = np.array([interval.mean for interval in intervals])
            chances = ranking.rank_probabilities(draws)
            tau, scaled = ranking.agreement(means, plain), ranking.normalised(means)
            for p, name in self._named():
                yield {
                    "variant": variant, "exponent": exponent, "prompt": name, **spread("score", intervals[p]),
                    "minmax": float(scaled[p]), "expected_rank": float(chances[p] @ np.arange(1, len(means) + 1)),
                    "best_probability": float(chances[p, 0]), "tau": tau,
                }  # fmt: skip

    RANKS = ("variant", "prompt", "rank", "probability")

    def ranks(self) -> Iterator[dict]:
        """A row a ranking (of CIDEr-D, and of the weighted CLIP score with exponent 1), prompt and rank."""
        for variant, exponent, _, draws in self._ranked:
            if exponent in (None, 1.0):
                for name, chances in zip(self.scores.prompts, ranking.rank_probabilities(draws), strict=True):
                    for place, chance in enumerate(chances.tolist(), start=1):
                        yield {"variant": variant, "prompt": name, "rank": place, "probability": chance}

    @cached_property
    def _ranked(self) -> list[tuple[str, float | None, list[Interval], np.ndarray]]:
        """Name, exponent, interval of each prompt, and resampled scores [P, R] of every ranking."""
        cider = self.values["cider"]
        found: list[tuple[str, float | None, list[Interval], np.ndarray]] = [
            ("cider", None, self.both.intervals(cider), self.both.means(cider))
        ]
        pair = self.values["weight"], self.values["clip_score"]
        for exponent in self.config.exponents.values():
            for variant in ranking.VARIANTS:
                found.append((variant, exponent, *ranking.weighted(*pair, exponent, variant, self.both)))
        return found

    TOGETHER = (
        "prompt", "versus", "compatibility", "chance", *_bounds("lift"), "residual", *_bounds("agreement"), "together",
    )  # fmt: skip

    def together(self, images: np.ndarray, texts: np.ndarray) -> Iterator[dict]:
        """A row an ordered pair, also with itself, for images [N, D] and captions [P, S, N, D], unit-norm.

        `residual`: compatibility, double-centred; `together`: Spearman's correlation of CIDEr-D, means over seeds.
        """
        cells = agreement.together(images, texts, self.both)
        residual = agreement.double_centred(np.array([[cell.compatibility for cell in row] for row in cells]))
        success = agreement.success(self.values["cider"].mean(axis=1))
        for p, name in self._named():
            for q, versus in self._named():
                cell = cells[p][q]
                yield {
                    "prompt": name, "versus": versus, "compatibility": cell.compatibility, "chance": cell.chance,
                    **spread("lift", cell.lift), "residual": float(residual[p, q]),
                    **spread("agreement", cell.agreement), "together": float(success[p, q]),
                }  # fmt: skip

    MIXED = ("prompt", *_bounds("total", "direct"))

    def mixed(self) -> tuple[list[dict], dict[str, float | None]]:
        """A row a prompt with its total effect on CIDEr-D and its direct one, at equal length; and the models' figures.

        Without a fit, empty cells.
        """
        cider, tokens, confidence = self.values["cider"], self.values["tokens"], self.config.confidence
        total, direct = mixed.fit(cider, None, confidence), mixed.fit(cider, tokens, confidence)
        nothing = Interval(np.nan, np.nan, np.nan)
        rows = [
            {
                "prompt": name,
                **spread("total", total.effects[p] if total else nothing),
                **spread("direct", direct.effects[p] if direct else nothing),
            }
            for p, name in self._named()
        ]
        length = direct.length if direct else nothing
        figures = {"image_share": total.image_share if total else None, **spread("length_effect", length)}
        return rows, {key: None if value is None or np.isnan(value) else value for key, value in figures.items()}

    DIAGNOSES = ("prompt", *(field.name for field in fields(Diagnosis)), "collapsed_seeds")

    def diagnoses(self, cap: int) -> Iterator[dict]:
        """A row a prompt: means over seeds, and how many seeds' captions have collapsed.

        Captions collapse where one of them is given to more images than the share that the parameters allow.
        """
        for p, name in self._named():
            found = [
                asdict(diagnose(texts.tolist(), tokens, cap))
                for texts, tokens in zip(self.scores.captions[p], self.values["tokens"][p], strict=True)
            ]
            collapsed = sum(one["commonest"] > self.config.collapse for one in found)
            means = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
            yield {"prompt": name, **means, "collapsed_seeds": collapsed}

    LENGTHS = ("prompt", "tokens", "captions", "clip_score", "cider", "smooth")

    def lengths(self) -> Iterator[dict]:
        """A row a prompt and caption length: means, and the CLIP score's smoothed line over the lengths."""
        for p, name in self._named():
            columns = (self.values[key][p].ravel() for key in ("tokens", "clip_score", "cider"))
            yield from ({"prompt": name, **row} for row in by_length(*columns))

    SURFACE = ("prompt", "bin", "images", "cider", "clip_score")

    def surface(self, bins: int) -> Iterator[dict]:
        """A row a prompt and bin of images, from the hard to the easy ones by CIDEr-D, the mean over prompts."""
        order = np.argsort(self.values["cider"].mean(axis=(0, 1)), kind="stable")
        for number, chosen in enumerate(np.array_split(order, min(bins, len(order))), start=1):
            for p, name in self._named():
                means = {key: float(self.values[key][p][:, chosen].mean()) for key in ("cider", "clip_score")}
                yield {"prompt": name, "bin": number, "images": len(chosen), **means}

    EXAMPLES = ("place", "image_id", "prompt", "caption", "cider")

    def examples(self) -> Iterator[dict]:
        """The captions after every prompt, of the first seed, for the best, the median and the worst image.

        By CIDEr-D, the mean over prompts of that seed's captions; ties by the order of the images.
        """
        cider = self.values["cider"][:, 0]
        order = np.argsort(-cider.mean(axis=0), kind="stable")
        for place, i in (("best", order[0]), ("median", order[len(order) // 2]), ("worst", order[-1])):
            for p, name in self._named():
                caption = self.scores.captions[p, 0, i]
                yield {
                    "place": place, "image_id": self.scores.images[i], "prompt": name, "caption": caption,
                    "cider": float(cider[p, i]),
                }  # fmt: skip

    SIMULATED = (3, 5, 10)  # seeds for which the coverage of intervals is simulated

    def summary(
        self, pairs: Sequence[Mapping], told: Mapping[str, Mapping[str, str]], empty: np.ndarray
    ) -> dict[str, object]:
        """Flat figures: the omnibus test, the pairs by verdict, the best of each group, the weight's worth, and how
        rankings agree.

        `pairs`: the rows of `pairs`; `told`: `group` of each prompt; `empty` as in `transfer`. None where a figure does
        not exist.
        """
        cider = self.values["cider"]
        omnibus = friedman(cider.mean(axis=1))
        own, drawn = zip(*self._certainties, strict=True)
        certainty = self.both.around(float(np.mean(own)), np.mean(drawn, axis=0))
        told_once = [row for row in pairs if row["prompt"] < row["versus"]]
        primary, secondary = (
            [row["verdict"] for row in told_once if row["measure"] == measure] for measure in ("cider", "clip_score")
        )
        figures: dict[str, object] = {
            "seeds": len(self.scores.seeds),
            "friedman_p": omnibus and omnibus.p,
            "concordance": omnibus and omnibus.concordance,
            "pairs": len(primary),
            **{f"pairs_{verdict.replace(' ', '_')}": primary.count(verdict) for verdict in pairwise.VERDICTS},
            **{f"clip_pairs_{verdict.replace(' ', '_')}": secondary.count(verdict) for verdict in pairwise.VERDICTS},
            **{key: None if np.isnan(value) else value for key, value in spread("certainty", certainty).items()},
        }
        found = coverage.spread(cider)
        for count in self.SIMULATED:
            resampling = (self.config.resamples, self.config.confidence, self.seed)
            bootstrap = Bootstrap(len(self.scores.images), count, *resampling)
            figures[f"coverage_{count}"] = found and coverage.coverage(found, bootstrap, 1000, self.seed)
        related = [p for p, name in self._named() if told[name]["group"] != "unrelated"]
        plain, prompted = (self.values[name].mean(axis=(1, 2)) for name in ("clip_score", "clip_score_with_prompt"))
        figures |= self._rankings("prompt_left_in", related, plain, prompted)
        figures |= self._rankings("empty_prompt_map", related, cider.mean(axis=(1, 2)), empty.mean(axis=(1, 2)))
        means = dict(zip(self.scores.prompts, cider.mean(axis=(1, 2)).tolist(), strict=True))
        for name in GROUPS:
            group = {prompt: mean for prompt, mean in means.items() if told[prompt]["group"] == name}
            best = max(group, key=group.__getitem__) if group else None
            figures |= {f"best_{name}": best, f"best_{name}_cider": means.get(best)}
        return figures

    def _rankings(self, name: str, among: Sequence[int], one: np.ndarray, other: np.ndarray) -> dict[str, object]:
        """How two rankings [P] of the prompts `among` agree: Kendall's tau and the best of each."""
        if not among:
            return {f"{name}_tau": None, f"{name}_best": None, f"{name}_best_without": None}
        tau = ranking.agreement(one[among], other[among])
        return {
            f"{name}_tau": None if np.isnan(tau) else tau,
            f"{name}_best": self.scores.prompts[among[int(other[among].argmax())]],
            f"{name}_best_without": self.scores.prompts[among[int(one[among].argmax())]],
        }


class Headline:
    """The headline captions of one split, of every seed; intervals over images for the means over seeds."""

    EXTREMES = 50

    def __init__(self, scores: Crossed, config: CompareConfig, seed: int) -> None:
        """`scores`: one prompt."""
        self.columns = {key: scores[key][0] for key in SCORES}  # [S, N]
        self.bootstrap = Bootstrap(len(scores.images), 1, config.resamples, config.confidence, seed)
        self.clip_score = self.columns["clip_score"].mean(axis=0)  # [N]
        self.own = cumulative_means(self.clip_score, self.EXTREMES)
        self.chance = cumulative_means(self.columns["clip_score_shuffled"].mean(axis=0), self.EXTREMES)

    CUMULATIVE = ("rank", *(f"{end}{part}" for end in ("top", "bottom") for part in ("", "_low", "_high", "_shuffled")))

    def cumulative(self) -> Iterator[dict]:
        """A row a rank: the running mean CLIP score of the best and of the worst images, and of shuffled ones."""
        bands = cumulative_bands(self.clip_score, self.EXTREMES, self.bootstrap)
        series = [
            line
            for own, band, chance in zip(self.own, bands, self.chance, strict=True)
            for line in (own, *band, chance)
        ]
        for rank, row in enumerate(zip(*(line.tolist() for line in series), strict=True), start=1):
            yield dict(zip(self.CUMULATIVE, (rank, *row), strict=True))

    LENGTHS = Comparison.LENGTHS[1:]

    def lengths(self) -> Iterator[dict]:
        """A row a caption length."""
        return by_length(*(self.columns[key].ravel() for key in ("tokens", "clip_score", "cider")))

    def summary(self) -> dict[str, float]:
        """How far apart the means of the best and the worst images are, against chance."""
        return {
            "extremes": len(self.own[0]),
            "extremes_gap": float(self.own[0][-1] - self.own[1][-1]),
            "extremes_gap_shuffled": float(self.chance[0][-1] - self.chance[1][-1]),
        }  # fmt: skip


def by_length(tokens: np.ndarray, clip_score: np.ndarray, cider: np.ndarray) -> Iterator[dict]:
    """A row a caption length, for arrays [M]: captions, means, and a LOWESS line of the CLIP score."""
    table = pd.DataFrame({"tokens": tokens, "clip_score": clip_score, "cider": cider})
    same = np.ptp(tokens) == 0  # one length has no line but its mean
    with np.errstate(invalid="ignore"):  # a neighbourhood of one length: its own mean there
        smooth = clip_score.mean() if same else lowess(clip_score, tokens, frac=0.6, it=1, return_sorted=False)
    grouped = table.assign(smooth=smooth).groupby("tokens")
    for length, part in grouped:
        yield {
            "tokens": int(length), "captions": len(part), "clip_score": float(part["clip_score"].mean()),
            "cider": float(part["cider"].mean()), "smooth": float(part["smooth"].mean()),
        }  # fmt: skip
