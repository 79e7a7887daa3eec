"""Stage `backbones`: the CLIP and the language model that are frozen from here on, and a trial of what they know.

`scenes` trains both from scratch, side by side in two processes of one thread each (five minutes on two AVX2
cores): the encoder on the images of split train and their captions, the decoder on text alone, about scenes of its
own. `coco` fetches both or takes local copies, and writes them in the form that every stage loads.
"""

import json
import math
import random
from functools import partial

from captioner.config.decoder import DECODERS, TrainedDecoder
from captioner.config.encoder import ENCODERS, TrainedEncoder
from captioner.config.runtime import RuntimeConfig
from captioner.foundation.processes import side_by_side
from captioner.foundation.tables import write_table
from captioner.photographs.annotations import read_captions
from captioner.world.language import document, spoken_phrases
from captioner.world.scene import Scene, sample_scene
from stages import settings
from stages.study.splits import splits

Losses = list[tuple[int, float]]
MOST_TRIED = 100  # val images that try a pretrained encoder; a trained one is small and sees all of val


def encoder() -> Losses:
    """Train or fetch the encoder and save it; the losses of a training."""
    import torch

    from captioner.encoders.encoder import save_clip
    from captioner.encoders.feeding import Pictures, batches, cores
    from captioner.foundation.checkpoints import Checkpoints
    from captioner.foundation.runtime import prepare
    from captioner.miniatures import contrastive
    from captioner.photographs.images import ManifestReader, read_manifest
    from captioner.pretrained.backbones import pretrained_encoder

    config = settings.section("encoder", ENCODERS)
    if not isinstance(config, TrainedEncoder):
        with settings.target("encoder") as folder:
            pretrained_encoder(config, folder, "encoder")
        return []
    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    device = prepare(runtime, seed, threads=1)
    by_split = splits()
    captions = read_captions(settings.source("captions_train")).captions
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    settings.source("images")
    checkpoints = Checkpoints(settings.checkpoint_folder("encoder"))
    pictures = Pictures(
        reader.open, partial(contrastive.small_picture, resolution=config.resolution), by_split["train"]
    )
    pixels = torch.cat(list(batches(pictures, 256, cores(), torch.device("cpu"))))  # [N, 3, R, R]
    model, losses = contrastive.train_encoder(
        config, pixels.to(device), [captions[key] for key in by_split["train"]], seed, runtime.dtype, checkpoints
    )
    with settings.target("encoder") as folder:
        save_clip(model, folder, "a miniature CLIP", "trained here")
    return losses


def decoder() -> tuple[Losses, float | None]:
    """Train or fetch the decoder and save it; the losses, and the share of test captions verbatim in its corpus."""
    from captioner.decoders.vocabulary import Vocabulary
    from captioner.foundation.checkpoints import Checkpoints
    from captioner.foundation.runtime import prepare
    from captioner.miniatures.language_model import save_decoder, train_decoder
    from captioner.pretrained.backbones import pretrained_decoder

    config = settings.section("decoder", DECODERS)
    if not isinstance(config, TrainedDecoder):
        with settings.target("decoder") as folder:
            pretrained_decoder(config, folder, "decoder")
        return [], None
    seed = settings.shared("seed")
    runtime = settings.section("runtime", RuntimeConfig)
    prepare(runtime, seed, threads=1)
    split = json.loads(settings.source("split").read_text(encoding="utf-8"))
    facts = json.loads(settings.source("facts").read_text(encoding="utf-8"))
    captions = read_captions(settings.source("captions_test")).captions
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
    return losses, sum(text in written for text in tested) / len(tested)


def trial(trained: bool) -> dict[str, float | bool]:
    """What encoder and decoder know of val's captions before anything is trained between them."""
    from captioner.decoders.decoder import Decoder
    from captioner.decoders.vocabulary import Vocabulary
    from captioner.encoders.encoder import load_encoder
    from captioner.foundation.runtime import prepare
    from captioner.photographs.images import ManifestReader, read_manifest
    from captioner.pretrained.backbones import caption_loss, knows_nothing, recall_at_1

    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    val = splits()["val"]
    val = val if trained else val[:MOST_TRIED]
    captions = read_captions(settings.source("captions_train")).captions
    first = [captions[key][0] for key in val]
    reader = ManifestReader(read_manifest(settings.source("manifest")))
    folder = settings.output("decoder")
    model = Decoder.load(folder, device)
    recall = recall_at_1(load_encoder(settings.output("encoder"), device), reader.open, val, first, 64)
    loss = caption_loss(model, Vocabulary.load(folder), first)
    return {
        "encoder_recall_at_1": recall, "encoder_tried_images": len(val), "decoder_caption_loss": loss,
        "decoder_uniform_loss": math.log(model.vocabulary),
        "knows_nothing": knows_nothing(recall, len(val), loss, model.vocabulary),
    }  # fmt: skip


def main() -> None:
    kinds = (settings.section("encoder", ENCODERS), settings.section("decoder", DECODERS))
    trained = isinstance(kinds[0], TrainedEncoder)
    if trained and isinstance(kinds[1], TrainedDecoder):
        encoder_losses, (decoder_losses, verbatim) = side_by_side([encoder, decoder], 2)
    else:
        encoder_losses, (decoder_losses, verbatim) = encoder(), decoder()
    with settings.target("backbones_curve") as path:
        columns = [dict(encoder_losses), dict(decoder_losses)]
        rows = ([step, *(losses.get(step) for losses in columns)] for step in sorted(set().union(*columns)))
        write_table(path, ["step", "encoder", "decoder"], rows)
    with settings.target("backbones_metrics") as path:
        settings.write_json(
            path,
            {
                **trial(trained),
                "encoder_loss": encoder_losses[-1][1] if encoder_losses else None,
                "decoder_loss": decoder_losses[-1][1] if decoder_losses else None,
                "test_captions_in_decoder_corpus": verbatim,
            },
        )
    settings.forget("encoder", "decoder")


if __name__ == "__main__":
    settings.run(main)
