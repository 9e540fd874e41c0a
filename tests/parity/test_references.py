"""What tfq measures against librosa, Praat, scipy and others, each with its tolerance.

| what | against | tolerance |
|---|---|---|
| log-mel, MFCC | librosa 0.11 | 0.01 dB |
| slope of MFCC | librosa 0.11 | 0.01 dB a row |
| centroid, rolloff | librosa 0.11 | 0.5 Hz, one bin |
| flatness | librosa 0.11 | 0.05 dB |
| F0, HNR, jitter, shimmer, formants | Praat through parselmouth, asked for the whole sound | 0.1 %, or 1e-6 |
| cepstral peak | Praat's PowerCepstrogram | rank correlation over 0.8, 3 dB in the mean |
| derivatives | scipy's savgol_filter | 1e-9 |
| correlation | numpy's corrcoef | 1e-9 |
| EfficientNet-Lite2 | its package | 1e-4 |
| DNSMOS, DistillMOS | `speechmos`, `distillmos`: `test_dnsmos`, `test_distillmos` | 1e-3 |
| Whisper, its log-mel, HuBERT, wav2vec 2.0 | transformers: `test_whisper`, `tests.models.test_hubert` | 5e-4 |
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import savgol_filter
from scipy.stats import spearmanr

from tests.audio.voices import voice
from tests.parity.references import NOISE, ROWS, SECONDS, picture
from tfq.audio import phonation, prosody, spectrum
from tfq.features import cross, motion
from tfq.models.runtime import Models
from tfq.timebase import SAMPLE_RATE

PRAAT = (0, 0, 0.0001, 0.02, 1.3)


@pytest.fixture(scope="module")
def references() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("references.json").read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return voice(SECONDS, NOISE)


@pytest.fixture(scope="module")
def praat(sound: np.ndarray) -> Any:
    import parselmouth

    return parselmouth.Sound(sound.astype(np.float64), SAMPLE_RATE)


def test_the_spectrum_is_librosas(sound: np.ndarray, references: dict[str, Any]) -> None:
    librosa = references["librosa"]
    found, rows = spectrum.analyse(sound), list(ROWS)
    cepstrum = spectrum.mfcc(found.mel)
    np.testing.assert_allclose(found.mel[rows, ::16], librosa["mel"], atol=0.01)
    np.testing.assert_allclose(cepstrum[rows], librosa["mfcc"], atol=0.01)
    np.testing.assert_allclose(spectrum.delta(cepstrum)[rows], librosa["delta"], atol=0.01)
    np.testing.assert_allclose(found.centroid[rows], librosa["centroid"], atol=0.5)
    np.testing.assert_allclose(found.rolloff[rows], librosa["rolloff"], atol=SAMPLE_RATE / 512 + 1e-3)
    np.testing.assert_allclose(found.flatness[rows], librosa["flatness"], atol=0.05)


def test_the_voice_is_praats(sound: np.ndarray, praat: Any) -> None:
    from parselmouth.praat import call

    found = prosody.analyse(sound)
    pitch = praat.to_pitch_ac(time_step=0.01, pitch_floor=75.0, pitch_ceiling=600.0)
    # Our rows lie half-way between Praat's frames here: each has the value of one of its two neighbours.
    rows, frames = (np.arange(len(found.f0)) + 0.5) / prosody.ROW_RATE, pitch.selected_array["frequency"]
    known = np.isfinite(found.f0)
    apart = np.abs(found.f0[known, None] - frames)
    apart[np.abs(rows[known, None] - pitch.xs()) > 0.5 / prosody.ROW_RATE + 1e-6] = np.inf
    assert known.sum() > 90
    assert apart.min(1).max() < 1e-3
    pulses = call([praat, pitch], "To PointProcess (cc)")
    for name, kind in (("jitter", "local"), ("rap", "rap"), ("ppq5", "ppq5")):
        wanted = call(pulses, f"Get jitter ({kind})", *PRAAT)
        assert getattr(found, name) == pytest.approx(wanted, abs=1e-6), name
    for name, kind in (("shimmer", "local"), ("apq3", "apq3"), ("apq11", "apq11")):
        wanted = call([praat, pulses], f"Get shimmer ({kind})", *PRAAT, 1.6)
        assert getattr(found, name) == pytest.approx(wanted, abs=1e-6), name


def test_formants_are_praats(sound: np.ndarray, praat: Any) -> None:
    theirs = praat.to_formant_burg(time_step=0.02, maximum_formant=5500.0)
    ours = phonation.analyse(sound).formants
    for row in (10, 30, 45):
        wanted = [theirs.get_value_at_time(number, (row + 0.5) / 50) for number in (1, 2, 3)]
        np.testing.assert_allclose(ours[row], wanted, rtol=1e-3)


def test_the_cepstral_peak_goes_with_praats(sound: np.ndarray, praat: Any) -> None:
    from parselmouth.praat import call

    cepstra = call(praat, "To PowerCepstrogram", 60, 0.02, 5000, 50)
    ours, theirs = phonation.peak_prominence(sound), []
    rows = range(5, len(ours) - 5, 5)
    for row in rows:
        one = call(cepstra, "To PowerCepstrum (slice)", (row + 0.5) / 50)
        search = (60, 330, "Parabolic", 0.001, 1 / 60, "Straight", "Least squares")
        theirs.append(call(one, "Get peak prominence", *search))
    assert spearmanr(ours[list(rows)], theirs)[0] > 0.8
    assert np.mean(ours[list(rows)]) == pytest.approx(np.mean(theirs), abs=3)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_derivatives_are_scipys(order: int) -> None:
    series = np.random.default_rng(0).normal(size=60)
    wanted = savgol_filter(series, motion.WINDOW, 3, order, delta=1 / 25)
    np.testing.assert_allclose(motion.derivative(series, order), wanted, rtol=1e-9, atol=1e-9)


def test_correlation_is_numpys() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 80))
    assert cross.correlation_curve(one, other, 0)[0] == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-9)


@pytest.mark.weights
def test_efficientnet_is_its_packages(references: dict[str, Any]) -> None:
    pool = Models(threads=1).encoder("efficientnet-lite2")(picture()[None])[0]
    np.testing.assert_allclose(pool[::100], references["efficientnet"], atol=1e-4)
