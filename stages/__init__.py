"""One file a stage, of the same name as in dvc.yaml: load, call the library, save."""

import os

# Before torch is loaded. Waiting threads sleep instead of spinning: much faster beside other work, the same results.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
