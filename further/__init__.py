"""Pipelines beside the study's own, each in a folder of its own."""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
