"""Further studies beside the main one, each a pipeline of its own that takes up what the study has built."""
