"""Stage `paper`: the study's paper with a section on each further question; about ten seconds."""

from captioner.report.pdf import build
from stages import settings


def main() -> None:
    inputs = [
        settings.source("references"),
        settings.source("numbers"),
        settings.source("tables"),
        settings.source("figures"),
        settings.source("further_generated"),
        settings.source("further_preamble"),
        settings.source("further_questions"),
        *sorted(settings.source("further_sections").glob("*.tex")),
    ]
    content = build(settings.source("paper_source"), inputs)
    with settings.target("further_paper") as path:
        path.write_bytes(content)


if __name__ == "__main__":
    settings.run(main)
