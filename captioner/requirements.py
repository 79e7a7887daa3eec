"""What a study needs from outside, looked for before anything is computed: files, folders, addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from captioner.config.captioners import CaptionerConfig
from captioner.config.data import CocoData, TableData
from captioner.config.decoder import GgufDecoder, PackagedDecoder, PretrainedDecoder
from captioner.config.encoder import OpenAIEncoder, TransformersEncoder
from captioner.config.score import ScoreConfig
from captioner.downloads import hub
from captioner.downloads.download import reach
from captioner.foundation.errors import InputError
from captioner.photographs import coco
from captioner.photographs.annotations import read_captions
from captioner.photographs.tables import cells
from captioner.pretrained import gguf_source, openai_weights
from captioner.scores.words import problem_of_words, splitter
from captioner.vision_language import kinds


def problems(sections: Mapping[str, object]) -> list[str]:
    """What is missing, a line each, for these sections by their full name; nothing large is read or fetched."""
    found: list[str] = []
    for name, config in sections.items():
        try:
            match config:
                case CocoData():
                    found += _of_coco(config, name)
                case TableData():
                    found += _paths(name, file=config.file, folder=config.folder)
                case OpenAIEncoder():
                    found += _of_openai(config, name)
                case TransformersEncoder() | PretrainedDecoder():
                    _of_hub(config, name)
                case CaptionerConfig():
                    kinds.check(config.name, config.revision, config.template, name)
                case ScoreConfig():
                    _of_words(config, name)
                case GgufDecoder() | PackagedDecoder():
                    gguf_source.check(config, name)
        except InputError as error:
            found.append(str(error))
    return found


def positions(config: PretrainedDecoder | GgufDecoder | PackagedDecoder) -> int | None:
    """The context of a pretrained decoder whose configuration lies on this machine, in tokens; else None, as of a GGUF
    file, whose header takes a package to read.
    """
    if not isinstance(config, PretrainedDecoder):
        return None
    folder = Path(config.name) if hub.is_folder(config.name) else hub.cached(config.name, config.revision)
    try:
        document = json.loads((folder / "config.json").read_text(encoding="utf-8")) if folder else {}
    except (OSError, ValueError):
        return None  # told by `problems`
    return document.get("n_positions", document.get("max_position_embeddings"))


def problem_of_captions(score: ScoreConfig, data: object) -> str | None:
    """Why photographs' captions of the set `test` are not to be scored by these words, or None; of captions that are
    drawn, that have to be fetched, or that stage `data` refuses, None.
    """
    try:
        match data:
            case CocoData(folder=folder) if folder:
                told = read_captions(Path(folder, data.test_captions), []).captions.values()
                return problem_of_words(score.words, [text for several in told for text in several])
            case TableData():
                return problem_of_words(score.words, [text for _, _, text in cells(Path(data.file))])
    except InputError:
        pass  # told by `problems`, or by stage `data`, which knows what may be skipped
    return None


def _of_words(config: ScoreConfig, section: str) -> None:
    try:
        splitter(config.words)
    except InputError as error:
        raise InputError(f"{section}.{error}") from error


def _paths(section: str, **paths: str) -> list[str]:
    found = []
    for key, value in paths.items():
        path = Path(value)
        if not path.is_absolute():
            found.append(
                f"{section}.{key}: {value!r} should be an absolute path, so that experiments elsewhere find it"
            )
        elif not (path.is_dir() if key == "folder" else path.is_file()):
            found.append(f"{section}.{key}: {value} is not there")
    return found


def _of_coco(config: CocoData, section: str) -> list[str]:
    found = _paths(section, karpathy=config.karpathy) if config.karpathy else []
    if not config.folder:
        for remote in coco.missing(coco.CACHE):
            reach(remote.url, f"set {section}.folder to the absolute path of a local copy in COCO's layout")
        return found
    if problem := _paths(section, folder=config.folder):
        return found + problem
    for key in ("train_captions", "train_folder", "test_captions", "test_folder"):
        path = Path(config.folder, getattr(config, key))
        if not path.exists():
            found.append(f"{section}.{key}: {path} is not there")
    return found


def _of_openai(config: OpenAIEncoder, section: str) -> list[str]:
    if problem := openai_weights.problem_of_name(config.name):
        return [f"{section}.name: {problem}"]
    if config.file:
        return _paths(section, file=config.file)
    if not openai_weights.cached(config.name).is_file():
        reach(openai_weights.published()[config.name][0], f"set {section}.file to the absolute path of a local copy")
    return []


def _of_hub(config: TransformersEncoder | PretrainedDecoder, section: str) -> None:
    if hub.is_folder(config.name):
        if not Path(config.name, "config.json").is_file():
            raise InputError(f"{section}.name: {config.name} is no folder of a model (no config.json)")
        if not Path(config.name).is_absolute():
            raise InputError(f"{section}.name: {config.name} should be an absolute path")
    elif hub.cached(config.name, config.revision) is None:
        hub.probe(config.name, config.revision, section)
