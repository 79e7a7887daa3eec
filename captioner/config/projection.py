"""Sections `projection` and `finetune`: how the map from image to prefix is trained, and GPT-2 with it."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import NotNegative, Positive, Rate, Texts, section


@section
class ProjectionConfig:
    seeds: Annotated[int, Field(ge=1, le=100)]  # maps, each trained from a seed of its own; the first is the headline's
    prefix_length: Annotated[int, Field(ge=1, le=64)]  # k, prefix embeddings per image
    standardise: bool  # scale every input dimension to mean 0 and variance 1 over the training images
    prefix_norm: Rate  # norm of a prefix embedding at the start, as a multiple of a token embedding's mean norm
    start: Literal["random", "ridge"]  # of the weights: torch's own, or ridge regression onto the captions' tokens
    ridge: Rate  # penalty of that regression, as a share of the inputs' variance
    stop_token: bool  # whether the token that ends a caption is trained
    epochs: Positive
    batch_size: Positive  # images a step
    learning_rate: Rate  # peak; warm-up, then cosine to zero
    warmup: Annotated[float, Field(ge=0, lt=1)]  # share of the steps
    weight_decay: NotNegative
    prompts: Annotated[Texts, Field(min_length=1)]  # the texts that stand between prefix and caption in training


@section
class FinetuneConfig:
    epochs: Positive
    batch_size: Positive  # images a step
    learning_rate: Rate  # peak, of projection and GPT-2 alike
    warmup: Annotated[float, Field(ge=0, lt=1)]  # share of the steps
    weight_decay: NotNegative
