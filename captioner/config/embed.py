"""Section `embed`."""

from captioner.config.section import Positive, section


@section
class EmbedConfig:
    batch_size: Positive  # images a forward pass
