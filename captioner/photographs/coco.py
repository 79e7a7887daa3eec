"""COCO 2017 from its own server: three archives, fetched and unpacked into COCO's layout."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from captioner.downloads.download import Remote, fetch
from captioner.foundation.atomic import disk_errors
from captioner.foundation.errors import InputError

CACHE = Path("~/.cache/captioner/coco2017").expanduser()
CURE = "set data.folder to the absolute path of a local copy in COCO's layout"
SERVER = "http://images.cocodataset.org"
ARCHIVES = {  # the folder that each holds, and where it is
    "annotations": Remote(
        f"{SERVER}/annotations/annotations_trainval2017.zip", 252907541, "md5:f4bbac642086de4f52a3fdda2de5fa2c"
    ),
    "val2017": Remote(f"{SERVER}/zips/val2017.zip", 815585330, "md5:442b8da7639aecaf257c1dceb8ba8c80"),
    "train2017": Remote(f"{SERVER}/zips/train2017.zip", 19336861798, "md5:cced6f7f71b7629ddf16f17bbcfab6b2"),
}


def missing(folder: Path, archives: Mapping[str, Remote] = ARCHIVES) -> list[Remote]:
    """The archives whose folder is not there yet."""
    return [remote for name, remote in archives.items() if not (folder / name).is_dir()]


def prepare(folder: Path, cure: str, archives: Mapping[str, Remote] = ARCHIVES) -> Path:
    """The folder, with every archive's own folder in it; what is there is not fetched again.

    An archive is unpacked only when it is whole, into a folder that takes its name when all of it is there, and is
    removed then. InputError where it cannot be fetched or is damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, remote in archives.items():
        if not (folder / name).is_dir():
            archive = fetch(remote, folder / remote.url.rpartition("/")[2], cure)
            _unpack(archive, folder, name)
            archive.unlink()
    return folder


def _unpack(archive: Path, folder: Path, name: str) -> None:
    partial = folder / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)  # what a killed run may have left
    cure = f"remove it and run again, or {CURE}"
    try:
        with zipfile.ZipFile(archive) as content, disk_errors(folder):
            members = [member for member in content.infolist() if not member.is_dir()]
            for member in members:
                parts = PurePosixPath(member.filename).parts
                if parts[0] != name or ".." in parts or (member.external_attr >> 16) & 0o170000 == 0o120000:
                    raise InputError(f"{archive}: holds {member.filename!r}, which does not belong there; {cure}")
            for member in tqdm(members, f"unpack {archive.name}", unit=" files", mininterval=1.0):
                content.extract(member, partial)
    except (zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{archive}: no whole zip archive ({error}); {cure}") from error
    if not (partial / name).is_dir():
        raise InputError(f"{archive}: holds no folder {name}; {cure}")
    os.replace(partial / name, folder / name)
    shutil.rmtree(partial)
