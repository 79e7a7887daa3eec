"""Section `runtime`."""

from typing import Annotated

from pydantic import Field

from captioner.config.section import Dtype, section


@section
class RuntimeConfig:
    threads: Annotated[int, Field(ge=1, le=256)]  # CPU threads of a process; results depend on it
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:[0-9]+)?)$")]  # where tensors live; auto: CUDA if present
    dtype: Dtype  # of the training steps' matrix products
