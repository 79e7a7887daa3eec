"""`captioner export`: the trained captioner as one folder for another machine."""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLES = """examples:
  captioner export scenes.captioner
  captioner caption --model scenes.captioner picture.png      on another machine

The folder holds the projection, the settings, a model card, and names and hashes of encoder, decoder and judge. These
travel along where they are small (under 100 MB); else `captioner` takes them from the project, or from the folders
named with --encoder, --decoder and --judge, and checks that they are the same.

exit status: 0 done, 1 not possible (the message says why), 2 wrong arguments
"""


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "export", help="write the trained captioner as one folder that another machine can use", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("file", type=Path, metavar="FILE", help="the folder to write; must not exist")
    parser.add_argument("--project", type=Path, default=Path(), metavar="FOLDER", help="the project (default: .)")
    parser.add_argument(
        "--backbones", action=argparse.BooleanOptionalAction, default=None,
        help="whether the backbones travel along (default: where they are small)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Write the folder and say what is in it."""
    from captioner.application.portable import export, folder_size
    from captioner.application.project import Project

    backbones = export(Project(given.project), given.file, given.backbones)
    for name, backbone in backbones.items():
        where = f"in {backbone.folder}/" if backbone.folder else "not inside, found by hash"
        print(f"{name:8} {backbone.origin.name}, {where}")
    folders = {given.file, *(given.file / each.folder for each in backbones.values() if each.folder)}
    print(f"{given.file}: {sum(map(folder_size, folders)) / 1e6:.1f} MB")
    return 0
