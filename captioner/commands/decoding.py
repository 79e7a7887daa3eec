"""The options of `captioner caption` that word captions in another way than greedily."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.application.captioner import Captioner, Described, Prepared
    from captioner.decoding.base import Decoding

MOST = 1000  # captions a picture, hypotheses of a beam
BEAMS, TOP_P, TEMPERATURE = 5, 0.9, 1.0  # where nothing else is said


def few(text: str) -> int:
    """A whole number from 1 to `MOST`."""
    if not 1 <= int(text) <= MOST:
        raise ValueError(text)
    return int(text)


def mass(text: str) -> float:
    """A number above 0, at most 1."""
    if not 0 < float(text) <= 1:
        raise ValueError(text)
    return float(text)


def warmth(text: str) -> float:
    """A finite number above 0."""
    if not 0 < float(text) < float("inf"):
        raise ValueError(text)
    return float(text)


def whole(text: str) -> int:
    """A whole number from 0 on."""
    if int(text) < 0:
        raise ValueError(text)
    return int(text)


def add(parser: argparse.ArgumentParser) -> None:
    """The options."""
    ways = parser.add_argument_group("several captions a picture")
    ways.add_argument(
        "--decoding", choices=("greedy", "beam", "nucleus"), default="greedy", help="default: greedy, as the study"
    )
    ways.add_argument("--beams", type=few, metavar="N", help=f"hypotheses of a beam (default: {BEAMS})")
    ways.add_argument(
        "--top-p", type=mass, metavar="P",
        help=f"nucleus: draw from the likeliest tokens of this mass (default: {TOP_P})",
    )  # fmt: skip
    ways.add_argument(
        "--temperature", type=warmth, metavar="T", help=f"nucleus: divides the logits (default: {TEMPERATURE:g})"
    )
    ways.add_argument("--seed", type=whole, metavar="N", help="nucleus: other numbers (default: the study's seed)")
    ways.add_argument("--samples", type=few, metavar="N", help="captions a picture and prompt (default: 1)")
    ways.add_argument(
        "--best-of-n", action="store_true", help="of the samples the one that the encoder finds nearest to the picture"
    )


def chosen(given: argparse.Namespace, seed: int) -> Decoding | None:
    """The way of decoding that the options name, with the study's seed where they name none; None for the greedy one.
    InputError for options that do not go together.
    """
    of = {"beams": "beam", "top_p": "nucleus", "temperature": "nucleus", "seed": "nucleus"}
    for name, kind in of.items():
        if getattr(given, name) is not None and given.decoding != kind:
            raise InputError(f"--{name.replace('_', '-')}: only together with --decoding {kind}")
    samples = given.samples or 1
    if given.decoding == "greedy" and samples > 1:
        raise InputError("--samples: greedy decoding has one caption; add --decoding nucleus or beam")
    if given.best_of_n and samples < 2:
        raise InputError("--best-of-n: only together with --samples of at least 2")
    if given.decoding == "greedy":
        return None
    if given.top_k:
        raise InputError("--top-k: only with --decoding greedy")
    if given.out:
        raise InputError("--out: only with --decoding greedy")
    if given.decoding == "beam":
        from captioner.decoding.beam import BeamSearch

        beams = max(BEAMS, samples) if given.beams is None else given.beams
        if samples > beams:
            raise InputError(f"--samples: {samples} are more than the {beams} hypotheses of the beam; raise --beams")
        return BeamSearch(beams, samples)
    from captioner.decoding.sampling import Nucleus

    top_p = TOP_P if given.top_p is None else given.top_p
    temperature = TEMPERATURE if given.temperature is None else given.temperature
    return Nucleus(top_p, temperature, samples, seed if given.seed is None else given.seed)


def fields(made: Described) -> dict:
    """The fields of one caption that do not depend on its place."""
    return {
        "caption": made.caption.text, "clip_score": round(made.clip_score, 2),
        "log_probability": round(made.caption.mean_log_probability, 4), "entropy": round(made.entropy, 4),
        "tokens": made.caption.tokens,
    }  # fmt: skip


def records(
    captioner: Captioner,
    pictures: Sequence[tuple[Path, Prepared]],
    prompts: Sequence[str],
    decoding: Decoding,
    given: argparse.Namespace,
) -> Iterator[dict]:
    """The fields of each picture and prompt: in JSON those of the chosen caption and a list of all `captions`; in other
    formats those of every caption, or with --best-of-n of the chosen one.
    """
    from captioner.application.several import describe

    made = describe(captioner, [picture for _, picture in pictures], prompts, decoding, given.best_of_n)
    for (path, _), choices in zip(pictures, made, strict=True):
        for prompt, choice in zip(prompts, choices, strict=True):
            place = {"image": str(path), "prompt": prompt}
            if given.format == "json":
                told = [fields(each) for each in choice.captions]
                yield {**place, **fields(choice.chosen), "next_tokens": [], "captions": told}
                continue
            for each in [choice.chosen] if given.best_of_n else choice.captions:
                yield {**place, **fields(each), "next_tokens": []}
