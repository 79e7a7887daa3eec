"""Stage `paper`: the PDF; about five seconds."""

from captioner.report.pdf import build
from stages import settings


def main() -> None:
    inputs = [
        settings.source("references"),
        settings.source("numbers"),
        settings.source("tables"),
        settings.source("figures"),
    ]
    content = build(settings.source("paper_source"), inputs)
    with settings.target("paper") as path:
        path.write_bytes(content)


if __name__ == "__main__":
    settings.run(main)
