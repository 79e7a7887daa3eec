"""Further questions to the study that was built, each a pipeline of its own."""
