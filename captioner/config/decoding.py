"""The section of further/decoding/params.yaml: the ways of decoding that are compared."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from captioner.config.section import Rate, section

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Setting = Annotated[dict[Literal["top_p", "temperature"], Rate], Field(min_length=2)]


@section
class DecodingConfig:
    samples: Annotated[int, Field(ge=2)]  # captions a picture that are drawn, or kept of a beam
    beams: Annotated[list[Annotated[int, Field(ge=2)]], Field(min_length=1)]  # sizes of the beam
    nucleus: Annotated[dict[Name, Setting], Field(min_length=1)]  # mass of the tokens drawn from, and temperature

    @field_validator("beams")
    @classmethod
    def _all_different(cls, sizes: list[int]) -> list[int]:
        if len(set(sizes)) < len(sizes):
            raise ValueError("a size stands there twice")
        return sizes

    @field_validator("nucleus")
    @classmethod
    def _masses_and_names(cls, settings: dict) -> dict:
        for name, setting in settings.items():
            if setting["top_p"] > 1:
                raise ValueError(f"{name}: top_p is a mass, at most 1")
            if name in ("greedy", "people") or name.startswith("beam"):
                raise ValueError(f"{name}: the name of another way of decoding")
        return settings
