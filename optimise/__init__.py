"""The search for the best prompt: found on val, judged once on test and novel, bounded from above and below."""

import stages  # noqa: F401  (before torch is loaded: how waiting threads behave)
