"""The frozen decoders: causal language models behind one interface, their words, captions as tokens."""
