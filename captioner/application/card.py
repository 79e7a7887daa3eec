"""The card of an exported model: what it is, what it was trained on, how well it does, and where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from captioner.application.project import Settings
from captioner.encoders.origin import Origin

RESULTS = (
    ("cider", "CIDEr-D of the headline prompt on the test split (1.0 is often printed as 100)"),
    ("cider_novel", "the same on images that show a combination held out of all training"),
    ("cider_human", "a person's caption, four references"),
    ("cider_shuffled", "captions against other images' references"),
    ("cider_zero_prefix", "no image"),
    ("cider_random_projection", "an untrained projection"),
    ("bleu4", "BLEU-4"),
    ("rouge_l", "ROUGE-L"),
    ("clip_score", "CLIP score, 100 x cosine"),
    ("clip_score_shuffled", "CLIP score against other images"),
)


@dataclass(frozen=True)
class Figures:
    """The study's figures by name, the images that they come from, and whether those were drawn by a program."""

    headline: Mapping[str, object]
    images: int
    drawn: bool


def model_card(
    settings: Settings, origins: Mapping[str, Origin], sizes: Mapping[str, int], figures: Figures, whole: bool
) -> str:
    """The card as Markdown; `sizes` are bytes by backbone, `whole` tells whether the backbones travel along."""
    cell = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;"})
    backbones = "\n".join(
        f"| {name} | {origin.name.translate(cell)} | {origin.vouched.translate(cell)} | {sizes[name] / 1e6:.1f} MB "
        f"| `{origin.sha256}` |"
        for name, origin in origins.items()
    )
    prompts = "\n".join(
        f"| {name.translate(cell)} | {text.translate(cell) or '(no prompt)'} |"
        for name, text in settings.prompts.items()
    )
    rows = [
        f"| `{key}` | {label} | {figures.headline[key]:.2f} |"
        for key, label in RESULTS
        if isinstance(figures.headline.get(key), (int, float))
    ]
    results = "\n".join(["| figure | meaning | value |", "|---|---|---|", *rows]) if rows else "Not measured yet."
    trial = (
        "\n**A trial of the code:** the backbones know nothing of the pictures, so the captions are noise.\n"
        if figures.headline.get("trial_run")
        else ""
    )
    data = (
        "Pictures that a program has drawn: a few objects with colours, in a setting, described by a grammar. The "
        "model was never shown a photograph."
        if figures.drawn
        else "Photographs with captions by people, as the study's section `data` names them. They do not travel along; "
        "their owners' terms hold."
    )
    limits = (
        "It knows the drawn world only: of a photograph it will name some object of that world with confidence."
        if figures.drawn
        else "It knows what its training pictures show. It errs on counts, on text in pictures, on left and right, and "
        "on people, about whom it repeats the prejudices of its data."
    )
    told = "are in this folder" if whole else "are not in this folder; they are looked for by hash"
    judge = (
        "The CLIP that gives the CLIP score is the encoder itself, and shares its blind spots."
        if origins["judge"] == origins["encoder"]
        else "The CLIP that gives the CLIP score is another one than the encoder."
    )
    return f"""# A captioner of the study `{settings.study}`

One trained linear map from a frozen CLIP to prefix embeddings of a frozen language model, which goes on after a prompt.
{trial}
## Use

```sh
captioner caption --model THIS_FOLDER PICTURE...
captioner app --model THIS_FOLDER
```

## Parts

The backbones {told}.

| part | model | from | size | SHA-256 of the weights as they came |
|---|---|---|---|---|
{backbones}

`model.json` holds the settings and the hash of every file; all weights are safetensors, so loading runs no code.

## Data

{data}

## Prompts

Headline prompt: {settings.prompt.translate(cell) or "(none)"}. Greedy, at most
{settings.max_new_tokens} new tokens; seed {settings.seed}.

| name | text |
|---|---|
{prompts}

## Results

{f"{figures.images} test images." if figures.images else ""}

{results}

## Limits

- {limits}
- {judge}
- A word that the model is certain of may be wrong: its probability tells how usual it is after what stands before.
- Not for decisions about people, nor for descriptions that someone has to rely on.
"""
