import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from tests.builders import h5
from tests.stages.test_train import QUICK, dataset
from tfq.config import DIMENSIONS, ScoreConfig
from tfq.diagnosis import evidence
from tfq.errors import WeightsError
from tfq.models import checkpoint as stored
from tfq.models.runtime import Models
from tfq.report import formats
from tfq.stages import score
from tfq.stages.train import train
from tfq.store import Stamp, TfqFile

SCHEMA = json.loads(formats.schema())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """One that knows good from bad; its intervals are set by hand, since so few clips cannot calibrate any."""
    path = tmp_path_factory.mktemp("score") / "model.safetensors"
    train(dataset(path.parent, ("train",) * 6 + ("validation", "test")), path, replace(QUICK, epochs=40, patience=40))
    stored.save(path, replace(stored.load(path), half_widths=np.full(len(DIMENSIONS), 0.5)))
    return path


def judged(path, checkpoint, **asked) -> dict:
    config = ScoreConfig(checkpoint=str(checkpoint), **asked)
    with TfqFile(path, durable=False) as file:
        score.run(file, config, Models(), Stamp("score", 1))
        result = score.result(file, path.name)
    jsonschema.validate(result, SCHEMA)
    assert set(result) == set(SCHEMA["properties"]) - (set() if config.explain else {"explanation"})
    return result


def test_a_good_clip_is_above_a_bad_one_and_the_result_is_the_contract(tmp_path, checkpoint):
    good = judged(h5(tmp_path / "good.h5", seed=900, quality=1.0), checkpoint)
    bad = judged(h5(tmp_path / "bad.h5", seed=900, quality=0.0), checkpoint)
    assert set(good["scores"]) == set(DIMENSIONS)
    for name in DIMENSIONS:
        assert good["scores"][name]["mos"] > bad["scores"][name]["mos"] + 1
        assert 1 <= good["scores"][name]["low"] <= good["scores"][name]["mos"] <= good["scores"][name]["high"] <= 5
    assert good["status"] == "ok"
    assert good["unjudged"] == {}
    assert good["weak_segments"] == []
    assert bad["weak_segments"]
    json.dumps(good, allow_nan=False)


def test_a_dimension_that_the_model_was_not_trained_on_has_no_score(tmp_path, checkpoint):
    config = replace(QUICK, epochs=1, tasks=("lip_sync", "overall"))
    train(checkpoint.with_name("index.jsonl"), tmp_path / "two.safetensors", config)
    found = judged(h5(tmp_path / "a.h5"), tmp_path / "two.safetensors")
    assert {name for name, value in found["scores"].items() if value is not None} == {"lip_sync", "overall"}
    assert set(found["unjudged"].values()) == {"no_model"}


@pytest.mark.parametrize(
    ("group", "status", "judged_still"),
    [
        ("align", "no_face", {"audio_quality"}),
        ("audio", "no_audio", {"expression", "visual_quality"}),
        ("audio", "no_speech", {"expression", "audio_quality", "visual_quality", "overall"}),
        ("sync", "too_short", set(DIMENSIONS) - {"lip_sync"}),
        ("sync", "mouth_hidden", {"audio_quality", "visual_quality"}),
    ],
)
def test_what_cannot_be_judged_has_no_score_and_a_reason(tmp_path, checkpoint, group, status, judged_still):
    found = judged(h5(tmp_path / "a.h5", **{group: status}), checkpoint)
    assert {name for name, value in found["scores"].items() if value is not None} == judged_still
    assert set(found["unjudged"]) == set(DIMENSIONS) - judged_still
    assert set(found["unjudged"].values()) == {status}
    assert found["status"] == status


def test_a_checkpoint_for_other_columns_is_refused(tmp_path, checkpoint):
    path = h5(tmp_path / "a.h5")
    with TfqFile(path, durable=False) as file, file.replacing("features", Stamp("features", 2)) as group:
        group.put("lips/values", np.zeros((60, 3)))
        group.put("lips/clip", np.zeros(0))
        group.put("lips/valid", np.ones(60, bool))
        group.describe("lips", {"columns": ["a", "b", "c"], "clip_columns": []})
    with pytest.raises(WeightsError, match="columns of lips"):
        judged(path, checkpoint)


def test_a_missing_feature_is_told_not_fatal(tmp_path, checkpoint):
    path = h5(tmp_path / "a.h5")
    with TfqFile(path, durable=False) as file, file.replacing("features", Stamp("features", 2)):
        pass
    assert judged(path, checkpoint)["model"]["missing"] == ["acoustic", "lips"]


def test_what_moved_the_scores_is_told_where_asked_and_names_what_the_labels_follow(tmp_path, checkpoint):
    path = h5(tmp_path / "bad.h5", seed=900, quality=0.0)
    found = judged(path, checkpoint, explain=True)
    plain = judged(path, checkpoint)
    moved = found.pop("explanation")["dimensions"]
    assert set(moved) == set(DIMENSIONS)
    for points in (one["groups"] for one in moved.values()):
        assert set(points) == {"acoustic", "lips", "sync"}
        assert [abs(value) for value in points.values()] == sorted(map(abs, points.values()), reverse=True)
        assert max(points, key=lambda name: abs(points[name])) != "sync"  # the same in good clips and bad ones
    assert moved["overall"]["pieces"][-1]["end_s"] == pytest.approx(60 / 25)
    lowered = [segment.pop("lowered_by") for segment in found["weak_segments"]]
    assert all(value < 0 for one in lowered for value in one.values())
    assert any(lowered)
    assert found == plain


def test_a_dimension_without_a_score_is_not_explained(tmp_path, checkpoint):
    found = judged(h5(tmp_path / "a.h5", audio="no_speech"), checkpoint, explain=True)
    assert set(found["explanation"]["dimensions"]) == set(DIMENSIONS) - {"lip_sync", "consistency"}


def test_overall_has_the_reason_of_its_weakest_dimension_or_what_is_clearly_measured_or_none():
    frames, weak = 375, {"reason": "noise", "evidence": {"dnsmos_bak": 1.5}, "start_s": 0.0, "end_s": 15.0}
    scores = np.array([4.5, 4.5, 2.0, 4.5, 4.5, 2.4])
    assert score._of_overall({}, scores, {"audio_quality": weak}, frames) is weak
    alone, unseen = (
        np.array([4.5, 4.5, 3.9, 4.5, 4.5, 2.4]),
        {name: np.zeros(frames) for name in ("blink_left", "blink_right")},
    )
    assert score._of_overall({}, alone, {"audio_quality": weak}, frames)["reason"] == evidence.LOWER
    assert score._of_overall(unseen, alone, {"audio_quality": weak}, frames)["reason"] == "eyes do not blink for 15 s"
    slightly = {"offset": np.full(frames, 1.2)}  # 48 ms: beyond what is noticed, not what makes a clip poor
    assert score._of_overall(slightly, alone, {}, frames)["reason"] == evidence.LOWER
