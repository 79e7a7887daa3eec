"""Section `compare`, shared by both studies."""

from typing import Annotated

from pydantic import Field

from captioner.config.section import section


@section
class CompareConfig:
    resamples: Annotated[int, Field(ge=100)]  # bootstrap samples
    confidence: Annotated[float, Field(gt=0, lt=1)]  # of every interval
