"""The sections of further/arms/params.yaml: bridges that read the patches of a picture."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import Count, section


@section
class PatchesConfig:
    grid: Count  # patches a side, to which the encoder's own are averaged; 0: as many as it has


@section
class PatchBridgeConfig:
    bridge: Literal["pooled", "patches"]  # a map of the mean over the patches, or of each patch by one shared layer
    prefix_length: Annotated[int, Field(ge=1, le=1024)]  # k; of `patches` a multiple of their number
