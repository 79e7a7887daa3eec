"""Stage `train`: the linear maps from image to prefix under the pretrained language model, which stays as it is; one a
seed, side by side, one CPU thread each; each goes on from its last checkpoint.
"""

import hashlib
import json
from dataclasses import asdict

from captioner.bridge.files import bridge_bytes
from captioner.bridge.history import COLUMNS, History, rows
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.tables import write_table
from further.pretrained.images import images
from further.pretrained.maps import for_each, recipe
from stages import settings
from stages.study.training import Training


def trained(number: int, threads: int) -> tuple[bytes, History]:
    """One map: its file and its training."""
    config, ids = recipe(), images()
    decoder, tokens = settings.source("pretrained_decoder"), settings.source("pretrained_tokens")
    study = Training.open(threads, config, decoder, tokens, ids)
    projection = study.projection(number)
    told = hashlib.sha256(json.dumps([asdict(config), ids], sort_keys=True).encode()).hexdigest()[:16]
    checkpoints = Checkpoints(settings.checkpoint_folder("pretrained") / told / str(number))
    history = study.fit(projection, config.prompts, checkpoints, f"pretrained, map {number + 1}", number)
    return bridge_bytes(projection), history


def main() -> None:
    found = for_each(recipe().seeds, trained)
    with settings.target("pretrained_maps") as folder:
        folder.mkdir()
        for number, (content, _) in enumerate(found):
            (folder / f"{number}.safetensors").write_bytes(content)
    with settings.target("pretrained_training") as path:
        several = [[number, *row] for number, (_, history) in enumerate(found) for row in rows(history)]
        write_table(path, ["map", *COLUMNS], several)
    settings.forget("pretrained")


if __name__ == "__main__":
    settings.run(main)
