"""A pretrained language model in the miniature's place: do the prompts rank alike where the words were known before?"""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
