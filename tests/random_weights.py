"""Backbones of the true sizes with random weights, written in the formats in which the real ones are published.

    python tests/random_weights.py FOLDER CAPTIONS.json   ViT-B-16.pt, ViT-B-32.pt (archives), gpt2/ (a folder)

For trials of the code on a machine without the real weights: costs and code paths are real, captions are noise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from captioner.decoders.vocabulary import STOP, Vocabulary
from captioner.foundation import torchvision_ops  # noqa: F401  (before clip and transformers)

import clip  # isort: skip
from clip.model import CLIP  # isort: skip
from transformers import GPT2Config, PreTrainedTokenizerFast  # isort: skip
from transformers.models.gpt2.modeling_gpt2 import GPT2LMHeadModel  # isort: skip

# embedding, resolution, vision layers, width, patch, context, vocabulary, text width, heads, layers
SIZES = {
    "ViT-B/32": (512, 224, 12, 768, 32, 77, 49408, 512, 8, 12),
    "ViT-B/16": (512, 224, 12, 768, 16, 77, 49408, 512, 8, 12),
    "tiny": (32, 32, 2, 64, 16, 77, 49408, 64, 1, 1),
}


def random_clip(size: str, seed: int) -> CLIP:
    """An untrained CLIP of this size, with weights that half precision holds exactly, as in OpenAI's files."""
    torch.manual_seed(seed)
    model = CLIP(*SIZES[size]).eval()
    model.load_state_dict({name: tensor.half().float() for name, tensor in model.state_dict().items()})
    return model


def write_archive(model: CLIP, path: Path) -> None:
    """The model as a TorchScript archive with the three sizes that OpenAI's archives carry."""
    resolution = model.visual.input_resolution
    for name, value in (
        ("input_resolution", resolution), ("context_length", model.context_length), ("vocab_size", model.vocab_size),
    ):  # fmt: skip
        delattr(model, name) if hasattr(model, name) else None
        model.register_buffer(name, torch.tensor(value))
    inputs = (torch.zeros(1, 3, resolution, resolution), clip.tokenize(["a"]))
    torch.jit.save(torch.jit.trace(model, inputs, check_trace=False), path)


def random_gpt2(captions: list[str], seed: int, **sizes: int) -> tuple[GPT2LMHeadModel, PreTrainedTokenizerFast]:
    """An untrained GPT-2 (small unless `sizes` say otherwise) with a byte-level tokeniser as large as its table."""
    config = GPT2Config(**sizes)
    vocabulary = Vocabulary.train(captions, config.vocab_size)
    have = vocabulary.tokenizer.get_vocab_size()
    vocabulary.tokenizer.add_tokens([f" <{index}>" for index in range(have, config.vocab_size)])
    config.bos_token_id = config.eos_token_id = vocabulary.stop
    torch.manual_seed(seed)
    special = {"bos_token": STOP, "eos_token": STOP, "unk_token": STOP}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=vocabulary.tokenizer, **special)
    return GPT2LMHeadModel(config), tokenizer


def main(folder: Path, annotations: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    captions = [row["caption"] for row in json.loads(annotations.read_text(encoding="utf-8"))["annotations"]]
    for seed, name in enumerate(("ViT-B/16", "ViT-B/32")):
        write_archive(random_clip(name, seed), folder / f"{name.replace('/', '-')}.pt")
    for part in random_gpt2(captions, 2):
        part.save_pretrained(folder / "gpt2")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
