"""Stage `tokens`: the captions of the images that train and validate, in the pretrained model's tokens; seconds."""

from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import Vocabulary
from captioner.photographs.annotations import read_captions
from further.pretrained.images import images
from stages import settings


def main() -> None:
    ids = images()
    captions = read_captions(settings.source("captions_train")).captions
    chosen = {key: captions[key] for name in ("train", "val") for key in ids[name]}
    table = TokenTable.build(chosen, Vocabulary.load(settings.source("pretrained_decoder")))
    with settings.target("pretrained_tokens") as path:
        table.save(path)


if __name__ == "__main__":
    settings.run(main)
