"""Language models in GGUF files, most of them quantised: unpacked once into the form that every stage loads."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from captioner.config.decoder import GgufDecoder, PackagedDecoder
from captioner.decoders.decoder import Decoder
from captioner.decoders.vocabulary import Vocabulary
from captioner.encoders.origin import Origin, file_digest
from captioner.foundation.errors import InputError
from captioner.pretrained import gguf_source

from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel  # isort: skip
from transformers.initialization import no_init_weights  # isort: skip
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint  # isort: skip

TOLD = "gguf.json"  # what the header of the file says, beside the decoder that was made of it
NAMES = {
    "architecture": "general.architecture", "name": "general.name", "organisation": "general.organization",
    "licence": "general.license", "stop": "tokenizer.ggml.eos_token_id", "start": "tokenizer.ggml.bos_token_id",
}  # fmt: skip


@dataclass(frozen=True)
class Header:
    """What a GGUF file says of itself; None where it does not."""

    architecture: str | None
    name: str | None
    organisation: str | None
    licence: str | None
    stop: int | None  # the id of the token that ends a text
    start: int | None  # the id of the token that begins one
    types: dict[str, int]  # how many tensors it holds of each type: F32, Q4_1, ...

    @classmethod
    def read(cls, path: Path) -> Header:
        """The header of a file; InputError where it is damaged."""
        from gguf import GGUFReader

        try:
            reader = GGUFReader(path)
            told = {key: reader.fields[name].contents() for key, name in NAMES.items() if name in reader.fields}
            types = Counter(tensor.tensor_type.name for tensor in reader.tensors)
        except Exception as error:  # gguf makes errors of any kind of a damaged file
            raise InputError(f"{path}: a damaged GGUF file ({error}); fetch it again") from error
        return cls(**{key: told.get(key) for key in NAMES}, types=dict(sorted(types.items())))


def gguf_decoder(config: GgufDecoder | PackagedDecoder, folder: Path, parameter: str) -> None:
    """Write the decoder that this section names to `folder`, for `Decoder.load` and `Vocabulary.load`: in float32, its
    tokeniser as a fast one, beside them what the file's header says (`gguf.json`).

    InputError where the file cannot be had, or holds no causal language model that transformers can read.
    """
    path, vouched = gguf_source.local(config, parameter)
    header = Header.read(path)
    model = unpacked(path, header)
    model.save_pretrained(folder)
    try:
        AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True).save_pretrained(folder)
    except Exception as error:  # transformers makes errors of any kind of a header that it does not know
        raise InputError(f"{path}: no tokeniser that transformers can read ({error})") from error
    decoder = Decoder.load(folder, torch.device("cpu"))
    size, rows = Vocabulary.load(folder).tokenizer.get_vocab_size(), decoder.table.num_embeddings
    if size > rows:
        raise InputError(f"{path}: a tokeniser of {size} tokens and a table of {rows} rows do not belong together")
    (folder / TOLD).write_text(json.dumps(asdict(header), sort_keys=True, indent=1) + "\n", encoding="utf-8")
    Origin("causal", path.stem, file_digest(path), vouched).write(folder)


def unpacked(path: Path, header: Header) -> PreTrainedModel:
    """The model of a file in float32, all weights from the file; InputError where transformers cannot read it."""
    try:
        config = AutoConfig.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True)
        config.eos_token_id, config.bos_token_id = header.stop, header.start
        with no_init_weights():
            model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
        weights = load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=model)["tensors"]
        missing = set(model.load_state_dict(weights, strict=False).missing_keys)
        model.tie_weights()
    except Exception as error:  # transformers and gguf make errors of any kind of a file that they do not know
        raise InputError(
            f"{path}: no causal language model that transformers can read from GGUF (architecture "
            f"{header.architecture}; {error})"
        ) from error
    tied = set(model._tied_weights_keys or ()) if config.tie_word_embeddings else set()
    if lacking := sorted(missing - tied):
        raise InputError(f"{path}: no weights for {lacking[0]} and {len(lacking) - 1} others; a part of a model?")
    return model
