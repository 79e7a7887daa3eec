"""Stage `search`: the candidates raced on val, every comparison on the same instances; a minute on two cores."""

import numpy as np
from tqdm import tqdm

from captioner.config.compare import CompareConfig
from captioner.config.optimise import SearchConfig
from captioner.foundation.tables import read_table, write_table
from captioner.optimisation.measures import measured
from captioner.optimisation.searching import interval, search
from captioner.statistics.intervals import Bootstrap
from optimise.opening import subject, trials
from optimise.parameters import part
from stages import settings


def main() -> None:
    config = part("search", SearchConfig)
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    candidates = read_table(settings.source("optimise_candidates"))
    texts = [row["prompt"] for row in candidates]
    weights = measured(config.objective)
    study, seed = subject(), settings.shared("seed")
    tried = trials(study, weights, config.batch_size)
    with tqdm(total=min(config.budget, len(texts) * len(tried)), unit=" captions", mininterval=1.0) as progress:
        found = search(texts, tried, config, seed, progress)
    settings.prune("trials", 8)

    images = len(study.splits["val"])
    bootstrap = Bootstrap(images, 1, statistics.resamples, statistics.confidence, seed)
    names = list(weights)
    with settings.target("optimise_search") as path:
        rows = []
        for rank, one in enumerate(found.standings, start=1):
            told = candidates[one.place]
            means = tried.measured(texts[one.place], one.seen).mean(axis=0) if one.seen else [np.nan] * len(names)
            rows.append([rank, *told.values(), one.seen, one.left_in, one.mean, *map(float, means)])
        write_table(path, ["rank", *candidates[0], "seen", "left_in", "worth", *names], rows)
    with settings.target("optimise_course") as path:
        rows = []
        for point in found.course:
            held = interval(point.values, tried.instances[: point.seen, 0], images, bootstrap)
            rows.append([point.spent, point.racing, texts[point.incumbent], point.seen, held.mean, held.low, held.high])
        write_table(path, ["spent", "racing", "incumbent", "seen", "worth", "worth_low", "worth_high"], rows)
    with settings.target("optimise_search_metrics") as path:
        best = found.standings[0]
        told = {
            "candidates": len(texts), "instances": len(tried), "budget": config.budget, "spent": found.spent,
            "full_grid": len(texts) * len(tried), "share": found.spent / (len(texts) * len(tried)),
            "winner": texts[best.place], "seen": best.seen, "worth": best.mean,
        }  # fmt: skip
        settings.write_json(path, told)


if __name__ == "__main__":
    settings.run(main)
