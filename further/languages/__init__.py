"""The captioner in three languages: one language model, a map learnt from captions of each language, prompts in all."""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
