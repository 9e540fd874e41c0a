"""The log-mel spectrum against transformers' own."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.voices import voice
from tfq.audio import spectrum

audio_utils = pytest.importorskip("transformers.audio_utils")


@pytest.mark.parametrize("size", [400, 512])
def test_filters(size: int) -> None:
    theirs = audio_utils.mel_filter_bank(size // 2 + 1, 80, 0.0, 8000.0, 16_000, norm="slaney", mel_scale="slaney")
    np.testing.assert_allclose(spectrum.mel_filters(80, size, 0.0, 8000.0), theirs.T, atol=1e-9)


def test_log_mel() -> None:
    sound = voice(2.0, 0.003)
    window = np.hanning(401)[:-1]
    # Rows are centred on the middle of their 10 ms: 120 samples before the first one, not 200.
    padded = np.pad(sound, (120, 400), mode="symmetric").astype(np.float64)
    theirs = audio_utils.spectrogram(
        padded,
        window / 100,
        frame_length=400,
        hop_length=160,
        fft_length=512,
        power=2.0,
        center=False,
        mel_filters=audio_utils.mel_filter_bank(257, 80, 0.0, 8000.0, 16_000, norm="slaney", mel_scale="slaney"),
        mel_floor=1e-11,
        log_mel="log10",
    )
    ours = spectrum.analyse(sound).mel
    np.testing.assert_allclose(ours, 10 * theirs.T[: len(ours)], atol=1e-3)
