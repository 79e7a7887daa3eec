"""Stage `backbones`: the CLIP and the GPT-2 that are frozen from here on.

`scenes` trains both from scratch, side by side in two processes of one thread each (about three minutes on two
cores): the encoder on the images of split train and their captions, the decoder on text alone, about scenes of its
own.
"""

import json
import multiprocessing
import os
import random
import shutil
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from captioner.annotations import read_captions
from captioner.config.decoder import TrainedDecoder
from captioner.config.encoder import TrainedEncoder
from captioner.config.runtime import RuntimeConfig
from captioner.language import document, spoken_phrases
from captioner.tables import write_table
from captioner.world import Scene, sample_scene
from stages import settings


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def encoder() -> tuple[list[tuple[int, float]], float, Path]:
    """Train and save the encoder; its losses, the share of val images that find their own caption, its checkpoints."""
    import torch

    from captioner import contrastive
    from captioner.encoder import Encoder, save_encoder
    from captioner.images import ManifestReader, read_manifest
    from captioner.optimisation import Checkpoints
    from captioner.runtime import prepare

    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    config = settings.section("encoder", TrainedEncoder)
    device = prepare(runtime, seed, threads=1)
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    captions = read_captions(settings.source("captions_train")).captions
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    settings.source("images_train")
    checkpoints = Checkpoints(settings.checkpoint_folder("encoder"))
    pixels = torch.stack([contrastive.small_picture(reader.open(key), config.resolution) for key in splits["train"]])
    model, losses = contrastive.train_encoder(
        config, pixels.to(device), [captions[key] for key in splits["train"]], seed, runtime.dtype, checkpoints
    )
    with settings.target("encoder") as path:
        save_encoder(model, path)
    trained = Encoder(model, device)
    images = trained.embed(reader.open, splits["val"], config.batch_size, workers=1)
    texts = trained.encode_texts([captions[key][0] for key in splits["val"]])
    recall = (images @ texts.T).argmax(dim=1).eq(torch.arange(len(images))).float().mean().item()
    return losses, recall, checkpoints.path.parent


def decoder() -> tuple[list[tuple[int, float]], float, Path]:
    """Train and save the decoder; its losses, the share of test captions verbatim in its corpus, its checkpoints."""
    from captioner.language_model import save_decoder, train_decoder
    from captioner.optimisation import Checkpoints
    from captioner.runtime import prepare
    from captioner.vocabulary import Vocabulary

    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    config = settings.section("decoder", TrainedDecoder)
    prepare(runtime, seed, threads=1)
    split = json.loads(settings.source("split").read_text(encoding="utf-8"))
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    captions = read_captions(settings.source("captions_val")).captions
    checkpoints = Checkpoints(settings.checkpoint_folder("decoder"))
    held_out = {tuple(pair) for pairs in split["held_out"].values() for pair in pairs}
    measured = [key for name in ("val", "test", "novel") for key in split["splits"][name]]
    forbidden = {Scene.from_json(facts[str(key)]).signature for key in measured}
    rng = random.Random(f"{seed}/corpus")
    corpus: list[str] = []
    while len(corpus) < config.documents:
        scene = sample_scene(rng)
        if not scene.pairs & held_out and scene.signature not in forbidden:
            corpus.append(document(scene, rng, config.sentences, config.tied))
    vocabulary = Vocabulary.train(corpus, config.vocabulary)
    model, losses = train_decoder(config, vocabulary, corpus, seed, runtime.dtype, checkpoints)
    with settings.target("decoder") as path:
        save_decoder(model, vocabulary, path)
    written = spoken_phrases(corpus)
    tested = [text.lower().rstrip(".") for key in split["splits"]["test"] for text in captions[key]]
    return losses, sum(text in written for text in tested) / len(tested), checkpoints.path.parent


def main() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=end_with_parent) as pool:
        trained = [pool.submit(encoder), pool.submit(decoder)]
        (encoder_losses, recall, *folders), (decoder_losses, verbatim, *more) = (future.result() for future in trained)
    with settings.target("backbones_curve") as path:
        columns = [dict(encoder_losses), dict(decoder_losses)]
        rows = ([step, *(losses.get(step) for losses in columns)] for step in sorted(set().union(*columns)))
        write_table(path, ["step", "encoder", "decoder"], rows)
    with settings.target("backbones_metrics") as path:
        metrics = {"encoder_loss": encoder_losses[-1][1], "encoder_recall_at_1": recall}
        settings.write_json(
            path, {**metrics, "decoder_loss": decoder_losses[-1][1], "test_captions_in_decoder_corpus": verbatim}
        )
    for folder in (*folders, *more):
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    settings.run(main)
