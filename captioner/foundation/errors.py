"""The one exception that is meant for the user's eyes."""


class InputError(Exception):
    """Bad input: the message names the file or the parameter and says what to do. Shown without a traceback."""


def listed(problems: list[str], most: int = 5) -> str:
    """The first problems, one a line, and the count of the rest."""
    shown = [f"  {problem}" for problem in problems[:most]]
    rest = len(problems) - most
    return "\n".join([*shown, f"  ... and {rest} more"] if rest > 0 else shown)
