"""A trained captioner in one folder that can be carried to another machine: safetensors and JSON, each file by hash."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from captioner.application.card import Figures, model_card
from captioner.application.examples import Example
from captioner.application.project import Places, Project, Settings
from captioner.config.runtime import RuntimeConfig
from captioner.encoders.origin import Origin, file_digest
from captioner.foundation.atomic import replacing
from captioner.foundation.documents import read_json
from captioner.foundation.errors import InputError

FORMAT = 1
MANIFEST = "model.json"
PROJECTION = "projection.safetensors"
EXAMPLES = "examples.safetensors"
CARD = "README.md"
SMALL = 100_000_000  # bytes: backbones up to this size travel along
BACKBONES = ("encoder", "decoder", "judge")
AGAIN = "export the model again, or copy it again in whole"


def content_digest(folder: Path) -> str:
    """One SHA-256 over every tensor of a backbone (name, type, shape, bytes) and its tokeniser's tokens and merges.

    Unlike a hash of the files, it does not change where a newer library writes the same weights with another header.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt") as file:
                for name in sorted(file.keys()):
                    tensor = file.get_tensor(name).contiguous()
                    digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                    digest.update(tensor.flatten().view(torch.uint8).numpy().data)
        except SafetensorError as error:
            raise InputError(f"{path}: damaged ({error}); make the backbone again with `dvc repro`") from error
    tokenizer = folder / "tokenizer.json"
    if tokenizer.is_file():
        try:
            model = json.loads(tokenizer.read_text(encoding="utf-8"))["model"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{tokenizer}: damaged ({error}); make the backbone again with `dvc repro`") from error
        digest.update(json.dumps([model.get("vocab"), model.get("merges")], sort_keys=True).encode())
    return digest.hexdigest()


def folder_size(folder: Path) -> int:
    """Bytes of the files in a backbone's folder."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


@dataclass(frozen=True)
class Backbone:
    """A frozen part by name and hash; `folder` is where it lies in the portable model, empty where it does not."""

    origin: Origin
    content: str  # content_digest
    folder: str


def export(project: Project, target: Path, with_backbones: bool | None = None) -> dict[str, Backbone]:
    """Write the project's captioner as a new folder `target`; what it says of the backbones.

    `with_backbones`: whether they travel along, by default where they are small. Example pictures travel where the
    study has drawn them itself. InputError where `target` exists or a part is missing or damaged.
    """
    if target.exists():
        raise InputError(f"{target}: already there; remove it, or export to another name")
    places, settings = project.places, project.settings
    if not places.projection.is_file():
        raise InputError(f"{places.projection}: no such projection; run `dvc repro project`")
    folders = {name: getattr(places, name) for name in BACKBONES}
    origins = {name: Origin.read(folder) for name, folder in folders.items()}
    if with_backbones is None:
        with_backbones = sum(map(folder_size, folders.values())) <= SMALL
    with replacing(target) as folder:
        folder.mkdir()
        shutil.copyfile(places.projection, folder / PROJECTION)
        backbones: dict[str, Backbone] = {}
        for name, source in folders.items():
            content = content_digest(source)
            twin = next(
                (each for each in backbones.values() if (each.origin, each.content) == (origins[name], content)), None
            )
            if with_backbones and not twin:
                shutil.copytree(source, folder / name, copy_function=shutil.copyfile)
            inside = twin.folder if twin else name if with_backbones else ""
            backbones[name] = Backbone(origins[name], content, inside)
        examples = project.examples(12) if project.drawn else []
        if examples:
            save_examples(folder / EXAMPLES, examples)
            (folder / EXAMPLES).chmod(0o644)  # as the other files; safetensors writes for its owner alone
        scores = project.scores
        sizes = {name: folder_size(source) for name, source in folders.items()}
        figures = Figures(project.headline, len(scores), project.drawn)
        card = model_card(
            settings, {name: each.origin for name, each in backbones.items()}, sizes, figures, bool(with_backbones)
        )
        (folder / CARD).write_text(card, encoding="utf-8")
        files = {
            path.relative_to(folder).as_posix(): file_digest(path)
            for path in sorted(folder.rglob("*")) if path.is_file()
        }  # fmt: skip
        manifest = {
            "format": FORMAT, "settings": asdict(settings), "scores": [round(score, 3) for score in scores],
            "backbones": {name: asdict(each) for name, each in backbones.items()}, "files": files,
        }  # fmt: skip
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (folder / MANIFEST).write_text(text, encoding="utf-8")
    return backbones


def save_examples(path: Path, examples: list[Example]) -> None:
    """Pictures as they came, a tensor of bytes each, named by their file names after their ids."""
    save_file(
        {
            f"{each.image_id}/{each.file_name}": torch.frombuffer(bytearray(each.content), dtype=torch.uint8)
            for each in examples
        },
        path,
    )


class Portable:
    """An exported model whose files have been held against their hashes."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        backbones: dict[str, Backbone],
        scores: list[float],
        files: dict[str, str],
    ) -> None:
        self.folder, self.settings, self.backbones, self.scores = folder, settings, backbones, scores
        self._files = files

    @classmethod
    def read(cls, folder: Path) -> Portable:
        """The model in this folder; InputError where it is of another version, incomplete, mixed or damaged."""
        path = (folder if os.path.isdir(folder) else folder.parent) / MANIFEST
        if not os.path.isfile(path):
            raise InputError(
                f"{folder}: no exported model here ({MANIFEST} is missing); make one with `captioner export`"
            )
        document = read_json(path, "exported model", AGAIN)
        try:
            version = document["format"]
            if version != FORMAT:
                raise InputError(
                    f"{path}: of format {version!r}, but this captioner reads format {FORMAT}; "
                    "use the version that wrote it, or export the model again"
                )
            told = document["settings"]
            settings = Settings(**{**told, "runtime": RuntimeConfig(**told["runtime"])})
            backbones = {
                name: Backbone(Origin(**each["origin"]), each["content"], each["folder"])
                for name, each in document["backbones"].items()
            }
            scores = sorted(map(float, document["scores"]))
            if not all(map(math.isfinite, scores)):
                raise ValueError("scores that are no finite numbers")
            files = dict(document["files"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: damaged ({type(error).__name__}: {error}); {AGAIN}") from error
        allowed = {"", *BACKBONES}
        if set(backbones) != set(BACKBONES) or not {each.folder for each in backbones.values()} <= allowed:
            raise InputError(f"{path}: damaged (not the three backbones {', '.join(BACKBONES)}); {AGAIN}")
        if PROJECTION not in files:
            raise InputError(f"{path}: damaged (names no {PROJECTION}); {AGAIN}")
        portable = cls(path.parent, settings, backbones, scores, files)
        portable.check_files()
        return portable

    def check_files(self) -> None:
        """InputError unless the folder holds exactly the parts that were exported together."""
        for name, wanted in self._files.items():
            path = self.folder / name
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise InputError(f"{self.folder / MANIFEST}: names {name!r}, a file outside of the model; {AGAIN}")
            if not path.is_file():
                raise InputError(f"{path}: missing from the model; {AGAIN}")
            if name != CARD and file_digest(path) != wanted:
                raise InputError(f"{path}: not the file that was exported with this model; {AGAIN}")
        for name in {each.folder for each in self.backbones.values()} - {""}:
            for path in sorted((self.folder / name).iterdir()):
                if path.relative_to(self.folder).as_posix() not in self._files:
                    raise InputError(f"{path}: does not belong to the model; remove it, or {AGAIN}")

    def places(self, **given: Path | None) -> Places:
        """Where the parts lie: inside, or for backbones that do not travel along, in the `given` folders.

        InputError where one is needed and not given, or is not the one that the projection was trained with.
        """
        found = {}
        for name, backbone in self.backbones.items():
            folder = given.get(name) or (self.folder / backbone.folder if backbone.folder else None)
            if folder is None:
                raise InputError(
                    f"{self.folder}: does not hold its {name}, {backbone.origin.name} ({backbone.origin.vouched}); "
                    f"name a folder with --{name}, or with --project a project that has built it"
                )
            if given.get(name):
                self._check_backbone(name, folder)
            found[name] = folder
        return Places(projection=self.folder / PROJECTION, **found)

    def _check_backbone(self, name: str, folder: Path) -> None:
        wanted, origin = self.backbones[name], Origin.read(folder)
        if (origin.kind, origin.sha256) != (wanted.origin.kind, wanted.origin.sha256):
            raise InputError(
                f"{folder}: holds {origin.name} (SHA-256 {origin.sha256[:12]}...), but the model's {name} is "
                f"{wanted.origin.name} (SHA-256 {wanted.origin.sha256[:12]}...); name the right folder"
            )
        if content_digest(folder) != wanted.content:
            raise InputError(
                f"{folder}: its weights are not those of the model's {name}, {wanted.origin.name}, "
                "though it says so; make the backbone again with `dvc repro`"
            )

    def examples(self, count: int) -> list[Example]:
        """Pictures of the test split that travel along; none where the study may not pass its pictures on."""
        if EXAMPLES not in self._files:
            return []
        found, path = [], self.folder / EXAMPLES
        try:
            for name, content in load_file(path).items():
                key, _, file_name = name.partition("/")
                found.append(Example(int(key), file_name, content.numpy().tobytes()))
        except (SafetensorError, ValueError) as error:
            raise InputError(f"{path}: damaged ({error}); {AGAIN}") from error
        return sorted(found, key=lambda each: each.image_id)[:count]
