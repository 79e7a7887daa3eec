"""Stage `explain`: why prompts differ. The variance of scores split into prompt, map and image, that of prompts into
families of words, and what image and prompt contribute to a caption's words; half a minute on two cores.
"""

import numpy as np
from tqdm import tqdm

from captioner.config.compare import CompareConfig
from captioner.config.optimise import CandidatesConfig, ExplainConfig, SearchConfig
from captioner.decoders.decoder import Decoder
from captioner.foundation.tables import read_table, write_table
from captioner.optimisation.attribution import PARTS, attention, contributions
from captioner.optimisation.candidates import grammar
from captioner.optimisation.measures import measured
from captioner.optimisation.subject import Subject
from captioner.optimisation.variance import FACTORS, WORDS, components, effect_means, named, shares
from captioner.statistics.intervals import Bootstrap, spread
from optimise.opening import language, subject, trials
from optimise.parameters import part
from stages import settings


def main() -> None:
    config, words = part("explain", ExplainConfig), part("candidates", CandidatesConfig)
    search = part("search", SearchConfig)
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    winner = read_table(settings.source("optimise_search"))[0]["prompt"]
    study = subject()

    texts = [candidate.text for candidate in grammar(words.templates, words.adjectives, words.nouns)]
    tried = trials(study, measured(search.objective), search.batch_size, config.images)
    values = np.stack([tried.values(text, len(tried)) for text in tqdm(texts, unit=" prompts", mininterval=1.0)])
    settings.prune("trials", 8)
    values = values[:, np.lexsort(tried.instances.T)].reshape(len(texts), len(study.maps), -1)  # [P, S, N]
    layout = tuple(len(several) for several in (words.templates, words.adjectives, words.nouns))
    sample = Bootstrap(
        values.shape[2], len(study.maps), statistics.resamples, statistics.confidence, settings.shared("seed")
    )

    parts = components(values) if min(values.shape) > 1 else {}
    with settings.target("optimise_components") as path:
        share = fractions(parts)
        rows = [(named(effect, FACTORS), value, share[effect]) for effect, value in parts.items()]
        write_table(path, ["component", "variance", "share"], sorted(rows, key=lambda row: -row[1]))
    with settings.target("optimise_families") as path:
        levels = (list(words.templates), words.adjectives, words.nouns)
        rows = [
            [family, level, words.templates.get(level, level), *spread("worth", sample.interval(mean)).values()]
            for family, names, means in zip(WORDS, levels, effect_means(values, layout), strict=True)
            for level, mean in zip(names, means, strict=True)
        ]
        write_table(path, ["family", "level", "text", "worth", "worth_low", "worth_high"], rows)
    with settings.target("optimise_attribution") as path:
        prompts = list(dict.fromkeys([winner, " ".join(settings.shared("prompt").split()), ""]))
        told = language()
        rows = [row for prompt in prompts for row in attributed(study, told, prompt, config.attended)]
        told_shares = [f"{one}_share" for one in PARTS]
        write_table(path, ["prompt", "token", "captions", *told_shares, "image_nats", "prompt_nats"], rows)
    with settings.target("optimise_explain_metrics") as path:
        means = values.mean(axis=(1, 2))
        told = {f"share_{named(effect, FACTORS, '_')}": share for effect, share in fractions(parts).items()}
        told |= {f"words_{named(effect, WORDS, '_')}": share for effect, share in shares(means.reshape(layout)).items()}
        told |= {"prompts": len(texts), "images": values.shape[2], "worst": means.min(), "best": means.max()}
        settings.write_json(path, told)


def fractions(parts: dict[tuple[int, ...], float]) -> dict[tuple[int, ...], float]:
    """Each component's share in their sum; NaN where all are 0."""
    whole = sum(parts.values())
    return {effect: value / whole if whole else float("nan") for effect, value in parts.items()}


def attributed(study: Subject, decoder: Decoder, prompt: str, count: int) -> list[list]:
    """A row for each place in a caption: how many captions are so long, the share of attention on each part, and the
    nats that image and prompt add; means over captions of the first map.
    """
    ids = study.vocabulary.prompt(prompt)
    prefixes = study.prefixes("val")[0][:count]  # [n, k, W]
    mean = study.mean_prefix()
    looked, added = [], []
    for prefix, told in zip(prefixes, study.chosen(prefixes, prompt), strict=True):
        if told:
            looked.append(attention(decoder, prefix, ids, told).mean(axis=0))  # [T, 3], over layers
            added.append(contributions(decoder, prefix, mean, ids, told))  # [T, 2]
    rows = []
    for place in range(max(map(len, looked), default=0)):
        pairs = zip(looked, added, strict=True)
        here = [np.concatenate([one[place], two[place]]) for one, two in pairs if len(one) > place]
        rows.append([prompt, place + 1, len(here), *np.mean(here, axis=0).tolist()])
    return rows


if __name__ == "__main__":
    settings.run(main)
