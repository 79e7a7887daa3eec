"""How fast the code is beside the way the original went, transformers' `generate`, and what the machine allows."""
