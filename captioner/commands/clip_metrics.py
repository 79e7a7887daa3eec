"""CLIP-S and its kin of anyone's captions on anyone's pictures, by any CLIP that this project can load."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from captioner.commands.caption_files import picture_file
from captioner.foundation.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from captioner.encoders.encoder import Encoder

HELP = (
    "the CLIP of --images: a folder that a study made, one of OpenAI's names (ViT-B/32: downloaded once), or a CLIP, "
    "SigLIP, MetaCLIP 2, AltCLIP or Chinese-CLIP of transformers by its folder or its name on the hub (default: the "
    "judge of the project in this folder)"
)


def opened(name: str | None) -> Encoder:
    """The encoder of this name, on a GPU where there is one; InputError where there is none."""
    import torch

    from captioner.application.project import Project
    from captioner.config.encoder import OpenAIEncoder, TransformersEncoder
    from captioner.encoders.encoder import load_encoder
    from captioner.encoders.origin import FILE
    from captioner.pretrained.backbones import pretrained_encoder
    from captioner.pretrained.openai_weights import published

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name is None:
        return load_encoder(Project(Path.cwd()).places.judge, device)
    if (Path(name) / FILE).is_file() or (Path(name).is_dir() and not (Path(name) / "config.json").is_file()):
        return load_encoder(Path(name), device)
    if name in published():
        config = OpenAIEncoder(source="openai", name=name, file="", trust_archive=False)
    else:
        place = str(Path(name).resolve()) if Path(name).is_dir() else name
        config = TransformersEncoder(source="transformers", name=place, revision="main")
    with tempfile.TemporaryDirectory() as folder:
        pretrained_encoder(config, Path(folder) / "encoder", "--encoder")
        return load_encoder(Path(folder) / "encoder", device)


class Pictures:
    """Pictures and references embedded once, for any number of captions of them."""

    def __init__(
        self, encoder: Encoder, folders: Sequence[Path], names: Sequence[str], references: Sequence[Sequence[str]]
    ) -> None:
        """`names` [N]: the files, with or without their ending, in one of the `folders`; `references` of each.

        InputError for a picture that is in none of them.
        """
        from captioner.photographs.images import ImageReader, picture_suffixes
        from captioner.scores.similarity import DEPICTS

        suffixes = picture_suffixes()
        readers = {folder: ImageReader(folder) for folder in folders}
        places = [located(folders, name, suffixes) for name in names]

        def load(row: int):
            folder, file = places[row]
            return readers[folder].open(file)

        self.encoder = encoder
        self.pictures = encoder.embed(load, range(len(places)), 64, label="pictures").numpy()
        vectors = encoder.encode_texts([DEPICTS + text for several in references for text in several]).numpy()
        self.described, at = [], 0
        for several in references:
            self.described.append(vectors[at : at + len(several)])
            at += len(several)

    def scores(self, captions: Sequence[str], rows: Sequence[int]) -> dict[str, np.ndarray]:
        """CLIP-S, RefCLIP-S and the CLIP score (100 x cosine, without a prefix) of captions [M] of these `rows`."""
        from captioner.scores.similarity import DEPICTS, clip_s, cosine_scores, ref_clip_s

        told = self.encoder.encode_texts([DEPICTS + text for text in captions]).numpy()
        alone = self.encoder.encode_texts(captions).numpy()
        pictures = self.pictures[list(rows)]
        own = clip_s(pictures, told)
        return {
            "CLIP-S": own,
            "RefCLIP-S": ref_clip_s(own, told, [self.described[row] for row in rows]),
            "CLIP score": cosine_scores(pictures, alone),
        }


def located(folders: Sequence[Path], name: str, suffixes: set[str]) -> tuple[Path, str]:
    """The first folder that has this picture, and the picture's file there."""
    for folder in folders[:-1]:
        try:
            return folder, picture_file(folder, name, suffixes)
        except InputError:
            continue  # the last folder's error is told
    return folders[-1], picture_file(folders[-1], name, suffixes)


def of_files(
    texts: Mapping[str, Sequence[str]], pictures: Pictures, metrics: Sequence[str]
) -> dict[str, dict[str, np.ndarray]]:
    """These metrics [N] of each file's captions [N], which are of the pictures in their order."""
    found = {name: pictures.scores(own, range(len(own))) for name, own in texts.items()}
    return {name: {metric: scores[metric] for metric in metrics} for name, scores in found.items()}
