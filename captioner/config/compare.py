"""Section `compare`, shared by both studies, and `equivalence`, of each study."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import NotNegative, Rate, section


@section
class CompareConfig:
    resamples: Annotated[int, Field(ge=100)]  # bootstrap samples
    permutations: Annotated[int, Field(ge=100)]  # random flips of signs of each test
    confidence: Annotated[float, Field(gt=0, lt=1)]  # of every interval; tests are at one less this level
    exponents: Annotated[dict[str, NotNegative], Field(min_length=1)]  # of the entropy weight; 1.0 is the weight itself
    collapse: Annotated[float, Field(gt=0, le=1)]  # share of the images with one caption above which captions collapse
    groups: dict[str, Literal["unrelated"]]  # by short name, the prompts that say nothing of pictures


@section
class EquivalenceConfig:
    cider: Rate  # differences of CIDEr-D (1.0 scale) below it are of no account
    clip_score: Rate  # the same in CLIP points (100 x cosine)
