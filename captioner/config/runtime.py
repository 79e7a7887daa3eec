"""Section `runtime`."""

from typing import Annotated, Literal

from pydantic import Field

from captioner.config.section import section


@section
class RuntimeConfig:
    threads: Annotated[int, Field(ge=1, le=256)]  # CPU threads of a process; results depend on it
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:[0-9]+)?)$")]  # where tensors live
    dtype: Literal["float32", "bfloat16", "float16"]  # precision of the training steps' matrix products
