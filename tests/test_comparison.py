"""The tables of the comparison: against hand-made scores, for one prompt, one seed, and captions that are all alike."""

import numpy as np
import pandas as pd
import pytest

from captioner.comparison import SCORES, Comparison, Headline, by_length, group
from captioner.config.compare import CompareConfig
from captioner.crossed import cross
from captioner.pairwise import VERDICTS

CONFIG = CompareConfig(
    resamples=200,
    permutations=200,
    confidence=0.9,
    exponents={"none": 0.0, "whole": 1.0},
    collapse=0.2,
    groups={"odd": "unrelated"},
)
MARGINS = {"cider": 0.1, "clip_score": 1.5}


def table(shift=0.0, seeds=(1, 2), images=30, flat=False, rng=0):
    rng = np.random.default_rng(rng)
    rows = []
    for seed in seeds:
        for image in range(images):
            scores = dict(zip(SCORES, rng.uniform(0.2, 0.9, len(SCORES)), strict=True))
            scores |= {"cider": image / 10 + shift + rng.normal(0, 0.1), "tokens": int(rng.integers(4, 9))}
            caption = f"a cat number {rng.integers(20)}."
            if flat:
                scores, caption = dict.fromkeys(SCORES, 0.5), "a cat."
            rows.append({"split": "test", "seed": seed, "image_id": image, "caption": caption, **scores})
    return pd.DataFrame(rows)


def comparison(**tables):
    return Comparison(cross(tables, "test", SCORES), CONFIG, 1)


@pytest.fixture(scope="module")
def three():
    return comparison(good=table(1.0, rng=1), plain=table(0.0, rng=2), odd=table(-1.0, rng=3))


TOLD = {"good": {"group": "seen"}, "plain": {"group": "seen"}, "odd": {"group": "unrelated"}}


def everything(compared, told):
    """All tables as lists, their columns checked."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(compared.scores.prompts), *compared.scores["cider"].shape[1:], 6))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    effects, figures = compared.mixed()
    pairs = list(compared.pairs(MARGINS))
    tables = {
        "prompts": (compared.PROMPTS, compared.prompts()), "seeds": (compared.SEEDS, compared.seeds()),
        "pairs": (compared.PAIRS, pairs), "rankings": (compared.RANKINGS, compared.rankings()),
        "ranks": (compared.RANKS, compared.ranks()), "mixed": (compared.MIXED, effects),
        "together": (compared.TOGETHER, compared.together(vectors[0, 0], vectors)),
        "diagnoses": (compared.DIAGNOSES, compared.diagnoses(8)), "lengths": (compared.LENGTHS, compared.lengths()),
        "surface": (compared.SURFACE, compared.surface(5)), "examples": (compared.EXAMPLES, compared.examples()),
    }  # fmt: skip
    found = {name: list(rows) for name, (_, rows) in tables.items()}
    for name, (columns, _) in tables.items():
        assert all(set(row) == set(columns) for row in found[name]), name
    return found, {**figures, **compared.summary(pairs, told, compared.values["cider"][:, :1])}


def test_tables_of_three_prompts(three):
    found, figures = everything(three, TOLD)
    good, plain, odd = found["prompts"]
    assert good["cider"] > plain["cider"] > odd["cider"] and good["cider_low"] < good["cider"] < good["cider_high"]
    assert good["wins"] + plain["wins"] + odd["wins"] == pytest.approx(30) and good["wins"] > 29
    assert good["per_token"] == pytest.approx(three.values["clip_score"][0].sum() / three.values["tokens"][0].sum())
    verdicts = {(row["measure"], row["prompt"], row["versus"]): row["verdict"] for row in found["pairs"]}
    assert verdicts["cider", "good", "plain"] == "differs" and len(verdicts) == 12
    assert sum(figures[f"pairs_{verdict.replace(' ', '_')}"] for verdict in VERDICTS) == figures["pairs"] == 3
    assert (figures["best_seen"], figures["best_unseen"], figures["best_unrelated"]) == ("good", None, "odd")
    assert figures["friedman_p"] < 0.01 and figures["seeds"] == 2 and 0 < figures["image_share"] < 1
    plain_rank = [row for row in found["rankings"] if row["exponent"] == 0]
    assert all(row["tau"] == pytest.approx(1) for row in plain_rank)
    assert {row["variant"] for row in found["ranks"]} == {"cider", "penalised", "self-normalised"}
    surface = [row for row in found["surface"] if row["prompt"] == "plain"]
    assert [row["bin"] for row in surface] == [1, 2, 3, 4, 5] and sum(row["images"] for row in surface) == 30
    assert np.all(np.diff([row["cider"] for row in surface]) > 0)
    examples = {row["place"]: row["image_id"] for row in found["examples"]}
    assert examples["best"] > 27 and examples["worst"] < 2 and 12 < examples["median"] < 17
    assert found["mixed"][0]["total"] == pytest.approx(1, abs=0.1)


def test_the_map_of_the_empty_prompt_is_held_against_the_studys(three):
    """Its scores are one map's; the gain is paired by image, and a reversed order is seen as one."""
    empty = three.values["cider"].mean(axis=1, keepdims=True)[[1, 0, 2]]
    rows = list(three.transfer(empty))
    assert all(set(row) == set(three.TRANSFER) for row in rows)
    good, plain, odd = rows
    assert good["empty"] == pytest.approx(plain["cider"]) and plain["gain"] == pytest.approx(1.0, abs=0.1)
    assert odd["gain"] == pytest.approx(0) and odd["gain_low"] <= 0 <= odd["gain_high"]
    figures = three.summary(list(three.pairs(MARGINS)), TOLD, empty)
    assert figures["empty_prompt_map_tau"] == pytest.approx(-1)  # over the prompts that are related to pictures
    assert (figures["empty_prompt_map_best"], figures["empty_prompt_map_best_without"]) == ("plain", "good")


def test_the_prompt_left_in_can_turn_the_ranking():
    """The scores with prompt decide the one ranking, those without it the other."""
    left, right = table(rng=1), table(rng=2)
    left = left.assign(clip_score=1.0, clip_score_with_prompt=0.2)
    right = right.assign(clip_score=0.5, clip_score_with_prompt=0.7)
    compared = comparison(a=left, b=right)
    told = {"a": {"group": "seen"}, "b": {"group": "unseen"}}
    figures = compared.summary(list(compared.pairs(MARGINS)), told, compared.values["cider"])
    assert (figures["prompt_left_in_best"], figures["prompt_left_in_best_without"]) == ("b", "a")
    assert figures["prompt_left_in_tau"] == pytest.approx(-1) and figures["empty_prompt_map_tau"] == pytest.approx(1)


def test_lifts_are_own_minus_shuffled(three):
    rows = list(three.prompts())
    for p, row in enumerate(rows):
        own, shuffled = three.scores["cider"][p].mean(), three.scores["cider_shuffled"][p].mean()
        assert row["cider_lift"] == pytest.approx(own - shuffled)


def test_seeds_are_averaged(three):
    means = [row["cider"] for row in three.seeds() if row["prompt"] == "good"]
    row = next(three.prompts())
    assert np.mean(means) == pytest.approx(row["cider"]) and np.std(means, ddof=1) == pytest.approx(
        row["cider_seed_sd"]
    )


def test_one_prompt_of_one_seed():
    found, figures = everything(comparison(only=table(seeds=(1,))), {"only": {"group": "seen"}})
    assert found["pairs"] == [] and figures["pairs"] == 0 and figures["friedman_p"] is None
    assert np.isnan(found["prompts"][0]["cider_seed_sd"]) and np.isnan(found["rankings"][0]["minmax"])
    assert figures["length_effect"] is None


def test_captions_that_are_all_alike():
    found, figures = everything(
        comparison(a=table(flat=True), b=table(flat=True)), {"a": {"group": "seen"}, "b": {"group": "unseen"}}
    )
    assert found["pairs"][0]["verdict"] == "equivalent" and figures["certainty"] is None
    assert found["diagnoses"][0]["collapsed_seeds"] == 2 and found["diagnoses"][0]["commonest"] == 1
    assert np.isnan(found["mixed"][0]["total"]) and figures["image_share"] is None


def test_groups():
    assert group("x", " A photo of ", {"A photo of"}, ["x"]) == "seen"
    assert group("x", "Stocks", {"A photo of"}, ["x"]) == "unrelated"
    assert group("y", "Stocks", {"A photo of"}, ["x"]) == "unseen"


def test_headline_curves_and_lengths():
    headline = Headline(cross({"x": table(seeds=(1, 2), images=80)}, "test", SCORES), CONFIG, 1)
    rows = list(headline.cumulative())
    assert [row["rank"] for row in rows] == list(range(1, 51)) and set(rows[0]) == set(headline.CUMULATIVE)
    assert rows[0]["top"] >= rows[-1]["top"] >= rows[-1]["bottom"] >= rows[0]["bottom"]
    assert all(row["top_low"] <= row["top"] + 1e-9 and row["bottom_low"] <= row["bottom_high"] for row in rows)
    lengths = list(headline.lengths())
    assert sum(row["captions"] for row in lengths) == 160 and [row["tokens"] for row in lengths] == [4, 5, 6, 7, 8]


def test_a_smooth_line_follows_a_straight_one():
    tokens = np.repeat(np.arange(1.0, 11.0), 5)
    rows = list(by_length(tokens, 3 * tokens, tokens))
    np.testing.assert_allclose([row["smooth"] for row in rows], 3 * np.arange(1, 11), atol=1e-6)
