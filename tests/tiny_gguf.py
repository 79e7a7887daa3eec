"""A tiny random Llama, and its GGUF file as llama.cpp's own converter would write it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, TokenType, quants

from captioner.decoders.vocabulary import Vocabulary
from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)

from transformers import LlamaConfig, LlamaForCausalLM  # isort: skip

WIDTH, HEADS, GROUPS, INNER, LAYERS, POSITIONS = 64, 4, 2, 96, 2, 128
NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
HEADED = {"attn_q": HEADS, "attn_k": GROUPS}  # whose rows the format keeps in pairs that are rotated together


def tiny_llama(vocabulary: Vocabulary, seed: int = 1) -> LlamaForCausalLM:
    """An untrained Llama with grouped attention and a table that is its head too."""
    config = LlamaConfig(
        vocab_size=vocabulary.tokenizer.get_vocab_size(), hidden_size=WIDTH, intermediate_size=INNER,
        num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=GROUPS,
        max_position_embeddings=POSITIONS, rms_norm_eps=1e-5, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 20000.0}, eos_token_id=vocabulary.stop,
        bos_token_id=vocabulary.stop, pad_token_id=None,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config).eval()
    for name, weight in model.named_parameters():
        if "norm" in name:  # all ones otherwise
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    return model


def paired(rows: np.ndarray, heads: int) -> np.ndarray:
    """The rows of a query or key matrix in the order of the format: halves of each head interleaved."""
    return rows.reshape(heads, 2, -1, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def halved(rows: np.ndarray, heads: int) -> np.ndarray:
    """`paired` undone."""
    return rows.reshape(heads, -1, 2, rows.shape[1]).swapaxes(1, 2).reshape(rows.shape)


def tensors(model: LlamaForCausalLM) -> dict[str, np.ndarray]:
    """The weights by their names in the format."""
    state = {name: weight.detach().numpy() for name, weight in model.state_dict().items()}
    found = {"token_embd": state["model.embed_tokens.weight"], "output_norm": state["model.norm.weight"]}
    for layer in range(LAYERS):
        for theirs, name in NAMES.items():
            weight = state[f"model.layers.{layer}.{theirs}.weight"]
            found[f"blk.{layer}.{name}"] = paired(weight, HEADED[name]) if name in HEADED else weight
    return {f"{name}.weight": weight for name, weight in found.items()}


def write_gguf(
    path: Path, model: LlamaForCausalLM, vocabulary: Vocabulary, kind: GGMLQuantizationType, without: str = "",
    architecture: str = "llama", stop: int | None = 0,
) -> None:  # fmt: skip
    """The model's file with its matrices of this kind; a tensor or the stop token can be left out."""
    writer = GGUFWriter(path, architecture)
    writer.add_name("Tiny Llama")
    writer.add_organization("Nobody")
    writer.add_license("apache-2.0")
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(20000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    told = json.loads(vocabulary.tokenizer.to_str())
    names = sorted(told["model"]["vocab"], key=told["model"]["vocab"].get)
    writer.add_vocab_size(len(names))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types([TokenType.CONTROL if n == vocabulary.stop else TokenType.NORMAL for n in range(len(names))])
    writer.add_token_merges([" ".join(pair) for pair in told["model"]["merges"]])
    if stop is not None:
        writer.add_eos_token_id(stop)
        writer.add_bos_token_id(stop)
    for name, weight in tensors(model).items():
        if name != without:
            used = kind if weight.ndim > 1 else GGMLQuantizationType.F32
            writer.add_tensor(name, quants.quantize(weight, used), raw_dtype=used)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
