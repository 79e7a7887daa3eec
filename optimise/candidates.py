"""Stage `candidates`: the prompts that are searched, each once, with where it comes from; a few seconds."""

from pathlib import Path

from captioner.config.optimise import CandidatesConfig
from captioner.foundation.tables import write_table
from captioner.optimisation.candidates import Candidate, from_file, gathered, grammar
from captioner.optimisation.substitutions import substitutions
from optimise.opening import language, subject
from optimise.parameters import part
from stages import settings


def main() -> None:
    config = part("candidates", CandidatesConfig)
    typed = [settings.shared("prompt"), *settings.shared("prompts").values()]
    own = from_file(Path(config.file)) if config.file else []
    study = subject()
    prompts = list(dict.fromkeys(" ".join(text.split()) for text in typed))
    proposed = substitutions(language(), study.vocabulary, prompts, config.proposals, config.substitutions)
    found = gathered(
        (Candidate(text, "study") for text in prompts),
        own,
        grammar(config.templates, config.adjectives, config.nouns),
        proposed,
    )
    study.check([candidate.text for candidate in found])
    with settings.target("optimise_candidates") as path:
        columns = ["prompt", "source", "template", "adjective", "noun", "prompt_tokens"]
        rows = [[*vars(candidate).values(), len(study.vocabulary.prompt(candidate.text))] for candidate in found]
        write_table(path, columns, rows)


if __name__ == "__main__":
    settings.run(main)
