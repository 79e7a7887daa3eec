"""The sections of further/pretrained/params.yaml: what a pretrained model is tried on, and the images that it takes."""

from typing import Annotated

from pydantic import Field

from captioner.config.section import Positive, Text, section


@section
class ProbesConfig:
    sentences: Annotated[list[Text], Field(min_length=2)]  # plain English, whose perplexity is measured
    openings: Annotated[list[Text], Field(min_length=1)]  # what the model goes on with
    tokens: Positive  # of each continuation


@section
class ImagesConfig:
    train: Positive  # the first images of each split
    val: Positive
    test: Annotated[int, Field(ge=2)]
    novel: Annotated[int, Field(ge=2)]
