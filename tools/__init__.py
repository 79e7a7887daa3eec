"""What `./run` uses beside the pipeline."""
