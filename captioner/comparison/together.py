"""How well the prompts go together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from captioner.comparison.compared import Compared, bounds
from captioner.statistics import agreement
from captioner.statistics.intervals import spread

TOGETHER = (
    "prompt", "versus", "compatibility", "chance", *bounds("lift"), "residual", *bounds("agreement"), "together",
)  # fmt: skip


def together(compared: Compared, images: np.ndarray, texts: np.ndarray) -> Iterator[dict]:
    """A row an ordered pair, also with itself, for images [N, D] and captions [P, S, N, D], unit-norm.

    `residual`: compatibility, double-centred; `together`: Spearman's correlation of CIDEr-D, means over seeds.
    """
    cells = agreement.together(images, texts, compared.both)
    residual = agreement.double_centred(np.array([[cell.compatibility for cell in row] for row in cells]))
    success = agreement.success(compared.values["cider"].mean(axis=1))
    for p, name in compared.named():
        for q, versus in compared.named():
            cell = cells[p][q]
            yield {
                "prompt": name, "versus": versus, "compatibility": cell.compatibility, "chance": cell.chance,
                **spread("lift", cell.lift), "residual": float(residual[p, q]),
                **spread("agreement", cell.agreement), "together": float(success[p, q]),
            }  # fmt: skip
