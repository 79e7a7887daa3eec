"""What is timed: for each work the ways to do it, each a call that does so many items."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks import models
from benchmarks.models import CAP, PROMPTS, Size
from captioner.bridge.objective import Objective
from captioner.captioning.generation import greedy, greedy_prompts
from captioner.captioning.graphs import Graphs
from captioner.decoders.decoder import Decoder
from captioner.decoders.tokens import TokenTable
from captioner.encoders.feeding import Pictures, batches, cores
from captioner.foundation.optimisation import adamw
from captioner.photographs.images import ImageReader
from captioner.scores.metrics import Cider, bleu, rouge_l, tokenise

WORDS = 12  # of a caption


@dataclass(frozen=True)
class Way:
    """One way to do a work: `call` does `items` of them; by `counted` its operations are counted, where it is the
    measure of what the machine allows.
    """

    work: str
    name: str
    dtype: str
    batch: int
    items: int
    call: Callable[[], object]
    counted: bool = False


Setting = tuple[Size, torch.device, str]


@contextmanager
def caption(size: Size, device: torch.device, dtype: str) -> Iterator[list[Way]]:
    """Captions of 30 tokens after a prompt; the original went one by one and read everything again at each token."""
    words = models.vocabulary()
    model = models.gpt2(size, words.stop)
    decoder = models.ours(model, device, dtype)
    other = Decoder(model, device, dtype)
    told = words.prompt(PROMPTS[0])
    batches = size.captions if device.type == "cpu" else models.GPU_CAPTIONS
    generator = torch.Generator().manual_seed(1)
    prefix = torch.randn(max(batches), size.prefix, decoder.width, generator=generator).to(device)
    inputs = torch.cat([prefix, other.table(torch.tensor(told, device=device)).float().expand(len(prefix), -1, -1)], 1)
    inputs = inputs.to(other.model.dtype)

    @torch.inference_mode()
    def original() -> None:
        row = inputs[:1]
        for _ in range(CAP):
            token = other.model(inputs_embeds=row, use_cache=False).logits[:, -1].argmax(dim=-1)
            row = torch.cat([row, other.table(token)[:, None]], dim=1)

    @torch.inference_mode()
    def generate(batch: int) -> None:
        other.model.generate(
            inputs_embeds=inputs[:batch], attention_mask=torch.ones(inputs[:batch].shape[:2], device=device).long(),
            do_sample=False, max_new_tokens=CAP,
        )  # fmt: skip

    def own(batch: int, graphs: Graphs | None = None) -> None:
        greedy(decoder, words, prefix[:batch], PROMPTS[0], CAP, graphs=graphs)

    ways = [Way("caption", "one by one, no cache", dtype, 1, 1, original)]
    graphs = Graphs(decoder) if device.type == "cuda" else None
    for batch in batches:
        ways.append(Way("caption", "generate", dtype, batch, batch, lambda batch=batch: generate(batch)))
        ways.append(Way("caption", "ours", dtype, batch, batch, lambda batch=batch: own(batch), counted=True))
        if graphs:
            ways.append(Way("caption", "ours, graphs", dtype, batch, batch, lambda batch=batch: own(batch, graphs)))
    few = max(1, batches[-1] // len(PROMPTS))
    ways.append(Way("prompts", "one prompt", dtype, few, few, lambda: own(few)))
    ways.append(
        Way(
            "prompts", "eight prompts", dtype, few, few,
            lambda: greedy_prompts(decoder, words, prefix[:few], PROMPTS, CAP),
        )
    )  # fmt: skip
    yield ways


@contextmanager
def embed(size: Size, device: torch.device, dtype: str) -> Iterator[list[Way]]:
    """Embeddings of files of pictures; `bare forward`: the model alone on what is decoded already; `decoding alone`:
    the files made ready for it, by a process a core.
    """
    encoder = models.encoder(size, device, dtype)
    count = size.pictures if device.type == "cpu" else models.GPU_PICTURES
    batch = min(256 if device.type == "cuda" or size.clip[3] < 100 else 4, count)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        for key in range(count):
            noise = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
            noise.resize(size.picture, Image.Resampling.BICUBIC).save(Path(folder, f"{key}.{size.format.lower()}"))
        reader = ImageReader(Path(folder))

        def load(key: int) -> Image.Image:
            return reader.open(f"{key}.{size.format.lower()}")

        ready = torch.stack([encoder.preprocess(load(key)) for key in range(min(batch, count))])
        yield [
            Way("embed", "one by one", dtype, 1, 4, lambda: [
                encoder.encode_images(encoder.preprocess(load(key))[None]).cpu() for key in range(4)
            ]),
            Way("embed", "ours", dtype, batch, count, lambda: encoder.embed(load, range(count), batch)),
            Way("embed", "decoding alone", dtype, batch, count, lambda: list(
                batches(Pictures(load, encoder.ready, range(count)), batch, cores(), device)
            )),
            Way("embed", "bare forward", dtype, batch, count, lambda: [
                encoder.encode_images(ready[: min(batch, count - at)]).cpu() for at in range(0, count, batch)
            ], counted=True),
        ]  # fmt: skip


@contextmanager
def train(size: Size, device: torch.device, dtype: str) -> Iterator[list[Way]]:
    """Steps of the linear map under the frozen decoder; the original trained all of GPT-2 at a batch of 8."""
    words = models.vocabulary()
    batches = size.training if device.type == "cpu" else models.GPU_TRAINING
    rng = random.Random(0)
    texts = [word for prompt in PROMPTS for word in prompt.split()]
    captions = {key: [" ".join(rng.choices(texts, k=rng.randint(6, 2 * WORDS)))] for key in range(max(*batches, 8))}
    table = TokenTable.build(captions, words)
    vectors = torch.randn(len(captions), size.clip[0], generator=torch.Generator().manual_seed(2))

    def trainer(name: str, batch: int, whole: bool) -> Way:
        decoder = Decoder(models.gpt2(size, words.stop), device)
        bridge = models.bridge(size, decoder)
        if whole:
            decoder.model.requires_grad_(True)
        trained = [*bridge.parameters(), *(decoder.model.parameters() if whole else ())]
        optimiser = adamw(trained, 1e-4, 0.0)
        objective = Objective(decoder, bridge, table, {"": PROMPTS[0]}, words)

        def step() -> None:
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
                loss, count = objective(range(batch), vectors[:batch], [0] * batch, 0)
            optimiser.zero_grad(set_to_none=True)
            (loss / count).backward()
            optimiser.step()

        return Way("train", name, dtype, batch, batch, step, counted=not whole)

    yield [trainer("all of GPT-2", 8, True), *(trainer("ours", batch, False) for batch in batches)]


@contextmanager
def score(size: Size, device: torch.device, dtype: str) -> Iterator[list[Way]]:
    """CIDEr-D, BLEU and ROUGE-L of 500 captions against five references each, and the same by coco-caption's code."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider as TheirCider
    from pycocoevalcap.rouge.rouge import Rouge

    rng = random.Random(0)
    texts = [f"word{number}" for number in range(400)]
    several = [[" ".join(rng.choices(texts, k=WORDS)) for _ in range(5)] for _ in range(500)]
    candidates = [" ".join(rng.choices(texts, k=WORDS)) for _ in several]
    references = [[tokenise(text) for text in group] for group in several]
    words = [tokenise(text) for text in candidates]
    theirs, own = dict(enumerate(several)), {key: [text] for key, text in enumerate(candidates)}

    def ours() -> None:
        Cider(references).scores(words)
        bleu(words, references)
        for line, group in zip(words, references, strict=True):
            rouge_l(line, group)

    def coco() -> None:
        TheirCider().compute_score(theirs, own)
        Bleu(4).compute_score(theirs, own, verbose=0)
        Rouge().compute_score(theirs, own)

    yield [
        Way("score", "coco-caption", dtype, len(words), len(words), coco),
        Way("score", "ours", dtype, len(words), len(words), ours),
    ]


WORKS = {"embed": embed, "caption": caption, "train": train, "score": score}
