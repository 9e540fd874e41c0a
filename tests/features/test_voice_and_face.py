"""Rhythm, emotion and voice: what is put in is found, what is not there is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.audio.voices import tone, voice
from tests.features.clips import clip, talking
from tfq.audio import loudness, transients
from tfq.features import MEASUREMENTS, face_emotion, face_points, lips, series
from tfq.features.measurement import Clip
from tfq.timebase import FPS, SAMPLES_PER_FRAME


def whole(name: str, given: Clip) -> dict[str, float]:
    row = MEASUREMENTS[name]
    return {c.name: float(v) for c, v in zip(row.clip_columns, row(given).clip, strict=True)}


def spoken(frames: int, late: int = 0) -> Clip:
    """A voice as loud as the mouth is open, so many frames late."""
    opening = lips.opening_of(face_points.in_head_axes(talking(frames)))
    at = np.arange(frames * SAMPLES_PER_FRAME) / SAMPLES_PER_FRAME - 0.5 - late
    gain = np.interp(at, np.arange(frames), (opening - opening.min()) / np.ptp(opening))
    sound = tone(150, frames / FPS, harmonics=12) * (10 ** (2 * gain - 2)).astype(np.float32)  # 40 dB from shut to open
    return clip(
        frames,
        sound=loudness.normalise(sound, -1.0),
        level_db=loudness.level_db(sound, frames),
        speech=np.ones(frames, bool),
    )


def test_a_mouth_in_the_voices_rhythm_is_coherent_and_a_late_voice_shifts_lag_and_phase() -> None:
    together, late = whole("rhythm", spoken(150)), whole("rhythm", spoken(150, 3))
    assert together["whole_coherence"] > 0.9
    assert late["whole_coherence"] > 0.85
    assert abs(together["beat_best_lag"]) <= 1
    assert late["beat_best_lag"] == pytest.approx(together["beat_best_lag"] - 3, abs=1)
    assert abs(late["whole_phase"]) > abs(together["whole_phase"]) + 0.5
    assert together["openings_per_syllable"] == pytest.approx(1, abs=0.15)


def test_a_mouth_that_goes_its_own_way_is_not() -> None:
    given = spoken(150)
    steady = tone(150, 6.0, harmonics=12)
    noise = np.random.default_rng(0).uniform(0.1, 1, 60).repeat(1600)
    found = whole("rhythm", dataclasses.replace(given, sound=(steady * noise).astype(np.float32)))
    assert found["whole_coherence"] < 0.6


@pytest.mark.parametrize("hz", [2.5, 4.0, 6.0])
def test_the_band_keeps_what_beats_and_drops_what_drifts_or_trembles(hz: float) -> None:
    t = np.arange(200) / FPS
    kept, slow, fast = (np.abs(series.rhythm_band(np.sin(2 * np.pi * f * t)))[20:-20] for f in (hz, 0.4, 11.5))
    assert kept.min() > 4 * max(slow.max(), fast.max())
    assert np.abs(series.rhythm_band(np.full(50, 3.0))).max() < 1e-9


def test_bumps_keep_their_area_and_place() -> None:
    bumps = series.pulses(np.array([1.02, 3.0]), 100)
    assert bumps.sum() == pytest.approx(2, abs=1e-3)
    assert bumps[:50].argmax() == 25


def test_a_prototype_needs_all_of_its_units() -> None:
    shapes = np.zeros((3, 52))
    for frame, names in enumerate(
        [("mouthSmile",), ("mouthSmile", "eyeSquint"), ("browInnerUp", "mouthFrown", "browDown")]
    ):
        for name in names:
            for side in ("", "Left", "Right"):
                if name + side in face_points.INDEX:
                    shapes[frame, face_points.INDEX[name + side]] = 0.8
    found = face_emotion.categories(shapes)
    assert found["happiness"][1] == pytest.approx(0.8)
    assert found["happiness"][0] < 0.2
    assert found["sadness"][2] == pytest.approx(0.8)
    valence, arousal = face_emotion.affect(found)
    assert valence[1] > 0.5
    assert valence[2] < 0
    assert arousal[2] < arousal[1]


def test_arousal_of_the_voice_rises_where_it_is_higher_and_louder() -> None:
    calm, excited = tone(110, 4.0, 0.05, 10), tone(190, 4.0, 0.5, 30)
    sound = np.concatenate([calm, excited])
    given = clip(200, sound=sound, speech=np.ones(200, bool), level_db=loudness.level_db(sound, 200))
    row = MEASUREMENTS["voice_arousal"]
    arousal = row(given).values[:, [c.name for c in row.columns].index("arousal")]
    assert arousal[120:180].min() > 0.5 > -0.5 > arousal[20:80].max()


def test_holes_of_sound_are_dropouts_and_pauses_are_not() -> None:
    level = np.full(300, -20.0)
    level[50:56] = -70
    level[100:112] = -60
    level[200:260] = -70  # a pause
    level[30:40] = np.linspace(-20, -70, 10)  # a voice that fades
    gone = transients.dropouts(level)
    assert gone[50:56].all()
    assert gone[100:112].all()
    assert gone.sum() == 18


def test_a_cut_clicks() -> None:
    sound = voice(2.0)
    cut = sound.copy()
    cut[16_320:] *= -1
    cut[16_320] = 0.5
    clean, clicked = (transients.click_db(one, 50) for one in (sound, cut))
    assert clicked[25] > clean[25] + 6
    np.testing.assert_allclose(np.delete(clicked, 25), np.delete(clean, 25), atol=0.1)


def test_a_room_fills_the_valleys() -> None:
    dry = voice(3.0, 0.0005)
    tail = np.random.default_rng(0).normal(size=16_000) * np.exp(-np.arange(16_000) / 5_000)
    wet = (np.convolve(dry, tail)[: len(dry)] * 0.05 + dry * 0.3).astype(np.float32)
    sounds = (dry, loudness.normalise(wet, -6.0))
    found = [whole("voice", clip(75, sound=one, level_db=loudness.level_db(one, 75))) for one in sounds]
    assert found[1]["modulation_mean"] < found[0]["modulation_mean"] - 1
    assert found[1]["decay_db_s"] > found[0]["decay_db_s"]
    assert found[1]["cpp_mean"] < found[0]["cpp_mean"]
