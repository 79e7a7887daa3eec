"""How arms and controls are called in figures and tables, in their order."""

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
