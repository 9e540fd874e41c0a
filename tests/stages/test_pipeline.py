from types import SimpleNamespace

import pytest

from tests.builders import h5
from tfq.config import AlignConfig, DetectConfig, Settings
from tfq.errors import UsageError
from tfq.models.ahead import Ahead
from tfq.stages import pipeline
from tfq.store import TfqFile

DEFAULT = Settings()
MODELS = SimpleNamespace(sha=lambda name: f"hash of {name}", threads=1, ahead=Ahead())
ROAD = {"extract": (), "detect": ("extract",), "align": ("extract", "detect"), "audio": ("extract",)}


@pytest.fixture
def ran(monkeypatch) -> list[tuple[str, object]]:
    """Stages that only note that they ran, in the order they did."""
    calls: list[tuple[str, object]] = []

    def fake(name: str) -> SimpleNamespace:
        def run(file, config, models, stamp, source=None, watch=None):
            calls.append((name, config))
            with file.replacing(name, stamp, {"source_sha256": ""} if name == "extract" else None):
                pass

        return SimpleNamespace(
            VERSION=1,
            NEEDS=ROAD[name],
            weights=lambda _: (f"{name}-net",),
            run=run,
            watcher=lambda config, models: None,
        )

    monkeypatch.setattr(pipeline, "ROAD", tuple(ROAD))
    monkeypatch.setattr(pipeline, "stage", fake)
    return calls


def names(calls: list[tuple[str, object]]) -> list[str]:
    seen = [name for name, _ in calls]
    calls.clear()
    return seen


def walk(path, target: str, settings: Settings = DEFAULT, **options: bool) -> None:
    with TfqFile(path, durable=False) as file:
        pipeline.walk(file, target, settings, MODELS, **options)


def test_only_what_is_missing_runs(tmp_path, ran):
    path = tmp_path / "a.h5"
    walk(path, "detect")
    assert names(ran) == ["extract", "detect"]
    walk(path, "align")
    assert names(ran) == ["align"]
    walk(path, "align")
    assert names(ran) == []


def test_a_changed_parameter_runs_its_stage_and_later_exactly_its_dependents(tmp_path, ran):
    path = tmp_path / "a.h5"
    walk(path, "align")
    walk(path, "audio")
    names(ran)
    walk(path, "detect", Settings(detect=DetectConfig(size=640)))
    assert names(ran) == ["detect"]
    walk(path, "audio")
    assert names(ran) == []
    walk(path, "align")
    assert names(ran) == ["align"]


def test_a_stage_keeps_the_parameters_it_was_run_with(tmp_path, ran, monkeypatch):
    path = tmp_path / "a.h5"
    walk(path, "align", Settings(align=AlignConfig(size=128)))
    walk(path, "detect", Settings(detect=DetectConfig(track=1)))
    ran.clear()
    # Its input changed, so it runs again, and it is the user's size that it runs with when another stage wants it.
    monkeypatch.setitem(ROAD, "audio", ("extract", "align"))
    walk(path, "audio")
    assert [(name, getattr(config, "size", None)) for name, config in ran] == [("align", 128), ("audio", None)]


def test_force_runs_the_target_alone(tmp_path, ran):
    path = tmp_path / "a.h5"
    walk(path, "align")
    names(ran)
    walk(path, "align", force=True)
    assert names(ran) == ["align"]


def test_an_unknown_stage_is_a_usage_error(tmp_path, ran):
    with pytest.raises(UsageError, match="no stage is called polish"):
        walk(h5(tmp_path / "a.h5"), "polish")
