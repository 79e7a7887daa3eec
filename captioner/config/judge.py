"""Section `judge`: the CLIP that scores the captions; the encoder itself, or better another one."""

from typing import Literal

from captioner.config.encoder import OpenAIEncoder, TransformersEncoder
from captioner.config.section import Dtype, Positive, section


@section
class SameJudge:
    source: Literal["encoder"]
    batch_size: Positive  # images a forward pass
    dtype: Dtype  # of the model's matrix products


@section
class OpenAIJudge(OpenAIEncoder):
    batch_size: Positive
    dtype: Dtype


@section
class TransformersJudge(TransformersEncoder):
    batch_size: Positive
    dtype: Dtype


JUDGES = {"encoder": SameJudge, "openai": OpenAIJudge, "transformers": TransformersJudge}
