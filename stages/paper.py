"""Stage `paper`: the PDF; about five seconds."""

from stages import settings
from stages.study.paper import paper


def main() -> None:
    content = paper()
    with settings.target("paper") as path:
        path.write_bytes(content)


if __name__ == "__main__":
    settings.run(main)
