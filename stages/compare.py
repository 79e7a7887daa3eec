"""Stage `compare`: the prompts' score tables and their captions' embeddings in; every statistic of the study out.

Ten seconds for ten prompts of three seeds and a thousand images; equal tables give equal bytes.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits

from captioner.comparison import SCORES, Comparison, Headline, group
from captioner.config.caption import CaptionConfig
from captioner.config.compare import CompareConfig, EquivalenceConfig
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.crossed import Crossed, cross
from captioner.errors import InputError
from captioner.tables import write_named
from stages import settings

BINS = 40  # columns of the prompt x image view


def main() -> None:
    seed, prompts = settings.shared("seed"), settings.shared("prompts")
    config = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    margins = vars(settings.section("equivalence", EquivalenceConfig))
    threadpool_limits(settings.section("runtime", RuntimeConfig).threads)  # of numpy's matrix products, from here on
    cap = settings.section("caption", CaptionConfig).max_new_tokens
    trained = {text.strip() for text in settings.section("projection", ProjectionConfig).prompts.values()}
    told = {name: {"text": text, "group": group(name, text, trained, config.groups)} for name, text in prompts.items()}
    tables = score_tables(prompts)
    splits = {
        split: Comparison(cross(tables, split, SCORES, "linear"), config, seed)
        for split in next(iter(tables.values()))["split"].unique()
    }
    test = splits["test"]
    scores = pd.read_csv(settings.source("scores"), keep_default_na=False)
    headline = Headline(cross({"headline": scores}, "test", SCORES), config, seed)
    empty = cross(tables, "test", ("cider",), "empty")["cider"]
    pairs, (effects, model) = list(test.pairs(margins)), test.mixed()

    def everywhere(rows: str, *arguments: object) -> Iterator[dict]:
        for split, comparison in splits.items():
            for row in getattr(comparison, rows)(*arguments):
                yield {"split": split, **told[row["prompt"]], **row}

    with settings.target("prompts") as path:
        write_named(path, ("split", "text", "group", *test.PROMPTS), everywhere("prompts"))
    with settings.target("seeds") as path:
        write_named(path, ("split", *test.SEEDS), everywhere("seeds"))
    with settings.target("transfer") as path:
        rows = ({**told[row["prompt"]], **row} for row in test.transfer(empty))
        write_named(path, ("text", "group", *test.TRANSFER), rows)
    with settings.target("diagnoses") as path:
        write_named(path, ("split", "text", *test.DIAGNOSES), everywhere("diagnoses", cap))
    with settings.target("pairs") as path:
        write_named(path, test.PAIRS, pairs)
    with settings.target("rankings") as path:
        write_named(
            path, ("text", "group", *test.RANKINGS), ({**told[row["prompt"]], **row} for row in test.rankings())
        )
    with settings.target("ranks") as path:
        write_named(path, test.RANKS, test.ranks())
    with settings.target("together") as path:
        write_named(path, test.TOGETHER, test.together(*embedded(test.scores)))
    with settings.target("mixed") as path:
        write_named(path, test.MIXED, effects)
    with settings.target("lengths") as path:
        write_named(path, test.LENGTHS, test.lengths())
    with settings.target("surface") as path:
        write_named(path, test.SURFACE, test.surface(BINS))
    with settings.target("examples") as path:
        write_named(path, ("text", *test.EXAMPLES), ({**told[row["prompt"]], **row} for row in test.examples()))
    with settings.target("headline_lengths") as path:
        write_named(path, headline.LENGTHS, headline.lengths())
    with settings.target("cumulative") as path:
        write_named(path, headline.CUMULATIVE, headline.cumulative())
    with settings.target("compare_metrics") as path:
        settings.write_json(path, {**headline.summary(), **test.summary(pairs, told, empty), **model})


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
