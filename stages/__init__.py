"""One file a stage, of the same name as in dvc.yaml: load, call the library, save."""

import os

# Before torch is loaded. Waiting threads soon sleep instead of spinning: faster beside other work, the same results.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic kernels ask for on CUDA
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
