"""The full grid, which the search does without, and searches held against it."""
