"""Trains the miniature GPT-2 of the drawn world, on text alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn import functional as F
from tqdm import tqdm

from captioner.config.decoder import TrainedDecoder
from captioner.decoders.vocabulary import STOP, Vocabulary
from captioner.encoders.origin import Origin, folder_digest
from captioner.foundation import torchvision_ops  # noqa: F401  (before transformers)
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.optimisation import scheduled_rate
from captioner.foundation.runtime import autocast
from captioner.miniatures.muon import MuonWithAdamW

from transformers import GPT2Config  # isort: skip
from transformers.models.gpt2.modeling_gpt2 import GPT2LMHeadModel  # isort: skip


def build(config: TrainedDecoder, vocabulary: Vocabulary) -> GPT2LMHeadModel:
    """An untrained GPT-2 of this size, without dropout."""
    size = vocabulary.tokenizer.get_vocab_size()
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=size, n_positions=config.positions, n_embd=config.width, n_layer=config.layers, n_head=2,
            activation_function="gelu_pytorch_tanh", attn_implementation="eager", resid_pdrop=0.0, embd_pdrop=0.0,
            attn_pdrop=0.0, bos_token_id=vocabulary.stop, eos_token_id=vocabulary.stop,
        )
    )  # fmt: skip


def train_decoder(
    config: TrainedDecoder,
    vocabulary: Vocabulary,
    documents: Sequence[str],
    seed: int,
    dtype: str,
    checkpoints: Checkpoints,
    every: int = 100,
) -> tuple[GPT2LMHeadModel, list[tuple[int, float]]]:
    """A GPT-2 trained on the documents, each closed by the stop token, and its loss (nats a token) at every
    `every`-th step.

    The documents are joined and cut into sequences; the state is saved every `every` steps, and a training that goes
    on from there gives the same weights.
    """
    stream = [token for ids in vocabulary.encode(documents) for token in (*ids, vocabulary.stop)]
    rows = len(stream) // (config.sequence + 1)
    data = torch.tensor(stream[: rows * (config.sequence + 1)]).view(rows, config.sequence + 1)  # [N, T + 1]
    torch.manual_seed(seed)
    model = build(config, vocabulary).train()
    matrices = [name for name, value in model.transformer.h.named_parameters("transformer.h") if value.ndim == 2]
    optimiser = MuonWithAdamW(model, matrices, config.learning_rate, config.weight_decay)
    losses: list[tuple[int, float]] = []
    start = 0
    if state := checkpoints.load():
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        start, losses = state["step"], [tuple(pair) for pair in state["losses"]]
    per_epoch = max(1, rows // config.batch_size)
    progress = tqdm(
        range(start, config.steps), "decoder", initial=start, total=config.steps, unit=" steps", mininterval=1.0
    )
    order = None
    for step in progress:
        epoch, place = divmod(step, per_epoch)
        if order is None or place == 0:
            order = torch.randperm(rows, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch))
        batch = data[order[place * config.batch_size : (place + 1) * config.batch_size]]  # [B, T + 1]
        optimiser.set_rate(scheduled_rate(step, config.steps, config.learning_rate, config.warmup))
        with autocast(data.device, dtype):
            logits = model(batch[:, :-1], use_cache=False).logits  # [B, T, V]
        loss = F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % every == 0 or step + 1 == config.steps:
            losses.append((step + 1, round(loss.item(), 4)))
            progress.set_postfix(loss=losses[-1][1])
            checkpoints.save(
                {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1, "losses": losses}
            )
    return model.eval(), losses


def save_decoder(model: GPT2LMHeadModel, vocabulary: Vocabulary, folder: Path) -> None:
    """Write model and tokeniser as `save_pretrained` does, for `from_pretrained` to load, and their origin."""
    from transformers import PreTrainedTokenizerFast

    model.save_pretrained(folder)
    special = {"bos_token": STOP, "eos_token": STOP, "unk_token": STOP}
    PreTrainedTokenizerFast(tokenizer_object=vocabulary.tokenizer, **special).save_pretrained(folder)
    Origin("causal", "a miniature GPT-2", folder_digest(folder), "trained here").write(folder)
