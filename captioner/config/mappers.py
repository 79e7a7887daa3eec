"""Section `mappers`: ClipCap's mapping networks, which are trained beside the linear map."""

from captioner.config.section import Positive, Rate, section


@section
class MappersConfig:
    mlp_learning_rate: Rate  # peak; all else as in `projection`
    transformer_learning_rate: Rate  # peak; all else as in `projection`
    slots: Positive  # embeddings that the transformer makes of the image, beside the learnt constants
    layers: Positive  # of the transformer
    heads: Positive  # of each layer; they divide the decoder's width
