"""How fast this machine is: the seconds of a fixed piece of training on one thread, on standard output. Of the
processor's time, since stages run beside it.
"""

from __future__ import annotations

import time


def piece_of_training() -> float:
    """The median processor seconds of ten steps: matrix products and a convolution, float32."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    left, right = torch.randn(2048, 128, requires_grad=True), torch.randn(128, 512, requires_grad=True)
    images = torch.randn(64, 8, 32, 32).to(memory_format=torch.channels_last)
    kernel = torch.nn.Conv2d(8, 16, 3, padding=1).to(memory_format=torch.channels_last)
    taken = []
    for _ in range(12):
        begun = time.process_time()
        ((left @ right).relu().sum() + kernel(images).relu().sum()).backward()
        taken.append(time.process_time() - begun)
    return sorted(taken[2:])[5]


if __name__ == "__main__":
    print(piece_of_training())
