"""Section `embed`."""

from captioner.config.section import Dtype, Positive, section


@section
class EmbedConfig:
    batch_size: Positive  # images a forward pass
    dtype: Dtype  # of the encoder's matrix products
