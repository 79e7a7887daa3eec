"""Section `split`: of the drawn world with pairs held out, or of sets that the source already has."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from captioner.config.section import Count, Positive, section


def none_or_several(count: int) -> int:
    """The shuffled control needs another image of the same split."""
    if count == 1:
        raise ValueError("should be 0, or 2 and more")
    return count


@section
class DrawnSplit:
    source: Literal["drawn"]
    train: Positive  # images that train encoder and projection
    val: Annotated[int, Field(ge=2)]  # images on which choices are made
    test: Annotated[int, Field(ge=2)]  # images of the final figures
    novel: Annotated[
        int, Field(ge=0), AfterValidator(none_or_several)
    ]  # images with a held-out pair, for the final figures as well
    held_out_colours: Count  # (kind, colour) pairs that no training image or text shows
    held_out_settings: Count  # (kind, setting) pairs that no training image or text shows


@section
class GivenSplit:
    source: Literal["given"]
    val: Annotated[int, Field(ge=2)]  # images of the source's set `val`, or set aside of `train` where it has none


SPLITTINGS = {"drawn": DrawnSplit, "given": GivenSplit}
