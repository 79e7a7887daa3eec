"""Stage `tokens`: the captions of train and val, tokenised once in every form that a prompt asks for; a second or
two.
"""

import json

from captioner.annotations import read_captions
from captioner.tokens import TokenTable
from captioner.vocabulary import Vocabulary
from stages import settings


def main() -> None:
    splits = json.loads(settings.source("split").read_text(encoding="utf-8"))["splits"]
    captions = read_captions(settings.source("captions_train")).captions
    chosen = {key: captions[key] for name in ("train", "val") for key in splits[name]}
    table = TokenTable.build(chosen, Vocabulary.load(settings.source("decoder")))
    with settings.target("tokens") as path:
        table.save(path)


if __name__ == "__main__":
    settings.run(main)
