"""A search by Optuna: one candidate after the other, each stopped as soon as it is clearly worse than the best one."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Sequence

import optuna

from captioner.optimisation.race import LEAST, Found, Point, Standing
from captioner.optimisation.trials import Trials

BLOCK = 16  # instances between two looks


def wilcoxon(
    texts: Sequence[str], trials: Trials, budget: int, p_threshold: float, seed: int, told: Callable[[Point, int], None]
) -> Found:
    """Try the prompts in a random order with Optuna's pruner by Wilcoxon's signed-rank test against the best so far.

    A candidate that is not pruned sees all instances, or as many as the budget of captions leaves. Ranked by means; a
    candidate that has seen fewer instances than the best is ranked below all that have seen more.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        pruner = optuna.pruners.WilcoxonPruner(p_threshold=p_threshold, n_startup_steps=LEAST)
        study = optuna.create_study(direction="maximize", pruner=pruner)
    order = list(range(len(texts)))
    random.Random(f"{seed}/wilcoxon").shuffle(order)
    standings: list[Standing] = []
    course: list[Point] = []
    best: tuple[int, float, int] | None = None  # instances seen, mean, minus the place
    for number, place in enumerate(order):
        trial = study.ask()
        seen, pruned, before = 0, False, trials.spent
        while seen < len(trials) and not pruned and trials.spent < budget:
            end = min(seen + BLOCK, len(trials), seen + budget - trials.spent)
            for step, value in enumerate(trials.values(texts[place], end)[seen:].tolist(), start=seen):
                trial.report(value, step)
            seen, pruned = end, trial.should_prune()
        if not seen:
            standings.append(Standing(place, 0, float("nan"), number))
            continue
        values = trials.values(texts[place], seen)
        mean = float(values.mean())
        if pruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, mean)
        standings.append(Standing(place, seen, mean, number))
        if best is None or (seen, mean, -place) > best:
            best = (seen, mean, -place)
            shown = values
        course.append(Point(trials.spent, -best[2], best[0], shown, len(order) - number - 1))
        told(course[-1], trials.spent - before)
    ranked = sorted(standings, key=lambda each: (-each.seen, -each.mean if each.seen else 0.0, each.place))
    return Found(tuple(ranked), tuple(course), trials.spent)
