"""Section `data`: the drawn world, photographs in COCO's layout, or a plain table of files and captions."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import Count, Positive, section


@section
class DrawnData:
    source: Literal["drawn"]
    train_images: Positive  # scenes drawn for the set `train`
    test_images: Positive  # scenes drawn for the set `test`
    picture_size: Annotated[int, Field(ge=32, le=512)]  # pixels, both ways
    references: Annotated[int, Field(ge=2, le=6)]  # captions of each image


@section
class CocoData:
    source: Literal["coco"]
    folder: str  # absolute path of a folder in COCO's layout; "" to download COCO 2017 (20 GB)
    train_captions: str  # annotations of the set `train`, relative to the folder
    train_folder: str  # its images, relative to the folder
    test_captions: str  # the same of the set `test`
    test_folder: str
    train_images: Count  # images taken of the set `train`, 0 for all
    test_images: Count  # images taken of the set `test`, 0 for all
    karpathy: str  # absolute path of Karpathy's dataset_coco.json, whose sets then count; "" for the folder's own
    on_bad_image: Literal["stop", "skip"]  # what to do where a picture or its captions cannot be used


@section
class TableData:
    source: Literal["table"]
    file: str  # absolute path of a CSV with the columns file and caption, one row a caption
    folder: str  # absolute path of the folder that the files' names are relative to
    train_images: Count  # images of the set `train`, 0 for all that are left
    test_images: Positive  # images of the set `test`
    on_bad_image: Literal["stop", "skip"]


SOURCES = {"drawn": DrawnData, "coco": CocoData, "table": TableData}
