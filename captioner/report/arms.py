"""How arms and controls are called in figures and tables, in their order."""

from collections.abc import Iterable

CONTROLS = {  # people, the arms, the controls that see the image, those that do not
    "human": "a person's caption",
    "transformer": "ClipCap's transformer",
    "mlp": "ClipCap's MLP",
    "finetuned": "GPT-2 trained too",
    "linear": "linear map (headline)",
    "empty": "map of the empty prompt",
    "retrieved": "nearest training caption",
    "constant": "one caption for all",
    "shuffled": "shuffled images",
    "mean": "prefix of the mean image",
    "zero": "prefix of zeros",
    "none": "no prefix",
    "random": "random projection",
}


def labels(names: Iterable[str]) -> dict[str, str]:
    """The labels of `CONTROLS`, then those of the other captioners among these names, and of their controls."""
    return {**CONTROLS, **{name: _label(name) for name in names if name not in CONTROLS}}


def _label(name: str) -> str:
    captioner, _, control = name.replace("_", " ").partition("-")
    return captioner + {"": "", "shuffled": ", shuffled images", "blind": ", grey picture"}[control]
