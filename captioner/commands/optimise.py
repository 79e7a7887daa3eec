"""`captioner optimise`: the best prompt for a study that was built, searched among many."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXAMPLES = """examples:
  captioner optimise                                   among the study's prompts and the grammar of optimise/params.yaml
  captioner optimise --candidates mine.txt             among the prompts of a file, one a line
  captioner optimise --objective cider=1,tokens=-0.02  better and shorter
  captioner optimise --budget 20000 --save found.csv

The search takes split val only, where its best prompt looks better than it is. `dvc repro optimise/dvc.yaml` judges
it on test; `dvc exp run -S 'prompt="..."'` makes it the study's headline. Ctrl-C ends the search; the same command
goes on there.

exit status: 0 found, 1 not possible (the message says why), 2 wrong arguments
"""
MEASURES = ("cider", "clip_score", "facts", "tokens")


def objective(text: str) -> dict[str, float]:
    """Weights as `cider=1,tokens=-0.02`; ValueError for another measure or no number."""
    weights = {}
    for term in text.split(","):
        name, sign, value = term.partition("=")
        if name.strip() not in MEASURES:
            raise argparse.ArgumentTypeError(f"{name.strip()!r} is none of {', '.join(MEASURES)}")
        try:
            weights[name.strip()] = float(value) if sign else 1.0
        except ValueError:
            raise argparse.ArgumentTypeError(f"{term.strip()!r}: the weight is no number") from None
    return weights


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "optimise", help="search the best prompt among many", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--project", type=Path, default=Path(), metavar="FOLDER", help="the project (default: .)")
    parser.add_argument("--candidates", type=Path, metavar="FILE", help="prompts to search, one a line")
    parser.add_argument(
        "--objective", type=objective, metavar="WEIGHTS",
        help=f"weights of {', '.join(MEASURES)} (default: that of optimise/params.yaml)",
    )  # fmt: skip
    parser.add_argument("--budget", type=int, metavar="N", help="captions to make at most")
    parser.add_argument("--method", choices=("halving", "wilcoxon"), help="how candidates are dropped")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="how many prompts are shown (default: 10)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="write all candidates as CSV")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Search, and show the best prompts."""
    from captioner.application.searching import searched
    from captioner.foundation.tables import write_table

    changes = {"objective": given.objective, "budget": given.budget, "method": given.method}
    found = searched(given.project, given.candidates, {k: v for k, v in changes.items() if v is not None})
    if given.save:
        write_table(given.save, found.columns, found.rows)
    width = max(len(row[1]) for row in found.rows[: given.top])
    print(f"{'':>4} {'prompt':{width}} {'worth':>8} {'on':>6}  {'source'}")
    for rank, prompt, source, seen, worth, *_ in found.rows[: given.top]:
        print(f"{rank:>4} {prompt or '(no prompt)':{width}} {worth:8.3f} {seen:>6}  {source}")
    share = 100 * found.spent / found.grid
    told = f"{found.spent:,} captions, {share:.1f} % of all; worth on val, by `on` images and maps"
    print(f"{len(found.rows)} prompts, {told}", file=sys.stderr)
    return 0
