"""Stage `confirm`: the winner and its rivals judged once on test and novel, which the search has not seen; and all
prompts at once. A minute on two cores.

Rivals are the runners-up, the prompts of the study, the empty prompt, and prompts of random words.
"""

from collections.abc import Sequence

import numpy as np
from safetensors.numpy import save_file
from tqdm import tqdm

from captioner.captioning.captions import Caption
from captioner.config.compare import CompareConfig
from captioner.config.optimise import ConfirmConfig, SearchConfig
from captioner.encoders.encoder import Encoder, load_encoder
from captioner.foundation.tables import read_table, write_named
from captioner.optimisation.confirmed import COLUMNS, Confirmed, rivals
from captioner.optimisation.ensembles import consensus, picked, reranked
from captioner.optimisation.measures import MEASURES, measured
from captioner.optimisation.subject import Standards, Subject
from captioner.optimisation.substitutions import random_prompts
from captioner.scores.metrics import Idf
from captioner.statistics.intervals import Bootstrap
from optimise.opening import standards, subject
from optimise.parameters import part
from stages import settings

SPLITS = ("val", "test", "novel")


def main() -> None:
    config, objective = part("confirm", ConfirmConfig), part("search", SearchConfig).objective
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    ranked = read_table(settings.source("optimise_search"))
    study, held, seed = subject(), standards(), settings.shared("seed")
    winner = ranked[0]["prompt"]
    drawn = random_prompts(study.vocabulary, len(study.vocabulary.prompt(winner)), config.random, seed)
    texts = {name: " ".join(text.split()) for name, text in settings.shared("prompts").items()}
    headline = " ".join(settings.shared("prompt").split())
    several = rivals(
        [row["prompt"] for row in ranked[: 1 + config.runners_up]], headline, texts, statistics.groups, drawn
    )
    encoder = load_encoder(settings.source("encoder"), study.device)

    measures = {split: held.measures(study.splits[split]) for split in SPLITS if study.splits[split]}
    names = [name for name in MEASURES if name != "facts" or measures["val"].scenes]
    found: dict[str, np.ndarray] = {}
    ensembles: dict[str, dict[str, np.ndarray]] = {}
    total = len(several) * len(study.maps) * sum(len(study.splits[split]) for split in measures)
    with tqdm(total=total, unit=" captions", mininterval=1.0) as progress:
        for split, measure in measures.items():
            captions = [study.captions(split, rival.text, progress) for rival in several]  # [T][S][N]
            places = range(len(study.splits[split]))
            found[split] = np.array(
                [[measure.table(names, places, told).T for told in maps] for maps in captions]
            ).transpose(2, 0, 1, 3)  # [M, T, S, N]
            joined = [place for place, rival in enumerate(several) if rival.together]
            chosen = together(study, held, split, [captions[place] for place in joined], encoder)
            ensembles[split] = {
                name: np.stack([picked(values[joined], places) for values in found[split]])
                for name, places in chosen.items()
            }  # [M, S, N]

    weights = measured(objective)
    confirmed = Confirmed(
        tuple(several), tuple(names), found, ensembles, np.array([weights.get(name, 0.0) for name in names]),
        lambda images, maps: Bootstrap(images, maps, statistics.resamples, statistics.confidence, seed),
        statistics.permutations, seed,
    )  # fmt: skip
    with settings.target("optimise_confirmed") as path:
        write_named(path, COLUMNS, confirmed.rows())
    with settings.target("optimise_values") as path:
        save_file({f"{split}.worth": confirmed.values(split, "worth")[0] for split in found}, path)
    with settings.target("optimise_confirm_metrics") as path:
        settings.write_json(path, confirmed.figures())


def together(
    study: Subject, held: Standards, split: str, captions: Sequence[Sequence[Sequence[Caption]]], encoder: Encoder
) -> dict[str, np.ndarray]:
    """Which prompt's caption each map and image gets by consensus, and by the encoder's cosine: places [S, N]."""
    idf = Idf.of(held.tokens(study.splits["val"]))
    images = study.embeddings.of(study.splits[split]).numpy()
    agreed, near = [], []
    for maps in zip(*captions, strict=True):  # [P][N] of one map
        agreed.append(consensus([[held.words(told.text) for told in one] for one in maps], idf))
        vectors = encoder.encode_texts([told.text for one in maps for told in one]).numpy()
        near.append(reranked(images, vectors.reshape(len(maps), len(images), -1)))
    return {"consensus": np.stack(agreed), "reranked": np.stack(near)}


if __name__ == "__main__":
    settings.run(main)
