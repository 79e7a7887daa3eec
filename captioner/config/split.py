"""Section `split`."""

from captioner.config.section import Count, Positive, section


@section
class SplitConfig:
    train: Positive  # images that train encoder and projection
    val: Positive  # images on which choices are made
    test: Positive  # images of the final figures
    novel: Count  # images with a held-out pair, for the final figures as well
    held_out_colours: Count  # (kind, colour) pairs that no training image or text shows
    held_out_settings: Count  # (kind, setting) pairs that no training image or text shows
