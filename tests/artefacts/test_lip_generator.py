from __future__ import annotations

import numpy as np
import pytest

from tests.artefacts import faces
from tfq.artefacts import Scene, lip_generator

T = 30
LANDMARKS = faces.landmarks(T)
CLEAN = faces.pictures(LANDMARKS)
BOXES = lip_generator.face_boxes(LANDMARKS)


def spoken(mel, generate, landmarks=LANDMARKS, span=range(T)):
    scene = Scene(span, T, landmarks=landmarks)
    return np.stack(list(lip_generator.spoken(iter(CLEAN), scene, mel, generate)))


def same_face(_mel, shown):
    return shown[..., 3:]


def loudness(mel, shown):
    """A face as bright as its sound is loud."""
    return np.broadcast_to((mel.mean((1, 2)) + 4)[:, None, None, None] / 8, (*shown.shape[:3], 3))


def quiet(seconds=T / 25):
    return np.full((round(seconds * 80), 80), -4.0, np.float32)


def test_a_face_is_put_back_where_it_was():
    before = CLEAN.copy()
    out = spoken(quiet(), same_face)
    for i, (left, top, right, bottom) in enumerate(np.rint(BOXES).astype(int)):
        inside = np.zeros(CLEAN.shape[1:3], bool)
        inside[top:bottom, left:right] = True
        assert np.array_equal(out[i][~inside], CLEAN[i][~inside])
        assert np.abs(out[i][inside].astype(int) - CLEAN[i][inside]).mean() < 6
    assert np.array_equal(CLEAN, before)


def test_the_lower_half_is_hidden_from_the_generator():
    def check(_mel, shown):
        assert np.all(shown[:, 48:, :, :3] == 0)
        assert np.array_equal(shown[:, :48, :, :3], shown[:, :48, :, 3:])
        assert 0 <= shown.min() <= shown.max() <= 1
        return shown[..., 3:]

    spoken(quiet(), check)


@pytest.mark.parametrize("late_s", [0.0, 0.2, -0.2])
def test_each_picture_gets_the_sound_of_its_own_time(late_s):
    mel = quiet()
    mel[40:56] = 4  # 0.5 to 0.7 s
    out = spoken(lip_generator.shifted(mel, late_s), loudness)
    left, top, right, bottom = np.rint(BOXES[0]).astype(int)
    bright = out[:, top + 10 : bottom - 10, left + 10 : right - 10].mean((1, 2, 3))
    assert abs(int(np.argmax(bright)) / 25 - (0.5 + late_s)) <= 0.041


def test_frames_without_a_face_and_outside_the_span_stay():
    gone = LANDMARKS.copy()
    gone[20:] = np.nan
    out = spoken(quiet(), loudness, gone, range(5, T))
    assert np.array_equal(out[:5], CLEAN[:5])
    assert np.array_equal(out[20:], CLEAN[20:])
    assert not np.array_equal(out[5:20], CLEAN[5:20])


def test_a_spectrogram_has_80_rows_a_second_within_its_scale():
    time = np.arange(16_000) / 16_000
    mel = lip_generator.spectrogram((0.5 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32))
    assert abs(len(mel) - 80) <= 1
    assert -4 <= mel.min() < mel.max() <= 4
    assert np.ptp(np.argmax(mel[5:-5], 1)) == 0
    assert np.all(lip_generator.spectrogram(np.zeros(1600, np.float32)) == -4)


def test_perturbing_moves_that_share_of_the_rows():
    mel = np.random.default_rng(0).normal(size=(1600, 80)).astype(np.float32)
    for share in (0.0, 0.3, 1.0):
        moved = lip_generator.perturbed(mel, share, np.random.default_rng(1))
        assert np.mean(np.any(moved != mel, 1)) == pytest.approx(share, abs=0.1)
