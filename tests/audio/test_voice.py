"""Voice activity: found where it is, smoothed by the two limits, absent without sound."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.audio.voices import voice as a_voice
from tfq.audio import voice
from tfq.timebase import samples_of

MASKS = st.lists(st.booleans(), min_size=1, max_size=120).map(np.array)


def test_speech_is_found_where_it_is() -> None:
    sound = np.zeros(samples_of(100), np.float32)
    sound[samples_of(30) : samples_of(70)] = a_voice(1.6)
    (span,) = voice.spans(voice.smooth(voice.activity(sound, 100, 2), 0.3, 0.12))
    assert abs(span.start_s - 1.2) <= 0.12
    assert abs(span.end_s - 2.8) <= 0.2


def test_frames_without_sound_are_unknown() -> None:
    share = voice.activity(a_voice(1.0), 50, 2)
    assert np.isfinite(share[:25]).all()
    assert np.isnan(share[25:]).all()


@given(MASKS)
def test_no_short_gap_and_no_short_piece_is_left(mask: np.ndarray) -> None:
    speech = voice.smooth(mask.astype(np.float32), 0.2, 0.12)
    spans = voice.spans(speech)
    assert all(span.length_s >= 0.12 - 1e-9 for span in spans)
    # A dropped piece can only widen a gap.
    assert all(after.start_s - before.end_s >= 0.2 - 1e-9 for before, after in itertools.pairwise(spans))


@given(MASKS)
def test_spans_are_the_mask(mask: np.ndarray) -> None:
    again = np.zeros(len(mask), bool)
    for span in voice.spans(mask):
        again[round(span.start_s * 25) : round(span.end_s * 25)] = True
    assert (again == mask).all()
