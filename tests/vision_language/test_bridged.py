"""The study's own captioner behind the interface of all."""

from PIL import Image

from captioner.captioning.captions import Caption
from captioner.vision_language.base import Captioner
from captioner.vision_language.bridged import Bridged


def test_it_says_what_the_study_says(captioner, pictures):
    mine = Bridged(captioner.encoder, captioner.projection, captioner.decoder, captioner.vocabulary)
    assert isinstance(mine, Captioner) and mine.vocabulary == captioner.decoder.vocabulary
    shown = [Image.open(path).convert("RGB") for path in pictures]
    for prompt in ("A photo of", ""):
        expected = captioner.caption(shown, [prompt])
        made = mine.caption(shown, prompt, captioner.settings.max_new_tokens)
        assert [caption.text for caption in made] == [described.caption.text for (described,) in expected]
        assert all(isinstance(caption, Caption) for caption in made)
    assert len({caption.text for caption in made}) > 1
