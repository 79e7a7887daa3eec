"""Stage `tokens`: the captions of train and val, tokenised once in every form that a prompt asks for; a second or
two.
"""

from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import Vocabulary
from captioner.photographs.annotations import read_captions
from stages import settings
from stages.study.splits import splits


def main() -> None:
    by_split = splits()
    captions = read_captions(settings.source("captions_train")).captions
    chosen = {key: captions[key] for name in ("train", "val") for key in by_split[name]}
    table = TokenTable.build(chosen, Vocabulary.load(settings.source("decoder")))
    with settings.target("tokens") as path:
        table.save(path)


if __name__ == "__main__":
    settings.run(main)
