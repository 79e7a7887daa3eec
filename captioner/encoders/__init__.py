"""The frozen encoders: CLIP-like models behind one interface, and where their weights come from."""
