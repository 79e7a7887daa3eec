"""The projection's recipe, one choice at a time: trained on the drawn world from several seeds, compared on val."""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
