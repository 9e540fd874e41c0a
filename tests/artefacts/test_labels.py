from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.artefacts import faces
from tfq.artefacts import KINDS, Scene, transmission
from tfq.artefacts.labels import LADDER, SHARE_POWER, labels, mute_loss, offset_mos, pieces, transmission_mos
from tfq.config import DIMENSIONS
from tfq.nets.spec import CLEAN

NAMES = st.sampled_from(sorted(KINDS))
SCENES = st.builds(
    lambda start, length, rest, seed: Scene(range(start, start + length), start + length + rest, seed),
    st.integers(0, 100), st.integers(25, 300), st.integers(0, 100), st.integers(0, 99),
)  # fmt: skip


@given(NAMES, SCENES)
def test_a_higher_severity_is_never_better(name, scene):
    made = [labels(name, severity, scene).clip for severity in range(1, 6)]
    for dimension in DIMENSIONS:
        values = [label[dimension] for label in made]
        assert all(after <= before + 1e-6 for before, after in pairwise(values)), values
    assert made[4][KINDS[name].dimension] < made[0][KINDS[name].dimension]


@given(NAMES, st.integers(1, 5), SCENES)
def test_labels_stay_on_the_scale_and_outside_the_span_all_is_clean(name, severity, scene):
    made = labels(name, severity, scene)
    assert made.over_time.shape == (scene.frames, len(DIMENSIONS))
    assert made.over_time.min() >= 1
    assert made.over_time.max() <= CLEAN + 1e-9
    assert np.all(made.over_time[: scene.span.start] == CLEAN)
    assert np.all(made.over_time[scene.span.stop :] == CLEAN)
    for i, dimension in enumerate(DIMENSIONS[:-1]):
        if dimension not in KINDS[name].touches:
            assert made.clip[dimension] == CLEAN
            assert np.all(made.over_time[:, i] == CLEAN)


@given(NAMES, st.integers(1, 5), SCENES)
def test_pieces_cover_the_clip_and_say_what_the_frames_say(name, severity, scene):
    made = labels(name, severity, scene)
    found = pieces(made.over_time)
    assert found[0]["start_s"] == 0
    assert found[-1]["end_s"] == pytest.approx(scene.frames / 25)
    assert all(a["end_s"] == b["start_s"] for a, b in pairwise(found))
    for piece in found:
        rows = made.over_time[round(piece["start_s"] * 25) : round(piece["end_s"] * 25)]
        assert np.abs(rows - [piece["labels"][name] for name in DIMENSIONS]).max() <= 0.1


def test_offsets_give_what_people_said():
    late = [0.0, 0.125, 0.185, 0.5, 1.0, 2.0]
    assert offset_mos(np.array(late)) == pytest.approx([CLEAN, CLEAN, 3.5, 1.868, 1.640, 1.596])
    assert offset_mos(np.array([-0.045, -0.09, -0.5, -1.0])) == pytest.approx([CLEAN, 3.5, 1.869, 1.695])


@pytest.mark.parametrize(("name", "severity", "mos"), [("fast_voice", 3, 3.270), ("shuffled_sound", 5, 1.837)])
def test_peavs_losses_are_reproduced(name, severity, mos):
    whole = labels(name, severity, Scene(range(250), 250)).clip
    assert CLEAN - whole["lip_sync"] == pytest.approx(4.717 - mos, abs=1e-3)


MUTES = [(4, 4.488), (2.5, 3.8), (1, 3.317), (0.5, 2.811), (0.3, 2.405), (0.2, 1.888), (0.1, 1.392)]


@pytest.mark.parametrize(("gap", "mos"), MUTES)
def test_the_power_of_the_share_fits_mutes_of_peavs(gap, mos):
    assert 4.717 - mute_loss(gap) == pytest.approx(mos, abs=0.3)


# Of the INRS set: packets lost in per cent, pictures a second, quantiser, MOS.
SENT = [(0.1, None, 23, 4.007), (0.5, None, 23, 2.894), (5, None, 23, 1.226), (0, None, 35, 3.08), (5, None, 35, 1.573),
        (0.5, None, 35, 2.947), (0, 25, 23, 4.359), (0, 10, 31, 3.156), (0, 15, 35, 3.102)]  # fmt: skip


@pytest.mark.parametrize(("lost", "fps", "quantiser", "mos"), SENT)
def test_a_transmission_gets_what_people_said(lost, fps, quantiser, mos):
    rates = np.array([10, 15, 20, 25] if fps is None else [fps])
    assert transmission_mos(rates, quantiser, lost).mean() == pytest.approx(mos, abs=0.3)


@given(st.floats(3, 25), st.floats(20, 51), st.floats(0, 20), st.floats(0.1, 5))
def test_a_worse_transmission_is_never_better(fps, quantiser, lost, more):
    score = transmission_mos(fps, quantiser, lost)
    assert 1 <= transmission_mos(fps / (1 + more), quantiser, lost) <= score
    assert 1 <= transmission_mos(fps, quantiser, lost + more) <= score
    assert 1 <= transmission_mos(fps, quantiser + more, 0.0) <= transmission_mos(fps, quantiser, 0.0)


def test_a_clip_in_which_nobody_blinks_loses_nothing_without_blinks():
    for blink, expected in ((None, CLEAN), (20, labels("no_blinks", 5, Scene(range(40), 40)).clip["expression"])):
        scene = Scene(range(40), 40, landmarks=faces.landmarks(40, blink=blink))
        assert labels("no_blinks", 5, scene).clip["expression"] == expected


def test_a_stall_costs_only_the_frames_that_stand_still():
    scene = Scene(range(150), 150, seed=2)
    made = labels("stalls", 3, scene).over_time[:, DIMENSIONS.index("visual_quality")]
    still = transmission.stall_age(0.6, scene) > 0
    assert 20 <= still.sum() <= 30
    assert np.array_equal(made < CLEAN, still)


def test_half_a_clip_costs_less_than_all_of_it_and_more_than_nothing():
    whole, half = (labels("blur", 4, Scene(range(stop), 100)).clip["visual_quality"] for stop in (100, 50))
    assert whole < half < CLEAN
    assert (CLEAN - half) == pytest.approx((CLEAN - whole) * 0.5**SHARE_POWER, abs=2e-3)


def test_swapped_speech_ruins_sync_and_consistency_and_leaves_the_picture_alone():
    made = labels("other_sound", 5, Scene(range(100), 100)).clip
    assert made["lip_sync"] < 1.5
    assert made["consistency"] < 1.5
    assert made["visual_quality"] == made["audio_quality"] == CLEAN
    assert made["overall"] < 2.6


@pytest.mark.parametrize(("severity", "quantiser"), [(1, 27), (3, 36), (5, 45)])
def test_the_whole_of_a_sent_picture_is_what_people_said_of_it(severity, quantiser):
    made = labels("over_compression", severity, Scene(range(100), 100)).clip
    asked = float(transmission_mos(25.0, quantiser, 0.0) - transmission_mos(25.0, 23.0, 0.0))
    assert made["overall"] - CLEAN == pytest.approx(max(asked, LADDER[-1] - CLEAN), abs=0.01)
