"""Stage `decoder`: one miniature GPT-2 for all languages, on text alone about scenes of its own: no held-out pair, no
scene of val, test or novel; about four minutes of one core.
"""

import json
import random
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from captioner.config.decoder import TrainedDecoder
from captioner.config.languages import CorpusConfig
from captioner.config.runtime import RuntimeConfig
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.runtime import prepare
from captioner.languages.known import document
from captioner.languages.tokens import shared_vocabulary
from captioner.miniatures.language_model import save_decoder, train_decoder
from captioner.world.scene import Scene, sample_scene
from further.languages.parameters import part, prompts
from stages import settings


def main() -> None:
    seed, runtime = settings.shared("seed"), settings.section("runtime", RuntimeConfig)
    prepare(runtime, seed, threads=1)
    config, mixed, codes = part("decoder", TrainedDecoder), part("corpus", CorpusConfig).mixed, list(prompts())
    split = json.loads(settings.source("split").read_text(encoding="utf-8"))
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    held_out = {tuple(pair) for pairs in split["held_out"].values() for pair in pairs}
    measured = [key for name in ("val", "test", "novel") for key in split["splits"][name]]
    forbidden = {Scene.from_json(facts[str(key)]).signature for key in measured}
    sources = (Path(__file__), settings.source("split"), settings.source("facts"))
    checkpoints = Checkpoints(
        settings.store("languages-decoder", *sources, asdict(config), mixed, codes, asdict(runtime), seed)
    )
    rng, corpus, counts = random.Random(f"{seed}/languages"), [], Counter()
    while len(corpus) < config.documents:
        scene = sample_scene(rng)
        if not scene.pairs & held_out and scene.signature not in forbidden:
            text, code = document(scene, rng, codes, config.sentences, config.tied, mixed)
            corpus.append(text)
            counts[code] += 1
    vocabulary = shared_vocabulary(corpus, config.vocabulary)
    model, losses = train_decoder(config, vocabulary, corpus, seed, runtime.dtype, checkpoints)
    with settings.target("further_languages_decoder") as folder:
        save_decoder(model, vocabulary, folder)
    with settings.target("further_languages_decoder_metrics") as path:
        tokens = vocabulary.tokenizer.get_vocab_size()
        settings.write_json(path, {"documents": counts, "loss": losses[-1][1], "vocabulary": tokens})
    settings.forget("languages-decoder")


if __name__ == "__main__":
    settings.run(main)
