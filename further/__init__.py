"""Further questions to the study that was built, each a pipeline of its own."""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
