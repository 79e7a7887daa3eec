"""Stage `paper`: the study's paper with a section on each further question; about ten seconds."""

from stages import settings
from stages.study.paper import paper


def main() -> None:
    content = paper(
        settings.source("further_generated"),
        settings.source("further_questions"),
        *sorted(settings.source("further_sections").glob("*.tex")),
    )
    with settings.target("further_paper") as path:
        path.write_bytes(content)


if __name__ == "__main__":
    settings.run(main)
