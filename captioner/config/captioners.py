"""One entry of `captioners`, shared by both studies: a pretrained model that captions by itself."""

from typing import Annotated

from pydantic import AfterValidator, Field

from captioner.config.section import Dtype, Positive, Text, section

PROMPT = "{prompt}"  # where a template takes the prompt


def with_prompt(template: str) -> str:
    """The template, if the prompt has exactly one place in it."""
    if template.count(PROMPT) != 1:
        raise ValueError(f"should hold {PROMPT} once, where the prompt goes")
    return template


@section
class CaptionerConfig:
    name: Annotated[str, Field(min_length=1)]  # an image-text-to-text model on the hub, or a folder's absolute path
    revision: str  # branch, tag or commit on the hub
    template: Annotated[Text, AfterValidator(with_prompt)]  # what the model reads, its sign for the picture included
    batch_size: Positive  # pictures a pass
    dtype: Dtype  # of the weights; the distributions are in float32
