"""What occlusion says of a network whose workings are known, and of a real one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq.fusion.explain import MOST_PIECES, explain
from tfq.fusion.judge import judge
from tfq.nets.fusion import Fusion
from tfq.nets.fusion_arrays import Scores
from tfq.nets.spec import FusionSpec

NAMES = ("lips", "mel", "head", "noise")


class Sum:
    """Its score is 3 and, for each feature that is there, its weight times the mean of its first column."""

    def __init__(self, weights) -> None:
        self.weights = weights
        self.spec = FusionSpec(dict.fromkeys(NAMES, 2), {}, {}, ("a", "b"))

    def __call__(self, features, present):
        moments = 3 + sum(self.weights[n] * features[n][:, 0] * present[n] for n in features)
        time = np.stack([moments, 0 * moments + 3], 1)
        return Scores(time.mean(0), time, np.ones(2))


def clip(frames, effect=1.0):
    rows = {name: np.full((frames, 2), effect, np.float32) for name in NAMES}
    return rows, {name: np.ones(frames, bool) for name in NAMES}


def explained(network, rows, present):
    return explain(network, rows, present, judge(network, rows, present))


@given(
    hundredths=st.lists(st.integers(-50, 50).filter(bool), min_size=3, max_size=3, unique_by=abs),
    frames=st.integers(1, 700),
)
def test_the_order_is_that_of_the_planted_effects_and_what_is_ignored_moves_nothing(hundredths, frames):
    planted = dict(zip(NAMES, (*(one / 100 for one in hundredths), 0.0), strict=True))
    found = explained(Sum(planted), *clip(frames))
    assert found.groups == NAMES
    assert np.allclose(found.by_group[:, 0], list(planted.values()), atol=1e-4)
    assert np.argsort(found.by_group[:, 0]).tolist() == np.argsort(list(planted.values())).tolist()
    assert not found.by_group[:, 1].any()  # the other dimension hears nobody
    assert not found.by_group[NAMES.index("noise")].any()
    assert np.allclose(found.over_time[:, :, 0], np.array(list(planted.values()))[:, None], atol=1e-4)


@pytest.mark.parametrize("frames", [1, 24, 26, 130, 2000])
def test_the_pieces_are_the_clip_and_the_bad_moment_is_found(frames):
    rows, present = clip(frames, 0.0)
    bad = frames // 2
    rows["lips"][bad] = -1.0
    found = explained(Sum({**dict.fromkeys(NAMES, 0.0), "lips": 1.0}), rows, present)
    assert len(found.pieces) <= MOST_PIECES
    assert found.pieces[0, 0] == 0
    assert found.pieces[-1, 1] == frames
    assert (found.pieces[1:, 0] == found.pieces[:-1, 1]).all()
    worst = found.pieces[found.by_piece[:, 0].argmin()]
    assert worst[0] <= bad < worst[1]
    assert (found.by_piece[:, 0] < 0).sum() == 1


def test_a_group_that_is_absent_already_is_not_named():
    rows, present = clip(30)
    present["head"][:] = False
    assert explained(Sum(dict.fromkeys(NAMES, 0.1)), rows, present).groups == ("lips", "mel", "noise")


def test_nothing_of_the_other_stream_moves_what_a_stream_alone_is_judged_by():
    spec = FusionSpec(
        {"lips": 3}, {"mel": 4}, {}, ("lip_sync", "expression", "audio_quality"), views="own", width=16, heads=2
    )
    network = Fusion(spec).eval().plain()
    generator = np.random.default_rng(0)
    rows = {name: generator.normal(size=(60, size)).astype(np.float32) for name, size in spec.features.items()}
    found = explained(network, rows, {name: np.ones(60, bool) for name in rows})
    lips, mel = found.by_group
    assert mel[1] == 0
    assert lips[2] == 0
    assert all(abs(points) > 1e-6 for points in (lips[0], mel[0], lips[1], mel[2]))


def test_what_was_given_is_left_as_it_was():
    rows, present = clip(30)
    explained(Sum(dict.fromkeys(NAMES, 0.1)), rows, present)
    assert all((values == 1).all() for values in rows.values())
    assert all(there.all() for there in present.values())
