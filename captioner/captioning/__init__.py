"""Captions, and how a frozen decoder words them after image and prompt."""
