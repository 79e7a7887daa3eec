"""Stage `convert`: fetch the pretrained language model, write it in the form that every stage loads, and try what it
knows: plain sentences, the same words backwards, what it goes on with, captions of the drawn world. A minute.
"""

import json
import math

import torch

from captioner.captioning.generation import greedy
from captioner.config.decoder import GgufDecoder, PackagedDecoder, PretrainedDecoder
from captioner.config.pretrained import ProbesConfig
from captioner.config.runtime import RuntimeConfig
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.origin import Origin
from captioner.foundation.runtime import prepare
from captioner.photographs.annotations import read_captions
from captioner.pretrained.backbones import caption_loss, pretrained_decoder
from captioner.pretrained.gguf_files import TOLD
from further.pretrained.parameters import part
from stages import settings
from stages.study.splits import splits

TRIED = 50  # captions of val that the model is tried on without an image
KINDS = {"gguf_package": PackagedDecoder, "gguf": GgufDecoder, "transformers": PretrainedDecoder}


def main() -> None:
    device = prepare(settings.section("runtime", RuntimeConfig), settings.shared("seed"))
    with settings.target("pretrained_decoder") as folder:
        pretrained_decoder(part("decoder", KINDS), folder, "decoder")
    folder = settings.output("pretrained_decoder")
    decoder, vocabulary = Decoder.load(folder, device), Vocabulary.load(folder)
    origin, header = Origin.read(folder), folder / TOLD
    val = splits()["val"][:TRIED]
    captions = read_captions(settings.source("captions_train")).captions
    with settings.target("pretrained_facts") as path:
        settings.write_json(
            path,
            {
                "name": origin.name, "sha256": origin.sha256, "vouched": origin.vouched,
                "header": json.loads(header.read_text(encoding="utf-8")) if header.is_file() else None,
                "parameters": sum(parameter.numel() for parameter in decoder.model.parameters()),
                "vocabulary": decoder.vocabulary, "width": decoder.width, "positions": decoder.positions,
                "stop_token": vocabulary.tokenizer.id_to_token(decoder.stop),
                "caption_loss": caption_loss(decoder, vocabulary, [captions[key][0] for key in val]),
                "uniform_loss": math.log(decoder.vocabulary),
                **tried(decoder, vocabulary, part("probes", ProbesConfig)),
            },
        )  # fmt: skip


def tried(decoder: Decoder, vocabulary: Vocabulary, probes: ProbesConfig) -> dict[str, object]:
    """What the model makes of plain English, its words forwards and backwards, and how it goes on."""

    def perplexity(text: str) -> float:
        return math.exp(caption_loss(decoder, vocabulary, [text]))

    none = torch.zeros(1, 0, decoder.width, device=decoder.device)
    return {
        "perplexities": {text: perplexity(text) for text in probes.sentences},
        "backwards": {text: perplexity(" ".join(reversed(text.split()))) for text in probes.sentences},
        "given_back": all(vocabulary.text(vocabulary.encode([text])[0]) == text for text in probes.sentences),
        "continued": {
            text: greedy(decoder, vocabulary, none, text, probes.tokens)[0].text_with_prompt for text in probes.openings
        },
    }


if __name__ == "__main__":
    settings.run(main)
