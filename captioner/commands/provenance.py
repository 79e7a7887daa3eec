"""`captioner provenance`: from a number, figure or table of the paper to the stage, code and commit that made it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

EXAMPLES = """examples:
  captioner provenance headline.cider             a key of metrics/ or of the paper; cider does too
  captioner provenance "Table 1"                  or tab:prompts
  captioner provenance fig:ranking                or ranking, or "Figure 2"
  captioner provenance plots/pairs.csv            any file that a stage wrote
  captioner provenance projection.epochs          a parameter: the stages that depend on it
  captioner provenance cider --format json | jq '.steps[].code[].path'

It tells what dvc.lock recorded when the result was built: stage, command, parameters, inputs and code with their MD5
(of a folder: of its list of files), the commit, and the machine. A file that is not as it was then is marked.

exit status: 0 done, 1 not possible (the message says why), 2 wrong arguments
"""


def add(commands: argparse._SubParsersAction) -> None:
    """The arguments of the subcommand."""
    parser = commands.add_parser(
        "provenance", help="where a number, a figure or a table comes from", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("name", metavar="KEY_OR_FIGURE", help="a key, a figure, a table, a file or a parameter")
    parser.add_argument("--project", type=Path, default=Path(), metavar="FOLDER", help="the project (default: .)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Tell it."""
    from captioner.application.project import Project
    from captioner.application.provenance import record

    found = record(Project(given.project), given.name)
    print(json.dumps(found, indent=1, ensure_ascii=False) if given.format == "json" else "\n".join(lines(found)))
    return 0


def lines(found: Mapping) -> Iterator[str]:
    """The record as text."""
    result = found["result"]
    yield result["title"]
    if result["value"] is not None:
        yield f"  value       {_shown(result['value'])}"
    if result["prints"] is not None:
        yield f"  printed     {result['prints']}"
    if result["read_by"]:
        yield f"  read by     {', '.join(result['read_by'])}"
    for step in found["steps"]:
        yield ""
        yield f"stage {step['name']}: {step['description']}"
        yield f"  command     {step['command']}"
        yield from _named("parameters", [f"{key} = {_shown(value)}" for key, value in step["parameters"].items()])
        yield from _named("inputs", [_line(each) for each in step["inputs"]])
        yield from _named("code", [_line(each) for each in step["code"]])
        yield from _named("outputs", [_line(each) for each in step["outputs"]])
    yield ""
    if found["before"]:
        yield f"before it     {', '.join(found['before'])}"
    yield f"commit        {found['commit'] or 'none: ' + found['why']}"
    if found["changed"]:
        yield f"not committed {', '.join(found['changed'])}"
    if made := found["environment"]:
        packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items())
        held = f", held to {made['held_to']}" if made["held_to"] else ""
        parts = [made["processor"], made["vector_extension"], made["gpu"], made["system"]]
        yield f"made on       {', '.join(part for part in parts if part)}{held}"
        yield f"with          Python {made['python']}, {packages}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(each: Mapping) -> str:
    told = f"{each['md5']}  {each['path']}"
    if each["stage"]:
        told += f"  <- {each['stage']}"
    return told if each["same"] is not False else f"{told}  (CHANGED since)"


def _named(name: str, rows: list[str]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"  {name if not number else '':12}{row}"
