"""Section `caption`."""

from typing import Annotated

from pydantic import Field

from captioner.config.section import Dtype, Positive, section


@section
class CaptionConfig:
    max_new_tokens: Annotated[int, Field(ge=1, le=512)]  # cap of a caption, the stop token included
    batch_size: Positive  # images a forward pass
    dtype: Dtype  # of the decoder's matrix products; the choice of a token is made in float32
    graphs: Annotated[bool, Field(strict=True)]  # steps of a fixed shape, by CUDA graphs; for GPT-2 on a GPU
