"""What an encoder knows of a picture patch by patch, and the maps from there to a prefix."""
