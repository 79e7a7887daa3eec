"""The sections of further/languages/params.yaml: which languages, how the language model of all of them is trained, how
the maps are.
"""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import Fraction, Positive, Text, section

Code = Literal["en", "de", "zh"]


@section
class SpokenConfig:
    prompts: Annotated[dict[Code, Annotated[list[Text], Field(min_length=1)]], Field(min_length=2)]  # by language
    max_new_tokens: Positive
    examples: Positive  # images of test whose captions the figure shows


@section
class CorpusConfig:
    mixed: Fraction  # share of the documents whose sentences are each in a language of their own


@section
class MapsConfig:
    epochs: Positive  # of each map; all else as the study's own projection
