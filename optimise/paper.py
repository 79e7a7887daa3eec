"""Stage `paper`: the study's paper with the section on the search; about five seconds."""

from stages import settings
from stages.study.paper import paper


def main() -> None:
    content = paper(
        settings.source("optimise_section"),
        settings.source("optimise_numbers"),
        settings.source("optimise_figures"),
    )
    with settings.target("optimise_paper") as path:
        path.write_bytes(content)


if __name__ == "__main__":
    settings.run(main)
