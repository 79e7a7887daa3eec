"""Section `data`: the drawn world, or photographs in COCO's layout."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import Count, Positive, section


@section
class DrawnData:
    source: Literal["drawn"]
    train_images: Positive  # scenes drawn for the set `train`
    val_images: Positive  # scenes drawn for the set `val`
    picture_size: Annotated[int, Field(ge=32, le=512)]  # pixels, both ways
    references: Annotated[int, Field(ge=2, le=6)]  # captions of each image


@section
class CocoData:
    source: Literal["coco"]
    folder: str  # absolute path of the folder with annotations/, train2017/, val2017/
    train_images: Count  # images taken of train2017, 0 for all
    val_images: Count  # images taken of val2017, 0 for all
