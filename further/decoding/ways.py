"""The ways of decoding that the parameters name."""

from captioner.config.decoding import DecodingConfig
from captioner.decoding.base import Decoding
from captioner.decoding.beam import BeamSearch
from captioner.decoding.sampling import Nucleus
from stages import settings


def part(name: str) -> DecodingConfig:
    """The section of further/decoding/params.yaml, validated."""
    section = settings.document("further/decoding/params.yaml").get(name)
    return settings.validated(DecodingConfig, section, name, "further/decoding/params.yaml")


def ways(config: DecodingConfig, seed: int) -> dict[str, Decoding]:
    """Each way beside the greedy one, by name."""
    beams = {f"beam_{size}": BeamSearch(size, min(size, config.samples)) for size in config.beams}
    drawn = {name: Nucleus(**setting, captions=config.samples, seed=seed) for name, setting in config.nucleus.items()}
    return {**beams, **drawn}


def labels(config: DecodingConfig) -> dict[str, str]:
    """How each way is named to people."""
    drawn = {name: f"p {one['top_p']:g}, T {one['temperature']:g}" for name, one in config.nucleus.items()}
    return {"greedy": "greedy", **{f"beam_{size}": f"beam of {size}" for size in config.beams}, **drawn}
