"""Stage `ceilings`: what training gives beside a search of words, a soft prompt for every map, and a map that is
trained with the winner alone; a minute and a half on two cores.
"""

from functools import partial

import numpy as np
import torch
from safetensors.numpy import load_file
from safetensors.torch import load, save, save_file

from captioner.bridge.files import bridge_bytes, load_bridge
from captioner.bridge.training import Schedule
from captioner.config.compare import CompareConfig
from captioner.config.optimise import CeilingsConfig, SearchConfig
from captioner.config.projection import ProjectionConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.tables import read_table, write_named
from captioner.optimisation.confirmed import MEANS
from captioner.optimisation.measures import MEASURES, measured
from captioner.optimisation.soft import SoftPrompted, nearest_tokens
from captioner.statistics.intervals import Bootstrap, spread
from optimise.opening import standards, subject
from optimise.parameters import part
from stages import settings
from stages.study.training import Training, each

SPLITS = ("test", "novel")
COLUMNS = (
    "split", "part", "maps", "reads", *(f"{name}{bound}" for name in MEANS for bound in ("", "_low", "_high")),
    "difference", "difference_low", "difference_high",
)  # fmt: skip


def soft(number: int, prompt: str, threads: int) -> bytes:
    """The soft prompt of one map: its embeddings, of as many places as the prompt that it starts from has tokens."""
    study, config = Training.open(threads), part("ceilings", CeilingsConfig)
    bridge = load_bridge(settings.source("projections") / f"{number}.safetensors", study.device)
    ids = study.vocabulary.prompt(prompt) or [study.decoder.stop]
    prompted = SoftPrompted(bridge, study.decoder.table(torch.tensor(ids, device=study.device))).to(study.device)
    recipe = study.recipe
    schedule = Schedule(config.epochs, recipe.batch_size, config.learning_rate, recipe.warmup, recipe.weight_decay)
    checkpoints = Checkpoints(settings.checkpoint_folder("ceilings") / f"soft-{number}")
    study.fit(prompted, {"none": ""}, checkpoints, f"soft prompt {number + 1}", number, schedule=schedule)
    return save({"prompt": prompted.prompt.detach().cpu()})


def alone(prompt: str, threads: int) -> bytes:
    """A map that is trained as the study's first one, with this prompt only."""
    study = Training.open(threads)
    projection = study.projection(0)
    checkpoints = Checkpoints(settings.checkpoint_folder("ceilings") / "alone")
    study.fit(projection, {"winner": prompt}, checkpoints, "map of the winner")
    return bridge_bytes(projection)


def main() -> None:
    seed, seeds = settings.shared("seed"), settings.section("projection", ProjectionConfig).seeds
    weights = measured(part("search", SearchConfig).objective)
    statistics = settings.validated(CompareConfig, settings.shared("compare"), "compare")
    winner = read_table(settings.source("optimise_search"))[0]["prompt"]
    own, *trained = each([partial(alone, winner), *(partial(soft, number, winner) for number in range(seeds))])
    with settings.target("optimise_prompts") as folder:
        folder.mkdir()
        (folder / "winner.safetensors").write_bytes(own)
        prompts = {str(number): load(content)["prompt"] for number, content in enumerate(trained)}
        save_file(prompts, folder / "soft.safetensors")
    settings.forget("ceilings")

    study, held = subject(), standards()
    bridge = load_bridge(settings.output("optimise_prompts") / "winner.safetensors", study.device)
    prompted = [
        SoftPrompted(each, prompts[str(number)]).to(study.device).requires_grad_(False)
        for number, each in enumerate(study.maps)
    ]
    read = " | ".join(
        study.vocabulary.text(nearest_tokens(each.prompt, study.decoder.embeddings.float())) for each in prompted
    )
    known = load_file(settings.source("optimise_values"))
    rows = []
    for split in SPLITS:
        keys = study.splits[split]
        if not keys:
            continue
        measures = held.measures(keys)
        names = [name for name in MEASURES if name != "facts" or measures.scenes]
        for name, text, maps, reads in (("soft", "", prompted, read), ("alone", winner, [bridge], "")):
            found = np.stack([measures.table(names, range(len(keys)), study.by(each, split, text)) for each in maps])
            values = dict(zip(names, found.transpose(2, 0, 1), strict=True))  # [S, N] each
            values["worth"] = sum(weight * values[name] for name, weight in weights.items())
            sample = Bootstrap(len(keys), len(maps), statistics.resamples, statistics.confidence, seed)
            row = dict.fromkeys(COLUMNS, float("nan")) | {
                "split": split,
                "part": name,
                "maps": len(maps),
                "reads": reads,
            }
            for measure in ("worth", *names):
                row |= spread(measure, sample.interval(values[measure]))
            away = values["worth"] - known[f"{split}.worth"][: len(maps)]
            rows.append(row | spread("difference", sample.interval(away)))
    with settings.target("optimise_ceilings") as path:
        write_named(path, COLUMNS, rows)


if __name__ == "__main__":
    settings.run(main)
