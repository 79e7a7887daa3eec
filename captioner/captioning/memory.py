"""Keys and values of what a batch of texts has read so far, in one piece of memory filled from left to right."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class Memory:
    """Keys and values [L, B, H, S, W / H] each, of which the first `length` of S places are filled.

    Texts of several lengths end at the same place: `starts` [B] is the place at which each begins (None: all at 0), and
    nothing before it is seen. A text's own position counts from there.
    """

    def __init__(
        self, keys: torch.Tensor, values: torch.Tensor, length: int = 0, starts: torch.Tensor | None = None
    ) -> None:
        self.keys, self.values, self.length, self.starts = keys, values, length, starts

    @classmethod
    def empty(cls, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Memory:
        """Of this shape [L, B, H, S, W / H], with nothing in it."""
        return cls(*(torch.zeros(*shape, dtype=dtype, device=device) for _ in range(2)))

    @property
    def rows(self) -> int:
        """B, the texts."""
        return self.keys.shape[1]

    def next_places(self, count: int) -> torch.Tensor:
        """The positions of the next `count` embeddings of each text: [T], or [B, T] where texts begin at several
        places.
        """
        places = torch.arange(self.length, self.length + count, device=self.keys.device)
        return places if self.starts is None else places - self.starts[:, None]

    def mask(self, count: int) -> torch.Tensor | None:
        """Which of the places filled then each of the next `count` embeddings may see, [1 or B, 1, T, S]; None: all."""
        places = torch.arange(self.length + count, device=self.keys.device)
        seen = None
        if count > 1:
            seen = (places <= places[self.length :, None])[None, None]  # [1, 1, T, S]
        if self.starts is not None:
            begun = (places >= self.starts[:, None])[:, None, None]  # [B, 1, 1, S]
            seen = begun if seen is None else seen & begun
        return seen

    def keep(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Add one layer's keys and values [B, H, T, W / H]; all of this layer so far [B, H, S, W / H]."""
        end = self.length + key.shape[2]
        keys, values = self.keys[layer], self.values[layer]
        keys[:, :, self.length : end] = key
        values[:, :, self.length : end] = value
        return keys[:, :, :end], values[:, :, :end]

    def advance(self, count: int) -> None:
        """`count` more places are filled, in every layer."""
        self.length += count

    def drop(self, ended: torch.Tensor) -> torch.Tensor:
        """Leave out the texts that are `ended` [B]. Which text now stands in each row, as indices into the former."""
        order = (~ended).nonzero().flatten()
        first = int(ended.nonzero()[0])  # the rows before it stay as they are
        for held in (self.keys, self.values):
            held[:, first : len(order), :, : self.length] = held[:, order[first:], :, : self.length]
        self.keys, self.values = self.keys[:, : len(order)], self.values[:, : len(order)]
        if self.starts is not None:
            self.starts = self.starts[order]
        return order

    def extended(self, room: int) -> Memory:
        """A copy with so many places."""
        layers, rows, heads, _, size = self.keys.shape
        copy = Memory.empty((layers, rows, heads, room, size), self.keys.dtype, self.keys.device)
        copy.put(self, 0, 0)
        copy.length = self.length
        return copy

    def put(self, other: Memory, row: int, place: int) -> None:
        """Write what another memory holds from this row and place on."""
        rows, places = slice(row, row + other.rows), slice(place, place + other.length)
        self.keys[:, rows, :, places] = other.keys[:, :, :, : other.length]
        self.values[:, rows, :, places] = other.values[:, :, :, : other.length]

    @classmethod
    def joined(cls, several: Sequence[Memory], room: int) -> Memory:
        """The texts of several memories, one after the other, so that all end at the same place."""
        first, longest = several[0].keys, max(memory.length for memory in several)
        layers, _, heads, _, size = first.shape
        rows = sum(memory.rows for memory in several)
        whole = cls.empty((layers, rows, heads, room, size), first.dtype, first.device)
        row = 0
        for memory in several:
            whole.put(memory, row, longest - memory.length)
            row += memory.rows
        whole.length = longest
        if any(memory.length < longest for memory in several):
            whole.starts = torch.cat(
                [torch.full((memory.rows,), longest - memory.length, device=first.device) for memory in several]
            )
        return whole


class Fixed(Memory):
    """A memory all of whose places are read at every step, and whose number of filled places only the device knows, so
    that a step is the same work each time: what the capture of a CUDA graph asks for.
    """

    def __init__(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> None:
        super().__init__(*(torch.zeros(*shape, dtype=dtype, device=device) for _ in range(2)))
        self.starts = torch.zeros(shape[1], dtype=torch.long, device=device)
        self._filled = torch.zeros(1, dtype=torch.long, device=device)
        self._places = torch.arange(shape[3], device=device)

    def take(self, other: Memory, rows: torch.Tensor) -> None:
        """Hold these texts of another memory and nothing else; what it has in more places than here is left."""
        places = min(self.keys.shape[3], other.keys.shape[3])
        for mine, theirs in ((self.keys, other.keys), (self.values, other.values)):
            mine[:, : len(rows), :, :places] = theirs[:, rows, :, :places]
        self.starts.zero_()
        if other.starts is not None:
            self.starts[: len(rows)] = other.starts[rows]
        self._filled.copy_(other._filled) if isinstance(other, Fixed) else self._filled.fill_(other.length)

    def next_places(self, count: int) -> torch.Tensor:
        return (self._filled - self.starts)[:, None]  # [B, 1]

    def mask(self, count: int) -> torch.Tensor:
        seen = (self._places <= self._filled) & (self._places >= self.starts[:, None])
        return seen[:, None, None]  # [B, 1, 1, S]

    def keep(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self.keys[layer].index_copy_(2, self._filled, key)
        self.values[layer].index_copy_(2, self._filled, value)
        return self.keys[layer], self.values[layer]

    def advance(self, count: int) -> None:
        self._filled += count

    def rewind(self, count: int) -> None:
        """Forget the last `count` places."""
        self._filled -= count
