"""Stage `compare`: the captions of the pretrained model scored as the study scores its own, and its prompts ranked
beside the miniature's on the same images; under a minute.

CIDEr-D takes the idf of the whole split's references, as the study's own figures do.
"""

from functools import partial

import numpy as np
import pandas as pd

from captioner.captioning.captions import Caption, by_arm, read_records
from captioner.comparison import groups
from captioner.comparison.language_models import MEASURES, PROMPTS, LanguageModels
from captioner.config.compare import CompareConfig
from captioner.config.controls import ControlsConfig
from captioner.config.judge import JUDGES
from captioner.config.projection import ProjectionConfig
from captioner.config.runtime import RuntimeConfig
from captioner.config.score import ScoreConfig
from captioner.encoders.encoder import load_encoder
from captioner.foundation.embeddings import Embeddings
from captioner.foundation.runtime import prepare
from captioner.foundation.tables import write_named, write_table
from captioner.optimisation.measures import Measures
from captioner.optimisation.subject import Standards
from captioner.photographs.annotations import read_captions
from captioner.scores.similarity import derangement
from captioner.scores.words import splitter
from captioner.statistics.crossed import cross
from further.pretrained.images import images
from stages import settings
from stages.study.splits import splits

SPLITS = ("test", "novel")
SHOWN = 4  # images of each split among the examples


def main() -> None:
    seed, prompts = settings.shared("seed"), settings.shared("prompts")
    config = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    shuffles = settings.validated(ControlsConfig, settings.shared("controls"), "controls").derangements
    trained = settings.section("projection", ProjectionConfig).prompts.values()
    told = groups.told(prompts, trained, config.groups)
    seen = [name for name, row in told.items() if row["group"] == "seen"]
    tables = {
        name: pd.read_csv(settings.source("prompt_scores", f"{name}.csv"), keep_default_na=False) for name in prompts
    }
    found = by_arm(read_records(settings.source("pretrained_captions")))
    maps = sorted({number for _, _, number in found})
    held, ids, whole = standards(), images(), splits()
    rows, examples, figures, scored = [], [], {}, []
    for split in SPLITS:
        keys = ids[split]
        measures, places = held.measures(whole[split]), [whole[split].index(key) for key in keys]
        orders = [derangement(len(keys), f"{seed}/pretrained/{split}/{number}") for number in range(shuffles)]
        several = [[found[name, split, number] for number in maps] for name in prompts]  # [P][S][N]
        values = np.array([[scores(measures, places, orders, made) for made in one] for one in several])  # [P, S, M, N]
        mine = cross(tables, split, ("cider",), "linear")
        miniature = mine["cider"][:, :, [mine.images.index(key) for key in keys]]
        both = LanguageModels(
            list(prompts), dict(zip(MEASURES, values.transpose(2, 0, 1, 3), strict=True)), miniature, config, seed
        )
        rows += [{"split": split, **told[row["prompt"]], **row} for row in both.rows()]
        figures[split] = {"all": both.agreement(list(prompts)), "seen": both.agreement(seen), "images": len(keys)}
        for name, one, judged in zip(prompts, several, values, strict=True):
            for number, made, table in zip(maps, one, judged, strict=True):
                one_map = zip(keys, made, table.T.tolist(), strict=True)
                scored += [(name, split, number, key, caption.text, *row) for key, caption, row in one_map]
            shown = zip(keys[:SHOWN], one[0][:SHOWN], strict=True)
            examples += [(split, key, prompts[name], caption.text) for key, caption in shown]
    with settings.target("pretrained_scores") as path:
        write_table(path, ["prompt", "split", "seed", "image_id", "caption", *MEASURES], scored)
    with settings.target("pretrained_prompts") as path:
        write_named(path, ("split", "text", "group", *PROMPTS), rows)
    with settings.target("pretrained_examples") as path:
        write_table(path, ["split", "image_id", "prompt", "caption"], examples)
    with settings.target("pretrained_compared") as path:
        settings.write_json(path, {**figures, "maps": len(maps)})


def scores(measures: Measures, places: list[int], orders: list[list[int]], captions: list[Caption]) -> np.ndarray:
    """Every measure [M, N] of one caption an image; the shuffled one is the mean over these orders of the images."""
    words = [measures.words(caption.text) for caption in captions]
    shuffled = [measures.cider.scores_at([places[other] for other in order], words) for order in orders]
    table = {name: measures(name, places, captions) for name in MEASURES if name != "cider_shuffled"}
    return np.stack([(table | {"cider_shuffled": np.mean(shuffled, axis=0)})[name] for name in MEASURES])


def standards() -> Standards:
    """References and judge of the study."""
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    references = read_captions(settings.source("captions_test")).captions
    load = partial(load_encoder, settings.source("judge"), device, settings.section("judge", JUDGES).dtype)
    words = splitter(settings.section("score", ScoreConfig).words)
    return Standards(references, {}, Embeddings.load(settings.source("judged")), load, words)


if __name__ == "__main__":
    settings.run(main)
