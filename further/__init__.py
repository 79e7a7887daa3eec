"""Further questions to the built study, each a small pipeline of its own."""
