"""What every other package stands on: files, errors, checkpoints, processes, precision."""
