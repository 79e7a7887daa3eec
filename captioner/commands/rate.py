"""`captioner rate`: a rating study, from the questions to the table of what people say."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands import serving
from captioner.commands.rate_material import HUMAN, SPLITS, Material, of_files, of_project
from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    from captioner.rating.store import RatingStore

MOST = 100_000  # pictures, tasks or raters
EXAMPLES = f"""examples:
  captioner rate new mine.rating --raters 5                   captions of all prompts of the study that was built here
  captioner rate new mine.rating --systems detailed,mlp,{HUMAN}  of a prompt, an arm and a person
  captioner rate new mine.rating --captions a.json B=b.json --references r.json --images pictures
  captioner rate serve mine.rating                            the page, and a link for each rater
  captioner rate raters mine.rating --add 2                   who has got how far; more raters
  captioner rate export mine.rating ratings/ratings.csv       then: dvc repro

Raters see a picture and two captions, or one to be rated from 1 to 5, never which system wrote what. All answers stay
in the one file, also while the page is served; it holds the pictures too. docs/rating.md goes through a study.

exit status: 0 done, or ended by Ctrl-C; 1 not possible (the message says why); 2 wrong arguments
"""


def count(text: str) -> int:
    """A whole number from 0 to MOST."""
    value = int(text)
    if not 0 <= value <= MOST:
        raise ValueError(text)
    return value


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand and of its own subcommands."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(
        "rate", help="let people rate captions, blind, on a page", epilog=EXAMPLES, formatter_class=raw
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="make a study", epilog=EXAMPLES, formatter_class=raw)
    new.add_argument("file", type=Path, metavar="FILE", help="the study's file, such as mine.rating; must not exist")
    new.add_argument("--captions", nargs="+", metavar="[NAME=]FILE", help="anyone's captions, not a study's")
    new.add_argument("--references", type=Path, metavar="FILE", help="people's captions, for attention checks")
    new.add_argument("--images", type=Path, metavar="FOLDER", help="the pictures of these files")
    new.add_argument("--project", type=Path, default=Path(), metavar="FOLDER", help="the built study (default: .)")
    new.add_argument("--systems", default="", metavar="NAMES", help="its prompts and arms, by comma (default: prompts)")
    new.add_argument("--split", choices=SPLITS, default="test", help="default: test")
    new.add_argument("--raters", type=count, default=5, help="links to make (default: 5)")
    new.add_argument("--pictures", type=count, default=60, help="pictures to ask about (default: 60)")
    new.add_argument("--pairs", type=count, default=40, help="pairs of captions a rater (default: 40)")
    new.add_argument("--scales", type=count, default=20, help="captions to rate from 1 to 5, a rater (default: 20)")
    new.add_argument("--overlap", type=count, default=3, help="raters a question, where they suffice (default: 3)")
    new.add_argument("--seed", type=int, default=1, help="of pictures, questions, order and sides (default: 1)")
    new.add_argument(
        "--practice", action="store_true", help="mark the answers, so that they cannot be taken for results"
    )
    new.set_defaults(act=make)
    serve = actions.add_parser("serve", help="serve the page and print the links")
    serve.add_argument("file", type=Path, metavar="FILE")
    serving.add(serve)
    serve.add_argument("--url", metavar="URL", help="how raters reach the page, for the links (default: its address)")
    serve.set_defaults(act=answered)
    raters = actions.add_parser("raters", help="print how far the raters are; add some")
    raters.add_argument("file", type=Path, metavar="FILE")
    raters.add_argument("--add", type=count, default=0, metavar="N", help="make N more links")
    raters.add_argument("--url", default="http://127.0.0.1:8000", help="how raters reach the page, for the links")
    raters.set_defaults(act=listed_raters)
    export = actions.add_parser("export", help="write the answers as CSV, also while the page is served")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("out", type=Path, metavar="OUT", help="such as ratings/ratings.csv, which `dvc repro` analyses")
    export.set_defaults(act=exported)
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Do what the action says."""
    given.act(given)
    return 0


def material(given: argparse.Namespace) -> Material:
    """Captions, references and pictures that the arguments name; InputError where they do not go together."""
    if given.captions or given.references or given.images:
        if not (given.captions and given.references and given.images):
            raise InputError("--captions, --references and --images go together")
        if given.systems:
            raise InputError("--systems names those of a built study; files are named NAME=FILE")
        return of_files(given.references, given.captions, given.images)
    from captioner.application.project import Project

    return of_project(Project(given.project), [name for name in given.systems.split(",") if name], given.split)


def make(given: argparse.Namespace) -> None:
    """Make the study's file."""
    from tqdm import tqdm

    from captioner.rating import items
    from captioner.rating.pictures import shown
    from captioner.rating.store import RatingStore

    if given.file.exists():
        raise InputError(f"{given.file}: is there already, with its answers; choose another name")
    if not given.raters or not given.overlap or not given.pairs + given.scales:
        raise InputError("nothing to ask: --raters, --overlap, and --pairs or --scales should be above 0")
    given_by = material(given)
    images = items.chosen_images(given_by.captions, given_by.references, given.pictures, given.seed)
    sizes = items.Sizes(given.pairs, given.scales, min(given.overlap, given.raters))
    asked = []
    for kind, each in ((items.PAIR, sizes.pairs), (items.SCALE, sizes.scales)):
        wanted = max(each, -(-each * given.raters // sizes.overlap))
        found = items.questions(given_by.captions, images, kind, wanted, given.seed)
        if len(found) < each:
            print(f"warning: only {len(found)} different questions of the kind {kind}, not {each}", file=sys.stderr)
        asked += found
    if not asked:
        raise InputError("all systems wrote the same captions; there is nothing to ask")
    asked += items.attention_checks(given_by.references, images, given.seed)
    contents = [
        (image, *shown(*given_by.picture(image))) for image in tqdm(images, "pictures", disable=None, leave=False)
    ]
    origin = "practice" if given.practice else "people"
    store = RatingStore.create(given.file, asked, contents, sizes, given.seed, origin)
    raters = store.add_raters(given.raters)
    print(
        f"{given.file}: {len(given_by.captions)} systems, {len(images)} pictures, "
        f"{sum(item.role == items.RATING for item in asked)} questions; {len(raters)} raters with up to "
        f"{max(rater.total for rater in raters)} tasks each\nnext: captioner rate serve {given.file}"
    )


def told_links(store: RatingStore, url: str) -> None:
    """Print each rater's progress and link."""
    for rater in store.raters():
        print(f"{rater.name:10} {rater.done:>4} of {rater.total}  {url.rstrip('/')}/rate/{rater.token}", flush=True)


def answered(given: argparse.Namespace) -> None:
    """Serve the page until interrupted."""
    from captioner.rating.store import RatingStore
    from captioner.web.rating import MOST_BYTES, create_rating_app

    store = RatingStore(given.file)
    # With --url the page stands behind another server, which hands on the name that raters know.
    app = create_rating_app(store, local=serving.is_local(given) and not given.url)
    serving.serve(app, given, MOST_BYTES, lambda address: told_links(store, given.url or address))


def listed_raters(given: argparse.Namespace) -> None:
    """Print the raters, after adding some."""
    from captioner.rating.store import RatingStore

    store = RatingStore(given.file)
    if given.add:
        store.add_raters(given.add)
    told_links(store, given.url)


def exported(given: argparse.Namespace) -> None:
    """Write the table of ratings."""
    from captioner.foundation.atomic import replacing
    from captioner.rating.store import RatingStore
    from captioner.rating.table import write_ratings

    ratings = RatingStore(given.file).ratings()
    try:
        with replacing(given.out) as partial:
            write_ratings(partial, ratings)
    except OSError as error:
        raise InputError(f"{given.out}: cannot be written ({error.strerror})") from error
    raters = len({rating.rater for rating in ratings})
    print(f"{given.out}: {len(ratings)} answers of {raters} raters")
