"""Stage `grid`: every candidate on every instance of val, and the searches of five seeds by both methods replayed on
it; ten minutes on two cores, and it goes on where it was.
"""

from dataclasses import replace

import numpy as np
from tqdm import tqdm

from captioner.config.compare import CompareConfig
from captioner.config.optimise import SearchConfig
from captioner.foundation.tables import read_table, write_table
from captioner.optimisation.measures import measured
from captioner.optimisation.searching import search
from captioner.optimisation.trials import Replayed, ordered_instances
from captioner.statistics.intervals import Bootstrap, spread
from optimise.opening import subject, trials
from optimise.parameters import part
from stages import settings

SEEDS = range(1, 6)
COLUMNS = [
    "method", "seed", "winner", "rank", "worth", "best", "best_worth", "difference", "difference_low",
    "difference_high", "spent", "share",
]  # fmt: skip


def main() -> None:
    config = part("search", SearchConfig)
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    texts = [row["prompt"] for row in read_table(settings.source("optimise_candidates"))]
    study = subject()
    tried = trials(study, measured(config.objective), config.batch_size)
    order = np.lexsort(tried.instances.T)
    shape = (len(study.maps), len(study.splits["val"]))
    values = {
        text: tried.values(text, len(tried))[order].reshape(shape)
        for text in tqdm(texts, unit=" prompts", mininterval=1.0)
    }
    settings.prune("trials", 8)
    means = {text: float(several.mean()) for text, several in values.items()}
    ranked = sorted(texts, key=lambda text: -means[text])
    sample = Bootstrap(shape[1], shape[0], statistics.resamples, statistics.confidence, settings.shared("seed"))
    rows = []
    for method in ("halving", "wilcoxon"):
        for seed in SEEDS:
            replayed = Replayed(values, ordered_instances(shape[1], shape[0], seed))
            found = search(texts, replayed, replace(config, method=method), seed)
            winner = texts[found.standings[0].place]
            behind = spread("difference", sample.interval(values[ranked[0]] - values[winner]))
            rows.append(
                [method, seed, winner, ranked.index(winner) + 1, means[winner], ranked[0], means[ranked[0]],
                 *behind.values(), found.spent, found.spent / (len(texts) * len(tried))]
            )  # fmt: skip
    with settings.target("optimise_grid") as path:
        write_table(path, COLUMNS, rows)


if __name__ == "__main__":
    settings.run(main)
