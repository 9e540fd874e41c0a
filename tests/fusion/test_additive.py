"""The additive model learns from pairs what moves a score, whoever speaks."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from tfq.fusion import additive
from tfq.fusion.batches import Example, Held
from tfq.fusion.judge import judge
from tfq.nets.fusion import Fusion
from tfq.nets.spec import FusionSpec
from tfq.nets.summary_arrays import bent

DIMENSIONS = ("expression", "audio_quality")
SPEC = FusionSpec({"lips": 6}, {"mel": 4}, {}, DIMENSIONS, width=16, layers=1, heads=2, views="own", summary="ranks")
CLEAN = 4.6


def network():
    torch.manual_seed(0)
    return Fusion(SPEC).eval().plain()


def clip(name: str, source: str, speaker: str, lips, mel, labels, ranks=None) -> Example:
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    rows = {
        n: (mean + 0.1 * draw.normal(size=(12, len(mean)))).astype(np.float32)
        for n, mean in (("lips", lips), ("mel", mel))
    }
    return Example(
        name,
        source,
        speaker,
        rows,
        {n: np.ones(12, bool) for n in rows},
        np.array(labels, np.float32),
        np.full((12, 2), np.nan, np.float32),
        together=True,
        ranks=ranks,
    )


def made(speakers: range, seed: int = 0) -> list[Example]:
    """People differ widely in every column; what is done to a face moves column 2 a little, to a sound column 0."""
    draw = np.random.default_rng(seed)
    clips = []
    for s in speakers:
        lips, mel = 2 * draw.normal(size=6), 2 * draw.normal(size=4)
        clips.append(clip(f"{s}", f"{s}", f"{s}", lips, mel, [CLEAN, CLEAN]))
        for severity in (1, 3, 5):
            face, sound = np.eye(6)[2] * 0.5 * severity, np.eye(4)[0] * 0.5 * severity
            worth = CLEAN - 0.6 * severity
            clips.append(clip(f"{s}-face-{severity}", f"{s}", f"{s}", lips + face, mel, [worth, CLEAN]))
            clips.append(clip(f"{s}-sound-{severity}", f"{s}", f"{s}", lips, mel + sound, [CLEAN, worth]))
    return clips


def alone(fitted):
    """The additive model without the network."""
    shares = np.tile(np.array([1.0, 0.0], np.float32), (len(DIMENSIONS), 1))
    return type(fitted)(fitted.spec, {**fitted.arrays, "additive.share": shares})


def scores(fitted, examples):
    return np.stack([judge(fitted, e.rows, e.present).clip for e in examples])


def test_it_orders_versions_of_people_it_never_saw():
    fitted = alone(additive.fit(network(), Held(made(range(30)))))
    others = made(range(100, 112), seed=1)
    found = scores(fitted, others).reshape(12, 7, 2)
    face, sound = found[:, [0, 1, 3, 5], 0], found[:, [0, 2, 4, 6], 1]
    for ladder in (face, sound):
        assert (np.diff(ladder, axis=1) < 0).mean() > 0.85
    assert np.abs(found[:, [2, 4, 6], 0] - found[:, :1, 0]).mean() < 0.3 * np.abs(np.diff(face, axis=1)).mean()
    assert face[:, 0].mean() == pytest.approx(CLEAN, abs=0.7)  # scores are worth what labels are


def test_it_learns_from_orders_alone():
    draw = np.random.default_rng(0)
    clips = []
    for i in range(60):
        lips = draw.normal(size=6)
        place = {f"g{i // 4}": np.array([lips[3], np.nan], np.float32)}
        clips.append(clip(f"{i}", f"{i}", f"{i}", lips, draw.normal(size=4), [np.nan, np.nan], place))
    found = scores(alone(additive.fit(network(), Held(clips))), clips)[:, 0]
    assert np.corrcoef(found, [e.rows["lips"][:, 3].mean() for e in clips])[0, 1] > 0.8


def test_its_share_is_what_tells_other_people_best():
    before = network()
    fitted = additive.fit(before, Held(made(range(30))))
    others = made(range(100, 112), seed=1)
    np.testing.assert_allclose(scores(fitted, others), scores(before, others))  # no share yet
    chosen = additive.shared(fitted, others)
    assert (chosen.arrays["additive.share"][:, 0] > 0.5).all()  # the network was not trained
    wrong = [np.abs(scores(one, others) - np.stack([e.labels for e in others])).mean() for one in (before, chosen)]
    assert wrong[1] < 0.6 * wrong[0]


def test_clips_without_labels_or_orders_leave_the_network_as_it_is():
    clips = [clip(f"{i}", f"{i}", f"{i}", np.ones(6), np.ones(4), [np.nan, np.nan]) for i in range(5)]
    before = network()
    after = additive.shared(additive.fit(before, Held(clips)), clips)
    np.testing.assert_allclose(scores(after, clips), scores(before, clips))


def test_a_missing_feature_says_nothing():
    fitted = alone(additive.fit(network(), Held(made(range(30)))))
    (one, *_), absent = made(range(1)), {"lips": np.zeros(12, bool), "mel": np.ones(12, bool)}
    given = {**one.rows, "lips": one.rows["lips"] + 9}
    constant = fitted.arrays["additive.constant"][0]
    assert judge(fitted, given, absent).clip[0] == pytest.approx(1 + 4 / (1 + np.exp(-constant)), abs=0.05)


def test_bent_ranks_make_curves():
    told = np.array([-1, -0.75, 0, 0.5, 1], np.float32)
    wanted = [*told, 0, 0, 0, 0, 1, 1, 0.5, 0, 0, 0]
    np.testing.assert_allclose(bent(told), wanted)


def test_a_dimension_whose_stream_is_not_there_is_left_to_the_network():
    torch.manual_seed(0)
    spec = FusionSpec({}, {"mel": 4}, {}, DIMENSIONS, width=16, layers=1, heads=2, views="own", summary="ranks")
    clips = [replace(e, rows={"mel": e.rows["mel"]}, present={"mel": e.present["mel"]}) for e in made(range(8))]
    fitted = additive.fit(Fusion(spec).eval().plain(), Held(clips))
    assert not fitted.arrays["additive.weights.mel"][0].any()
    assert fitted.arrays["additive.weights.mel"][1].any()


def test_a_feature_that_no_clip_has_says_nothing_either():
    clips = [replace(e, present={**e.present, "lips": np.zeros(12, bool)}) for e in made(range(8))]
    fitted = additive.fit(network(), Held(clips))
    assert not fitted.arrays["additive.weights.lips"].any()
    assert np.isfinite(scores(alone(fitted), clips)).all()
