"""Scores of one caption: reference metrics and similarities, pure and of texts and arrays."""
