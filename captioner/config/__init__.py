"""One validated, frozen section of ``params.yaml`` per module; nothing here imports torch."""
