"""A soft prompt that holds a prompt's own tokens is that prompt; only its embeddings are trained. Attribution: shares
that add up, and log-probabilities that are the caption's own.
"""

import numpy as np
import pytest
import torch
from conftest import CPU

from captioner.bridge.base import Shape
from captioner.bridge.linear import untrained
from captioner.bridge.objective import Examples, Objective
from captioner.bridge.training import Schedule, train
from captioner.captioning.generation import greedy
from captioner.foundation.checkpoints import Checkpoints
from captioner.foundation.embeddings import Embeddings
from captioner.optimisation.attribution import attention, contributions, token_log_probabilities
from captioner.optimisation.soft import SoftPrompted, nearest_tokens
from captioner.optimisation.subject import Subject

PROMPT = "A photo of"


@pytest.fixture
def bridge(decoder):
    bridge = untrained(Shape(8, 3, decoder.width), 1)
    with torch.no_grad():
        bridge.linear.weight.mul_(3)
    return bridge


@pytest.fixture
def images():
    torch.manual_seed(2)
    return torch.nn.functional.normalize(torch.randn(40, 8), dim=-1)


@pytest.fixture
def study(decoder, vocabulary, bridge, images):
    ids = list(range(100, 140))
    return Subject(decoder, vocabulary, [bridge], Embeddings(ids, images), {"val": ids, "train": ids}, 12, 16)


def test_the_embeddings_of_a_prompt_are_the_prompt(decoder, vocabulary, bridge, images):
    ids = torch.tensor(vocabulary.prompt(PROMPT))
    soft = SoftPrompted(bridge, decoder.table(ids))
    with torch.no_grad():
        prefix, longer = bridge(images[:9]), soft(images[:9])
    assert longer.shape[1] == soft.shape.prefix_length == 3 + len(ids)
    plain = greedy(decoder, vocabulary, prefix, PROMPT, 12)
    same = greedy(decoder, vocabulary, longer, "", 12)
    assert [one.text for one in plain] == [one.text for one in same]
    assert nearest_tokens(soft.prompt, decoder.table.weight) == ids.tolist()
    with pytest.raises(ValueError, match="as it is"):
        soft.enlarge(torch.tensor(2.0))


@pytest.mark.slow
def test_training_moves_the_soft_prompt_alone_and_helps(decoder, vocabulary, bridge, table, captions, images, tmp_path):
    soft = SoftPrompted(bridge, decoder.table(torch.tensor(vocabulary.prompt(PROMPT))))
    before = {name: tensor.clone() for name, tensor in soft.state_dict().items()}
    examples = Examples(list(captions), images[: len(captions)])
    objective = Objective(decoder, soft, table, {"none": ""}, vocabulary)
    schedule = Schedule(5, 16, 0.05, 0.1, 0.0)
    history = train(objective, soft, examples, examples, schedule, 1, "float32", Checkpoints(tmp_path), "soft")
    moved = {name for name, tensor in soft.state_dict().items() if not torch.equal(tensor, before[name])}
    assert moved == {"prompt"}
    assert history[-1]["training_loss"] < history[0]["training_loss"]


def test_attention_adds_up_and_knows_its_parts(decoder, vocabulary, study, bridge):
    ids = vocabulary.prompt(PROMPT)
    prefix = study.prefixes("val")[0, 0]
    told = study.chosen(prefix[None], PROMPT)[0]
    before = decoder.model.config._attn_implementation
    shares = attention(decoder, prefix, ids, told)
    assert decoder.model.config._attn_implementation == before
    assert shares.shape == (decoder.model.config.n_layer, len(told), 3)
    assert np.allclose(shares.sum(axis=-1), 1, atol=1e-5) and (shares >= 0).all()
    assert not shares[:, 0, 2].any()  # no caption yet when its first token is chosen
    assert not attention(decoder, prefix, [], told)[..., 1].any()


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["", PROMPT])
def test_log_probabilities_are_those_of_the_caption(decoder, vocabulary, study, prompt):
    for prefix in study.prefixes("val")[0, :6]:
        told = study.chosen(prefix[None], prompt)[0]
        caption = study.words(prefix[None], [prompt])[0][0]
        assert vocabulary.text(told) == caption.text and len(told) == caption.tokens
        if told:
            found = token_log_probabilities(decoder, prefix, vocabulary.prompt(prompt), told)
            assert np.allclose(found, caption.log_probabilities[: len(told)], atol=1e-4)


def test_what_changes_nothing_adds_nothing(decoder, vocabulary, study):
    prefix, ids = study.prefixes("val")[0, 0], vocabulary.prompt(PROMPT)
    told = study.chosen(prefix[None], PROMPT)[0]
    added = contributions(decoder, prefix, prefix, ids, told)
    assert not added[:, 0].any() and added[:, 1].any()
    added = contributions(decoder, prefix, study.mean_prefix(), [], told)
    assert added[:, 0].any() and not added[:, 1].any()
    assert study.device == CPU
