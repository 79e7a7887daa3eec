"""Intervals, tests, rankings and models, pure and of arrays."""
