"""Stage `ratings`: the table that `captioner rate export` writes in; what people say of the captions, and which metric
agrees with them, out. Half a minute for a thousand answers.

Nobody has answered: the figures say so, the tables have a header alone, and the paper has no section of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields

import pandas as pd

from captioner.config.compare import CompareConfig
from captioner.foundation.tables import write_named
from captioner.rating.analysis import Analysis, analyse
from captioner.rating.joined import StudyScores
from captioner.rating.reliability import Behaviour
from captioner.rating.settings import RatingSettings
from captioner.rating.table import PEOPLE, read_ratings
from captioner.rating.trust import Trust
from captioner.statistics.intervals import spread
from stages import settings

SYSTEMS = (
    "system", "text", "compared", "won", "tied", "strength", "strength_low", "strength_high", "preferred",
    "preferred_low", "preferred_high", "preferred_by_all", "best", "rated", "rating", "rating_low", "rating_high",
)  # fmt: skip
BEHAVIOUR = tuple(field.name for field in fields(Behaviour))
TRUST = ("metric", "measure", "value", "value_low", "value_high", "judgements")


def main() -> None:
    seed, prompts = settings.shared("seed"), settings.shared("prompts")
    confidence = settings.validated(CompareConfig, settings.shared("compare"), "compare").confidence
    how = settings.validated(RatingSettings, settings.document("ratings/settings.yaml"), "ratings/settings.yaml")
    ratings = read_ratings(settings.source("ratings"))
    found = analyse(ratings, how, confidence, seed)
    trusted: list[Trust] = []
    if found.summary["answers"]:
        left_out = {each.rater for each in found.behaviours if each.at_random and how.leave_out}
        scores = StudyScores(score_tables(prompts))
        used = [rating for rating in ratings if rating.rater not in left_out]
        found.summary["current"] = scores.current(used)
        trusted = scores.trust(used, confidence, seed)
    with settings.target("rating_metrics") as path:
        settings.write_json(path, found.summary)
    with settings.target("rated_systems") as path:
        write_named(path, SYSTEMS, system_rows(found, prompts))
    with settings.target("raters") as path:
        write_named(path, BEHAVIOUR, behaviour_rows(found))
    with settings.target("trusted_metrics") as path:
        rows = ({**vars(row), **spread("value", row.value)} for row in trusted)
        write_named(path, TRUST, rows)
    if not found.summary["answers"]:
        print("no ratings: nobody has answered yet; docs/rating.md tells how people are asked")
    elif not found.summary["by_people"]:
        marks = sorted({rating.origin for rating in ratings} - {PEOPLE})
        print(f"no result: answers are marked {', '.join(marks)}; the paper says so on every page")


def score_tables(prompts: Mapping[str, str]) -> dict[str, pd.DataFrame]:
    """The score table of each prompt, by short name."""
    return {
        name: pd.read_csv(settings.source("prompt_scores", f"{name}.csv"), keep_default_na=False)
        for name in prompts
    }  # fmt: skip


def system_rows(found: Analysis, prompts: Mapping[str, str]) -> Iterable[dict]:
    """A row a system, the one preferred most first; `text` is a prompt's, else empty."""
    for row in found.systems:
        intervals = {**spread("strength", row.strength), **spread("preferred", row.preferred)}
        yield {**vars(row), **intervals, **spread("rating", row.rating), "text": prompts.get(row.system, "")}


def behaviour_rows(found: Analysis) -> Iterable[dict]:
    """A row a rater; flags parted by blanks."""
    for each in found.behaviours:
        yield {**dict(zip(BEHAVIOUR, astuple(each), strict=True)), "flags": " ".join(each.flags)}


if __name__ == "__main__":
    settings.run(main)
