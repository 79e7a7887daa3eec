"""Stage `paper`: the study's paper with the section on the search; about five seconds."""

from captioner.report.pdf import build
from stages import settings


def main() -> None:
    inputs = [
        settings.source("references"),
        settings.source("numbers"),
        settings.source("tables"),
        settings.source("figures"),
        settings.source("optimise_section"),
        settings.source("optimise_numbers"),
        settings.source("optimise_figures"),
    ]
    content = build(settings.source("paper_source"), inputs)
    with settings.target("optimise_paper") as path:
        path.write_bytes(content)


if __name__ == "__main__":
    settings.run(main)
