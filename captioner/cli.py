"""The command `captioner`: captions for anyone's pictures with the models that the study left in models/."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from captioner import evaluate
from captioner.errors import InputError

ENCODER = Path("models/encoder.safetensors")
DECODER = Path("models/decoder")
PROJECTION = Path("models/projection.safetensors")


def positive(text: str) -> int:
    """A whole number above zero."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    whole = argparse.ArgumentParser("captioner", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    caption = commands.add_parser("caption", help="caption pictures, one JSON object a line")
    caption.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    caption.add_argument("--prompt", default="A detailed photo of", help="text before the caption; '' for none")
    caption.add_argument("--max-new-tokens", type=positive, default=30)
    caption.add_argument("--project", type=Path, default=Path(), help="folder of the project, where models/ is")
    evaluate.add_commands(commands)
    return whole


def caption(images: list[Path], prompt: str, max_new_tokens: int, project: Path) -> None:
    """Print caption, CLIP score, mean log-probability, normalised entropy and tokens of each picture as JSON."""
    import torch

    from captioner.decoder import Decoder
    from captioner.encoder import Encoder
    from captioner.generation import greedy
    from captioner.images import decode
    from captioner.projection import Projection
    from captioner.similarity import cosine_scores, entropy_weight
    from captioner.vocabulary import Vocabulary

    device = torch.device("cpu")
    pictures = []
    for path in images:
        try:
            pictures.append(decode(path.read_bytes(), str(path)))
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    encoder = Encoder.load(project / ENCODER, device)
    decoder, vocabulary = Decoder.load(project / DECODER, device), Vocabulary.load(project / DECODER)
    projection = Projection.load(project / PROJECTION, device)
    embeddings = encoder.encode_images(torch.stack([encoder.preprocess(picture) for picture in pictures]))
    captions = greedy(decoder, vocabulary, projection(embeddings), prompt, max_new_tokens)
    texts = encoder.encode_texts([each.text for each in captions])
    scores = cosine_scores(embeddings.numpy(), texts.numpy())
    for path, each, score in zip(images, captions, scores, strict=True):
        record = {
            "image": str(path), "prompt": prompt, "caption": each.text, "clip_score": round(float(score), 2),
            "log_probability": round(each.mean_log_probability, 4),
            "entropy": round(1 - entropy_weight(each.entropies, decoder.table.num_embeddings), 4),
            "tokens": each.tokens,
        }  # fmt: skip
        print(json.dumps(record, ensure_ascii=False))


def main(arguments: list[str] | None = None) -> None:
    """Run the command; bad input ends it with one message and exit status 1."""
    given = parser().parse_args(arguments)
    if given.command in evaluate.COMMANDS:
        return evaluate.run(given)
    try:
        caption(given.images, given.prompt, given.max_new_tokens, given.project)
    except InputError as error:
        sys.exit(f"error: {error}")
