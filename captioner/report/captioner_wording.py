"""The sentences of the paper on captioners beside the study's own, chosen by the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from captioner.report.latex import escaped, number

Row = Mapping[str, str]


@dataclass(frozen=True)
class Beside:
    """CIDEr-D of another captioner on test, on its images, on shuffled ones and of a grey picture; `low`, `high`: the
    interval of the headline's CIDEr-D minus it.
    """

    title: str
    parameters: int
    cider: float
    low: float
    high: float
    shuffled: float
    blind: float

    @classmethod
    def read(cls, name: str, facts: Mapping[str, str | int], test: Mapping[str, Row]) -> Beside:
        """Of the rows of `plots/controls.csv` on test, by control."""
        row = test[name]
        cider, low, high = (float(row[key]) for key in ("cider", "difference_low", "difference_high"))
        shuffled, blind = (float(test[f"{name}-{control}"]["cider"]) for control in ("shuffled", "blind"))
        return cls(str(facts["model"]), int(facts["parameters"]), cider, low, high, shuffled, blind)


def captioners(linear: float, several: Sequence[Beside]) -> str:
    """How other captioners stand beside the headline's linear map, and whether they look at the picture."""
    told = [f"The linear map has a CIDEr-D of {number(linear)}; other captioners word the same images."]
    for one in several:
        verdict = "below" if one.low > 0 else "above" if one.high < 0 else "not told apart from"
        apart = f"[{number(-one.high)}, {number(-one.low)}]"
        told.append(
            f"{escaped(one.title)}, of {counted(one.parameters)} parameters, reaches {number(one.cider)}, {verdict} it "
            f"(difference in {apart}); {_looks(one)}."
        )
    return " ".join(told)


def _looks(one: Beside) -> str:
    between = f"{number(one.shuffled)} on shuffled images and {number(one.blind)} with a grey picture"
    own, without = round(one.cider, 2), round(max(one.shuffled, one.blind), 2)  # as they are printed
    if own > 2 * without:
        return f"its captions depend on their images, with {between}"
    if own > without:
        return f"much of that does not come from the image, with {between}"
    return f"its captions ignore their images, with {between}"


def counted(parameters: int) -> str:
    """A number of parameters as it is spoken of."""
    for unit, name in ((10**9, "billion"), (10**6, "million")):
        if parameters >= unit:
            return f"{number(parameters / unit, 1)} {name}"
    return number(parameters)
