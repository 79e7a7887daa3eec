"""ClipCap's mapping networks (Mokady et al., 2021), the field's own baselines for the linear map.

Both take the image embedding scaled as the linear map does, and their prefix starts at the same mean norm.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from captioner.bridge.base import Gained, Shape
from captioner.decoders.autoregressive import NARROW


class Mlp(Gained):
    """One hidden layer of k W / 2 units with tanh."""

    kind = "mlp"

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        outputs = shape.prefix_length * shape.width
        self.network = nn.Sequential(
            nn.Linear(shape.embedding, outputs // 2), nn.Tanh(), nn.Linear(outputs // 2, outputs)
        )

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        return self.network(scaled).view(-1, self.shape.prefix_length, self.shape.width)


class Transformer(Gained):
    """`slots` embeddings made from the image, then k learnt constants, through a transformer: what stands in the
    constants' places at the end is the prefix. Pre-norm, ReLU, inner width 2 W, no dropout.

    ValueError where W is no multiple of `heads`.
    """

    kind = "transformer"

    def __init__(self, shape: Shape, slots: int, layers: int, heads: int) -> None:
        super().__init__(shape)
        if shape.width % heads:
            raise ValueError(f"{heads} attention heads do not divide the decoder's width of {shape.width}")
        self.slots, self.layers, self.heads = slots, layers, heads
        self.linear = nn.Linear(shape.embedding, slots * shape.width)
        self.constants = nn.Parameter(torch.randn(shape.prefix_length, shape.width))
        layer = nn.TransformerEncoderLayer(
            shape.width, heads, 2 * shape.width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        for block in self.body.layers:  # copies of one layer otherwise
            for parameter in block.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)

    @property
    def sizes(self) -> dict[str, int]:
        return {"slots": self.slots, "layers": self.layers, "heads": self.heads}

    def mapped(self, scaled: torch.Tensor) -> torch.Tensor:
        image = self.linear(scaled).view(-1, self.slots, self.shape.width)  # [B, slots, W]
        constants = self.constants.to(image.dtype).expand(len(image), -1, -1)  # [B, k, W]
        plain = scaled.device.type == "cpu" and self.shape.width <= NARROW
        with sdpa_kernel(SDPBackend.MATH) if plain else nullcontext():
            return self.body(torch.cat([image, constants], dim=1))[:, self.slots :]
