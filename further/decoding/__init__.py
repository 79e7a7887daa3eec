"""Sampling and beam search beside greedy captions: how good, how different, and what the best of several is worth."""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
