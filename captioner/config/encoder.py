"""Section `encoder`: a miniature CLIP trained here, OpenAI's, or a CLIP-like model of transformers."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import NotNegative, Positive, Rate, section


@section
class TrainedEncoder:
    source: Literal["trained"]
    resolution: Annotated[int, Field(ge=32, multiple_of=32)]  # pixels that the model sees, both ways
    width: Annotated[int, Field(ge=2)]  # channels of the first stage of the ResNet
    embedding: Annotated[int, Field(ge=8)]  # dimensions of the shared space
    context: Annotated[int, Field(ge=32, le=77)]  # tokens of the longest text, start and end included
    text_width: Annotated[int, Field(ge=64, multiple_of=64)]  # one head for every 64
    text_layers: Positive
    steps: Positive  # optimiser steps
    batch_size: Annotated[int, Field(ge=2)]  # image-text pairs a step
    learning_rate: Rate  # peak; warm-up, then cosine to zero
    warmup: Annotated[float, Field(ge=0, lt=1)]  # share of the steps
    weight_decay: NotNegative  # on matrices only
    crop: Annotated[int, Field(ge=0, le=16)]  # largest random shift in training, pixels


@section
class OpenAIEncoder:
    source: Literal["openai"]
    name: str  # one of clip.available_models()
    file: str  # absolute path of a local copy (archive, state dict or safetensors); "" to download
    trust_archive: bool  # whether to load an archive that OpenAI did not publish, which can run code


@section
class TransformersEncoder:
    source: Literal["transformers"]
    name: str  # a CLIP-like model by its name on the hub, or the absolute path of a folder
    revision: str  # branch, tag or commit on the hub


ENCODERS = {"trained": TrainedEncoder, "openai": OpenAIEncoder, "transformers": TransformersEncoder}
