"""What is trained, on which tokens, and that a training can be broken off and taken up again."""

import copy
import hashlib

import pytest
import torch
from conftest import CPU, Interrupting, Interruption
from torch import nn

from captioner.bridge import training
from captioner.bridge.base import Shape
from captioner.bridge.files import load_bridge, save_bridge
from captioner.bridge.history import summary
from captioner.bridge.linear import Projection
from captioner.bridge.objective import Examples, Objective, validation_loss
from captioner.bridge.training import Schedule, train
from captioner.captioning.generation import greedy
from captioner.decoders.tokens import TokenTable
from captioner.decoders.vocabulary import form, formed
from captioner.encoders.encoder import ClipEncoder
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.errors import InputError

PROMPTS = {"none": "", "photo": "A photo of", "fresh": "What is this? It is a picture."}
SCHEDULE = Schedule(epochs=4, batch_size=16, learning_rate=0.01, warmup=0.1, weight_decay=0.01)


def digest(model):
    """A hash of every byte of the weights."""
    parts = (
        tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes() for tensor in model.state_dict().values()
    )
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.fixture
def objective(decoder, projection, table, vocabulary, embeddings):
    projection.start(embeddings, True, decoder.mean_norm)
    return Objective(decoder, projection, table, PROMPTS, vocabulary)


@pytest.fixture
def examples(captions, embeddings):
    images = list(captions)
    return Examples(images[:30], embeddings[:30]), Examples(images[30:], embeddings[30:])


class Recording(Checkpoints):
    """Checkpoints that also keep the trained weights of every epoch."""

    def __init__(self, folder):
        super().__init__(folder)
        self.weights = []

    def save(self, state):
        super().save(state)
        self.weights.append({name: tensor.clone() for name, tensor in state["trained"].items()})


@pytest.mark.parametrize("number", range(len(PROMPTS)))
@torch.no_grad()
def test_loss_is_that_of_each_caption_alone_after_prefix_and_prompt(objective, examples, captions, vocabulary, number):
    """Naively: one row at a time, no padding, the probability of each token of the caption and of the stop token."""
    images, embeddings = examples[0].images[:7], examples[0].embeddings[:7]
    which = [0, 1, 2, 0, 1, 2, 0]
    prompt = list(PROMPTS.values())[number]
    expected, count = 0.0, 0
    model = objective.decoder.model
    for image, embedding, chosen in zip(images, embeddings, which, strict=True):
        told = vocabulary.encode([formed(captions[image][chosen], form(prompt))])[0] + [vocabulary.stop]
        context = vocabulary.encode([prompt])[0] + told
        words = model.transformer.wte(torch.tensor([context], dtype=torch.long))
        inputs = torch.cat([objective.bridge(embedding[None]), words], dim=1)
        logs = model(inputs_embeds=inputs).logits.log_softmax(dim=-1)[0]
        for place, token in enumerate(told, start=inputs.shape[1] - len(told)):
            expected -= logs[place - 1, token].item()
        count += len(told)
    loss, tokens = objective(images, embeddings, which, number)
    assert tokens == count and loss.item() == pytest.approx(expected, rel=1e-4)


def test_gradients_reach_the_projection_and_nothing_else(objective, examples):
    loss, _ = objective(examples[0].images[:8], examples[0].embeddings[:8], [0] * 8, 1)
    loss.backward()
    for name, parameter in objective.bridge.named_parameters():
        assert parameter.grad.abs().min() > 0, name
    assert all(parameter.grad is None for parameter in objective.decoder.model.parameters())


def test_training_changes_the_projection_alone(objective, examples, clip_model, tmp_path, monkeypatch):
    """The optimiser holds the projection's parameters and no others; every byte of GPT-2 and of CLIP stays."""
    held = []

    def adamw(*args, **kwargs):
        held.append(real(*args, **kwargs))
        return held[0]

    real = training.adamw
    monkeypatch.setattr(training, "adamw", adamw)
    encoder = ClipEncoder(clip_model, CPU)
    pixels = torch.randn(2, 3, 32, 32)
    before = [digest(model) for model in (objective.decoder.model, encoder.model, objective.bridge)]
    vectors = torch.cat([encoder.encode_images(pixels), examples[0].embeddings[2:]]).clone()
    train(
        objective, objective.bridge, Examples(examples[0].images, vectors), examples[1], SCHEDULE, 1, "float32",
        Checkpoints(tmp_path), "test",
    )  # fmt: skip
    after = [digest(model) for model in (objective.decoder.model, encoder.model, objective.bridge)]
    assert after[:2] == before[:2] and after[2] != before[2]
    inside = [id(parameter) for group in held[0].param_groups for parameter in group["params"]]
    assert sorted(inside) == sorted(id(parameter) for parameter in objective.bridge.parameters())


def test_second_arm_trains_the_decoder_too(objective, examples, vocabulary, tmp_path):
    decoder = copy.deepcopy(objective.decoder)
    whole = nn.ModuleDict({"projection": objective.bridge, "decoder": decoder.model}).requires_grad_(True)
    tuned = Objective(decoder, objective.bridge, objective.table, PROMPTS, vocabulary)
    before = {name: tensor.clone() for name, tensor in whole.state_dict().items()}
    first = validation_loss(tuned, examples[0], 16)
    schedule = Schedule(epochs=2, batch_size=16, learning_rate=0.001, warmup=0.1, weight_decay=0.01)
    train(tuned, whole, examples[0], examples[0], schedule, 1, "float32", Checkpoints(tmp_path), "test")
    changed = {name for name, tensor in whole.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == set(before) - {"projection.mean", "projection.deviation"}
    assert validation_loss(tuned, examples[0], 16) < first


@pytest.mark.slow
def test_a_few_images_can_be_learnt_by_heart(decoder, vocabulary, embeddings, tmp_path):
    """Then greedy decoding gives the captions themselves: training and generation see the same sequence."""
    told = {4: ["A dog."], 1: ["A white cat."], 3: ["Two cars on a street."]}
    images = list(told)
    torch.manual_seed(0)
    projection = Projection(Shape(16, 16, decoder.width))
    projection.start(embeddings[:3], True, decoder.mean_norm)
    objective = Objective(decoder, projection, TokenTable.build(told, vocabulary), {"photo": "A photo of"}, vocabulary)
    examples = Examples(images, embeddings[:3])
    schedule = Schedule(epochs=100, batch_size=3, learning_rate=0.03, warmup=0.05, weight_decay=0.0)
    history = train(objective, projection, examples, examples, schedule, 1, "float32", Checkpoints(tmp_path), "test")
    assert summary(history, "map")["map_validation_loss"] < 0.4 * history[0]["training_loss"]
    generated = greedy(decoder, vocabulary, projection(embeddings[:3]).detach(), "A photo of", 40)
    assert [caption.text for caption in generated] == [formed(told[image][0], "continued").strip() for image in images]
    assert all(caption.stopped for caption in generated)
    path = tmp_path / "projection.safetensors"
    save_bridge(projection, path)
    again = greedy(decoder, vocabulary, load_bridge(path, CPU)(embeddings[:3]), "A photo of", 40)
    assert again == generated


@pytest.mark.slow
@pytest.mark.parametrize(("saves", "every"), [(1, 300.0), (3, 300.0), (4, 300.0), (1, 0.0), (3, 0.0), (7, 0.0)])
def test_a_training_that_was_interrupted_ends_with_the_same_weights(
    decoder, table, vocabulary, embeddings, examples, tmp_path, saves, every
):
    """Interrupted after an epoch, or (saved after every step) in the midst of one."""

    def trained(checkpoints):
        torch.manual_seed(2)
        projection = Projection(Shape(16, 4, decoder.width))
        projection.start(embeddings, True, decoder.mean_norm)
        objective = Objective(decoder, projection, table, PROMPTS, vocabulary)
        history = train(objective, projection, *examples, SCHEDULE, 1, "float32", checkpoints, "test", every)
        return history, digest(projection)

    whole = trained(Checkpoints(tmp_path / "whole"))
    with pytest.raises(Interruption):
        trained(Interrupting(tmp_path / "broken", saves))
    assert trained(Checkpoints(tmp_path / "broken")) == whole
    assert [record["epoch"] for record in whole[0]] == [1, 2, 3, 4]


@pytest.mark.parametrize("interrupted", [None, 3])
def test_the_best_epoch_is_kept(objective, examples, tmp_path, monkeypatch, interrupted):
    """Validation losses given by hand: the second epoch is best, also where the training broke off after it."""
    losses = iter([3.0, 1.0, 2.0, 1.5])
    monkeypatch.setattr(training, "validation_loss", lambda *_: next(losses))

    def trained(checkpoints):
        return train(objective, objective.bridge, *examples, SCHEDULE, 1, "float32", checkpoints, "test")

    recording = Recording(tmp_path / "state")
    if interrupted:
        with pytest.raises(Interruption):
            trained(Interrupting(tmp_path / "state", interrupted))
        best = recording.load()["best"]
        history = trained(recording)
        assert len(recording.weights) == 1
    else:
        history = trained(recording)
        best = recording.weights[1]
        assert not all(torch.equal(best[name], recording.weights[3][name]) for name in best)
    kept = objective.bridge.state_dict()
    assert kept.keys() == best.keys() and all(torch.equal(kept[name], best[name]) for name in kept)
    assert summary(history, "map") == {"map_best_epoch": 2, "map_validation_loss": 1.0}


@torch.no_grad()
def test_validation_takes_first_captions_after_every_prompt(objective, examples):
    images, embeddings = examples[1].images, examples[1].embeddings
    parts = [
        objective([image], embeddings[n : n + 1], [0], prompt)
        for prompt in range(len(PROMPTS))
        for n, image in enumerate(images)
    ]
    expected = sum(loss.item() for loss, _ in parts) / sum(count for _, count in parts)
    for batch_size in (1, 3, 100):
        assert validation_loss(objective, examples[1], batch_size) == pytest.approx(expected, rel=1e-5)


def test_every_caption_and_prompt_is_shown(objective, examples, tmp_path, monkeypatch):
    """Each epoch shows each image once; over the epochs, all captions and prompts have their turn."""
    shown, validated = [], []
    real = Objective.__call__

    def spy(self, images, embeddings, which, prompt):
        (shown if torch.is_grad_enabled() else validated).append((list(images), list(which), prompt, embeddings))
        return real(self, images, embeddings, which, prompt)

    monkeypatch.setattr(Objective, "__call__", spy)
    train(objective, objective.bridge, *examples, SCHEDULE, 1, "float32", Checkpoints(tmp_path), "test")
    row = dict(zip(examples[0].images, examples[0].embeddings, strict=True))
    assert len(shown) == 2 * SCHEDULE.epochs
    for first, second in zip(shown[::2], shown[1::2], strict=True):
        assert sorted(first[0] + second[0]) == sorted(examples[0].images)
    for images, _, _, embeddings in shown:
        assert torch.equal(embeddings, torch.stack([row[image] for image in images]))
    assert {one for _, which, _, _ in shown for one in which} == {0, 1, 2}
    assert {prompt for _, _, prompt, _ in shown} == {0, 1, 2}
    assert {image for images, *_ in validated for image in images} == set(examples[1].images)


def test_sequences_beyond_the_context_are_refused(decoder, projection, table, vocabulary):
    with pytest.raises(InputError, match=r"positions.*shorten"):
        Objective(decoder, projection, table, {"long": "word " * 80}, vocabulary)
