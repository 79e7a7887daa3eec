"""Untrained BLIP-2, LLaVA, GIT and BLIP of tiny sizes, saved in the true layout with real processors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)

from transformers import (  # isort: skip
    Blip2Config, Blip2ForConditionalGeneration, Blip2Processor, BlipConfig, BlipForConditionalGeneration,
    BlipImageProcessorPil, BlipProcessor, CLIPImageProcessorPil, CLIPVisionConfig, GitConfig, GitForCausalLM,
    GitProcessor, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor, OPTConfig,
    PreTrainedTokenizerFast, T5Config,
)  # fmt: skip

SIDE, PATCH, WIDTH, QUERIES = 32, 16, 32, 3
SIZE = {"height": SIDE, "width": SIDE}
LAYERS = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
SIGHT = {**LAYERS, "image_size": SIDE, "patch_size": PATCH}
TEMPLATES = {
    "blip2": "{prompt}", "blip2_t5": "{prompt}", "llava": "USER: <image>\n{prompt} ASSISTANT:", "git": "{prompt}",
    "blip": "{prompt}",
}  # fmt: skip
SPREAD = 0.3  # of random weights, so that captions differ from picture to picture
EVERY = 4  # so many tokens apart lie those that end a caption, so that some end early


def bytewise(texts: Iterable[str], special: list[str], template: str, **names: str) -> PreTrainedTokenizerFast:
    """A byte-level tokeniser as GPT-2's, learnt from these texts, with special tokens around a text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _finished(tokenizer, special, template, **names)


def wordwise(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokeniser of whole words in lower case between [CLS] and [SEP], as BERT's."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return _finished(tokenizer, special, "[CLS] $A [SEP]", **names)


def _finished(tokenizer: Tokenizer, special: list[str], template: str, **names: str) -> PreTrainedTokenizerFast:
    places = [(name, tokenizer.token_to_id(name)) for name in special]
    tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=places)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)


def stops(tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """The tokens that end a caption: the special one, and some others."""
    special = tokenizer.sep_token_id if tokenizer.eos_token_id is None else tokenizer.eos_token_id
    return [special, *range(20, len(tokenizer) - 1, EVERY)]


def blip2(texts: list[str]):
    """BLIP-2 with OPT: queries of the picture in front of `</s>` and the prompt."""
    names = {"bos_token": "</s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "</s>"}
    tokenizer = bytewise(texts, ["<s>", "<pad>", "</s>"], "</s> $A", **names)
    processor = Blip2Processor(BlipImageProcessorPil(size=SIZE), tokenizer, num_query_tokens=QUERIES)
    text = OPTConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=2, ffn_dim=48,
        word_embed_proj_dim=WIDTH, max_position_embeddings=96, bos_token_id=2, pad_token_id=1,
        eos_token_id=stops(tokenizer),
    )  # fmt: skip
    return _blip2(text, tokenizer), processor


def blip2_t5(texts: list[str]):
    """BLIP-2 with T5, whose encoder reads queries and prompt up to `</s>`; a caption is all that its decoder says."""
    names = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    tokenizer = bytewise(texts, ["<pad>", "</s>", "<unk>"], "$A </s>", **names)
    processor = Blip2Processor(BlipImageProcessorPil(size=SIZE), tokenizer, num_query_tokens=QUERIES)
    text = T5Config(
        vocab_size=len(tokenizer), d_model=WIDTH, d_kv=16, d_ff=48, num_layers=2, num_heads=2, decoder_start_token_id=0,
        pad_token_id=0, eos_token_id=stops(tokenizer),
    )  # fmt: skip
    return _blip2(text, tokenizer), processor


def _blip2(text: OPTConfig | T5Config, tokenizer: PreTrainedTokenizerFast) -> Blip2ForConditionalGeneration:
    former = {**LAYERS, "vocab_size": 40, "encoder_hidden_size": WIDTH}
    sign = tokenizer.convert_tokens_to_ids("<image>")
    config = Blip2Config(
        vision_config=SIGHT, qformer_config=former, text_config=text, num_query_tokens=QUERIES, image_token_index=sign
    )
    return Blip2ForConditionalGeneration(config)


def llava(texts: list[str]):
    """LLaVA with Llama and the vision half of CLIP: the picture's patches in the place of `<image>`."""
    names = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    tokenizer = bytewise(texts, ["<unk>", "<s>", "</s>", "<pad>", "<image>"], "<s> $A", **names)
    images = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIZE)
    processor = LlavaProcessor(
        images, tokenizer, patch_size=PATCH, vision_feature_select_strategy="default", num_additional_image_tokens=1
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer), **LAYERS, max_position_embeddings=96, bos_token_id=1, pad_token_id=3,
        eos_token_id=stops(tokenizer),
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**SIGHT), text_config=text, vision_feature_layer=-1,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    return LlavaForConditionalGeneration(config), processor


def git(texts: list[str]):
    """GIT: the picture's patches before `[CLS]` and the prompt; `[SEP]` ends a caption."""
    tokenizer = wordwise(texts)
    processor = GitProcessor(CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIZE), tokenizer)
    config = GitConfig(
        vision_config=SIGHT, vocab_size=len(tokenizer), **LAYERS, max_position_embeddings=64, bos_token_id=2,
        eos_token_id=stops(tokenizer), pad_token_id=0,
    )  # fmt: skip
    return GitForCausalLM(config), processor


def blip(texts: list[str]):
    """BLIP: a BERT that looks at the picture by cross-attention and cuts `[SEP]` off the prompt by itself."""
    tokenizer = wordwise(texts)
    processor = BlipProcessor(BlipImageProcessorPil(size=SIZE), tokenizer)
    text = {
        **LAYERS, "vocab_size": len(tokenizer), "encoder_hidden_size": WIDTH, "max_position_embeddings": 64,
        "bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0,
    }  # fmt: skip
    return BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=SIGHT)), processor


MAKE = {"blip2": blip2, "blip2_t5": blip2_t5, "llava": llava, "git": git, "blip": blip}


def write(kind: str, folder: Path, texts: list[str], seed: int = 1) -> Path:
    """A model of this kind with random weights and its processor, written as `save_pretrained` does."""
    torch.manual_seed(seed)
    model, processor = MAKE[kind](texts)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.normal_(0.0, SPREAD)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
