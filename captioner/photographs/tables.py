"""Tables of pictures and captions as people have them."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path

from captioner.foundation.errors import InputError

FILE_COLUMNS = ("file", "image", "image_name", "filename", "file_name")
CAPTION_COLUMNS = ("caption", "comment")


def cells(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, file and caption of each row of a table, whose first line names the columns.

    In UTF-8 or, with its mark at the start, in UTF-16; cells are parted by comma, semicolon, tab or `|`, whichever
    parts the two columns of the first line. So come tables from spreadsheets, and those of Flickr8k and Flickr30k.
    InputError for a missing file, missing columns, and another encoding.
    """
    try:
        yield from _rows(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; name a CSV with the columns file and caption") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeError, csv.Error) as error:
        raise InputError(f"{path}: no CSV in UTF-8 or UTF-16 ({error}); save it again as CSV in UTF-8") from error


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    start = path.read_bytes()[:2]
    encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    with path.open(newline="", encoding=encoding) as file:
        header = file.readline()
        for delimiter in ",;\t|":
            names = [name.strip().strip('"').lower() for name in header.split(delimiter)]
            wanted = [[name for name in known if name in names] for known in (FILE_COLUMNS, CAPTION_COLUMNS)]
            if all(wanted):
                break
        else:
            raise InputError(f"{path}: its first line should name the columns file and caption")
        name, caption = (names.index(found[0]) for found in wanted)
        quoting = csv.QUOTE_NONE if delimiter == "|" else csv.QUOTE_MINIMAL  # Flickr30k's captions hold single quotes
        for row in (reader := csv.reader(file, delimiter=delimiter, quoting=quoting, strict=True)):
            if row:
                row += [""] * (len(names) - len(row))
                yield reader.line_num + 1, row[name].strip(), row[caption]
