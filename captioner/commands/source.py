"""Where a command takes its models from: a project, or an exported model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from captioner.application.portable import Portable
    from captioner.application.project import Places, Project

BACKBONES = ("encoder", "decoder", "judge")


def add(parser: argparse.ArgumentParser) -> None:
    """The arguments that name the models."""
    models = parser.add_argument_group("models")
    models.add_argument(
        "--project", type=Path, default=Path(), metavar="FOLDER", help="the project whose models are used (default: .)"
    )
    models.add_argument("--model", type=Path, metavar="FILE", help="use what `captioner export` wrote, not a project")
    for name in BACKBONES:
        models.add_argument(
            f"--{name}", type=Path, metavar="FOLDER", help=f"the {name} of a --model that does not hold its own"
        )


def opened(given: argparse.Namespace) -> tuple[Project | Portable, Places]:
    """The project or the exported model that the arguments name, and where its parts lie."""
    from captioner.application.portable import Portable
    from captioner.application.project import Project
    from captioner.foundation.errors import InputError

    folders = {name: getattr(given, name) for name in BACKBONES if getattr(given, name)}
    project = Project(given.project)
    if given.model is None:
        if folders:
            raise InputError(f"--{next(iter(folders))}: only together with --model; a project has its own")
        return project, project.places
    portable = Portable.read(given.model)
    for name, backbone in portable.backbones.items():
        if not backbone.folder and name not in folders and (given.project / "paths.yaml").is_file():
            folders[name] = project.path(name)
    return portable, portable.places(**folders)
