"""What tfq stands on: pinned, with its licences, and none that forbids commercial use where none is wanted."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import sbom
from tests.lines import DEMO, cut
from tfq.cli.inputs import Item
from tfq.cli.work import Task, do
from tfq.config import DetectConfig, Settings
from tfq.models import own, weights
from tfq.models.listing import licence_rows
from tfq.models.packages import UNKNOWN, installed, normal
from tfq.models.registry import WEIGHTS
from tfq.store import TfqFile

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13")


def required() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["test"]]]


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_holds_what_the_project_asks_for(python: str) -> None:
    """Who changes the dependencies runs `.ci/lock`."""
    pins = sbom.locked(LOCK)
    here = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    machine = {**here, "platform_machine": "x86_64", "platform_python_implementation": "CPython"}
    for wanted in required():
        if wanted.name != "torch":  # its build, and so its hash, is the machine's affair
            held = [pin for pin in pins[normal(wanted.name)] if not pin.marker or pin.marker.evaluate(machine)]
            assert len(held) == 1, wanted
            assert wanted.specifier.contains(str(held[0].specifier).removeprefix("==")), f"{wanted}: run .ci/lock"


def test_the_lock_pins_by_hash_and_names_no_host() -> None:
    text = LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text)[1:]
    assert len(blocks) > 90
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert not {"torch", "triton"} & set(sbom.locked(LOCK))


def test_the_licence_of_every_package_and_file_is_listed() -> None:
    rows = licence_rows()
    told = {row[0]: row[1] for row in rows[1:]}
    assert told.keys() >= {*WEIGHTS, *(one.name for one in installed())}
    assert [name for name, licence in told.items() if licence in ("", UNKNOWN)] == []
    assert {"numpy", "torch", "mediapipe", "praat-parselmouth"} <= told.keys()
    assert "pytest" not in told  # tests stand on it, tfq does not


def test_the_bill_of_materials_is_whole() -> None:
    bill = json.loads(json.dumps(sbom.document()))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    parts = bill["components"]
    references = [part["bom-ref"] for part in parts]
    assert len(set(references)) == len(references)
    assert {part["type"] for part in parts} == {"library", "machine-learning-model"}
    assert all(part["licenses"][0]["license"]["name"] for part in parts)
    models = [part for part in parts if part["type"] == "machine-learning-model"]
    assert {part["name"] for part in models} == {*WEIGHTS, *own.FILES}
    assert all(re.fullmatch(r"[0-9a-f]{64}", part["hashes"][0]["content"]) for part in models)
    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9-]+@[^ +]+", part["purl"]) for part in parts if "purl" in part)
    named = {*references, bill["metadata"]["component"]["bom-ref"]}
    for edge in bill["dependencies"]:
        assert {edge["ref"], *edge["dependsOn"]} <= named


def test_a_version_that_is_not_the_locked_one_is_told(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("numpy==0.1 \\\n    --hash=sha256:0\npytest==1 ; python_version < '3'\nno-such-thing==1\n")
    wrong = sbom.differing(lock)
    assert [line.partition(":")[0] for line in wrong] == ["numpy", "no-such-thing"]


@pytest.mark.weights
def test_a_clip_is_scored_by_weights_that_allow_commercial_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only files under MIT, BSD and Apache licences lie in the cache, and nobody is asked for another."""
    free = {name: row for name, row in WEIGHTS.items() if row.licence.startswith(("MIT", "Apache-2.0", "BSD"))}
    assert set(WEIGHTS) - set(free) == {"scrfd", "syncnet"}
    cache = tmp_path / "cache" / "weights"
    cache.mkdir(parents=True)
    for name, row in free.items():
        if row.default or name == "face_landmarker":
            shutil.copy(weights.find(name), cache / row.file)
    monkeypatch.setenv("TFQ_CACHE", str(cache.parent))
    monkeypatch.delenv("TFQ_MODELS", raising=False)
    clip = tmp_path / "clip.mp4"
    cut(DEMO, clip)
    settings = Settings(detect=DetectConfig(detector="blazeface"))
    item = Item(str(clip), clip, clip.with_suffix(".h5"), clip.with_suffix(".h5"))
    for target in ("detect", "score"):
        done = do(item, Task(target, settings, offline=True, recorded={} if target == "score" else None))
        assert (done.status, done.message) == (0, "")
    with TfqFile(item.file, read_only=True) as file:
        used = {name for group in file.names() for name in file.stamp(group).weights}
        assert (file.array("score/scores")[:, 0] >= 1).all()
    assert "blazeface" in used
    assert used <= {*free, *own.FILES}
    assert do(item, Task("detect", Settings(), offline=True)).status == 6  # SCRFD is not there
