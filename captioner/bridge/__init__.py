"""What stands between the frozen encoder and the frozen decoder: the maps from image to prefix, and their training."""
