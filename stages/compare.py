"""Stage `compare`: the prompts' score tables and their captions' embeddings in; every statistic of the study out.

Ten seconds for ten prompts of three seeds and a thousand images; equal tables give equal bytes.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits

from captioner.comparison import diagnoses, difficulty, groups, lengths, means, pairs, rankings, summary, together
from captioner.comparison.compared import SCORES, Compared
from captioner.comparison.headline import Headline
from captioner.config.caption import CaptionConfig
from captioner.config.compare import CompareConfig, EquivalenceConfig
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.foundation.errors import InputError
from captioner.foundation.tables import write_named
from captioner.scores.words import splitter
from captioner.statistics.crossed import Crossed, cross
from stages import settings

BINS = 40  # columns of the prompt x image view


def main() -> None:
    seed, prompts = settings.shared("seed"), settings.shared("prompts")
    config = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    margins = vars(settings.section("equivalence", EquivalenceConfig))
    threadpool_limits(settings.section("runtime", RuntimeConfig).threads)  # of numpy's matrix products, from here on
    cap = settings.section("caption", CaptionConfig).max_new_tokens
    words = splitter(settings.section("score", ScoreConfig).words)
    trained = settings.section("projection", ProjectionConfig).prompts.values()
    told = groups.told(prompts, trained, config.groups)
    tables = score_tables(prompts)
    names = next(iter(tables.values()))["split"].unique()
    splits = {split: Compared(cross(tables, split, SCORES, "linear"), config, seed) for split in names}
    test = splits["test"]
    scores = pd.read_csv(settings.source("scores"), keep_default_na=False)
    headline = Headline(cross({"headline": scores}, "test", SCORES), config, seed)
    empty = cross(tables, "test", ("cider",), "empty")["cider"]
    against, ranked, (effects, model) = list(pairs.pairs(test, margins)), rankings.ranked(test), lengths.mixed(test)

    def described(rows: Iterable[dict]) -> Iterator[dict]:
        return ({**told[row["prompt"]], **row} for row in rows)

    def everywhere(rows: Callable[..., Iterable[dict]], *arguments: object) -> Iterator[dict]:
        for split, compared in splits.items():
            yield from ({"split": split, **row} for row in described(rows(compared, *arguments)))

    with settings.target("prompts") as path:
        write_named(path, ("split", "text", "group", *means.PROMPTS), everywhere(means.prompts))
    with settings.target("seeds") as path:
        write_named(path, ("split", *means.SEEDS), everywhere(means.seeds))
    with settings.target("transfer") as path:
        write_named(path, ("text", "group", *means.TRANSFER), described(means.transfer(test, empty)))
    with settings.target("diagnoses") as path:
        write_named(path, ("split", "text", *diagnoses.DIAGNOSES), everywhere(diagnoses.diagnoses, cap, words))
    with settings.target("pairs") as path:
        write_named(path, pairs.PAIRS, against)
    with settings.target("rankings") as path:
        write_named(path, ("text", "group", *rankings.RANKINGS), described(rankings.rankings(test, ranked)))
    with settings.target("ranks") as path:
        write_named(path, rankings.RANKS, rankings.ranks(test, ranked))
    with settings.target("together") as path:
        write_named(path, together.TOGETHER, together.together(test, *embedded(test.scores)))
    with settings.target("mixed") as path:
        write_named(path, lengths.MIXED, effects)
    with settings.target("lengths") as path:
        write_named(path, lengths.LENGTHS, lengths.lengths(test))
    with settings.target("surface") as path:
        write_named(path, difficulty.SURFACE, difficulty.surface(test, BINS))
    with settings.target("examples") as path:
        write_named(path, ("text", *difficulty.EXAMPLES), described(difficulty.examples(test)))
    with settings.target("headline_lengths") as path:
        write_named(path, headline.LENGTHS, headline.lengths())
    with settings.target("cumulative") as path:
        write_named(path, headline.CUMULATIVE, headline.cumulative())
    with settings.target("compare_metrics") as path:
        settings.write_json(path, {**headline.summary(), **summary.summary(test, against, told, empty), **model})


def score_tables(prompts: dict[str, str]) -> dict[str, pd.DataFrame]:
    """The score table of each compared prompt."""
    strangers = {path.stem for path in settings.source("prompt_scores").glob("*.csv")} - set(prompts)
    if strangers:
        raise InputError(
            f"data: scores of prompts that params.yaml does not compare ({', '.join(sorted(strangers))}); "
            "`dvc checkout` removes what is left of another experiment"
        )
    return {
        name: pd.read_csv(settings.source("prompt_scores", f"{name}.csv"), keep_default_na=False) for name in prompts
    }


def embedded(scores: Crossed) -> tuple[np.ndarray, np.ndarray]:
    """The judge's unit-norm embeddings of the images [N, D] and of all captions [P, S, N, D]."""
    judged = load_file(settings.source("judged"))
    place = {key: row for row, key in enumerate(judged["ids"].tolist())}
    images = judged["vectors"][[place[key] for key in scores.images]]
    texts = [
        load_file(settings.source("prompt_scores", f"{name}.safetensors"))["texts"][rows]
        for name, rows in zip(scores.prompts, scores.rows, strict=True)
    ]
    return images, np.stack(texts)


if __name__ == "__main__":
    settings.run(main)
