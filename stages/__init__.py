"""One file a stage, of the same name as in dvc.yaml: load, call the library, save."""

import os
import sys
from types import TracebackType

# Before torch is loaded. Waiting threads soon sleep instead of spinning: faster beside other work, the same results.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic kernels ask for on CUDA
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Ctrl-C while a stage's imports run, before `settings.run` can answer it: one line instead of a traceback."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted; the same command goes on where it was", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _ended
