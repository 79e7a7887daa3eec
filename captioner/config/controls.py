"""Section `controls`, shared by both studies."""

from captioner.config.section import Positive, section


@section
class ControlsConfig:
    derangements: Positive  # ways to shuffle the images; scores on shuffled images are means over them
