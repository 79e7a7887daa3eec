"""The file `ratings/settings.yaml`: how ratings are analysed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from captioner.config.section import NotNegative, Positive, section


@section
class RatingSettings:
    resamples: Annotated[int, Field(ge=100)]  # bootstrap samples over raters and images
    deals: Positive  # random deals of a rater's own answers, to see whether they agree with anyone's
    fastest: NotNegative  # milliseconds; a rater whose median answer is faster is flagged
    half_width: Annotated[float, Field(gt=0, lt=0.5)]  # wanted of the interval of how often a system is preferred
    leave_out: bool  # whether the figures leave out raters who answer at random; those of all stand beside them
