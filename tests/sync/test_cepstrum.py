import numpy as np
import pytest

from tfq.sync.cepstrum import mfcc


def theirs(signal):
    """`python_speech_features.mfcc(signal, 16000)` written out by its documentation, loop by loop."""
    from scipy.fft import dct

    signal = np.append(signal[0], signal[1:] - 0.97 * signal[:-1])
    count = 1 + int(np.ceil((len(signal) - 400) / 160))
    signal = np.concatenate([signal, np.zeros((count - 1) * 160 + 400 - len(signal))])
    frames = np.array([signal[160 * i : 160 * i + 400] for i in range(count)])
    power = np.abs(np.fft.rfft(frames, 512)) ** 2 / 512
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    corner = np.floor(513 * 700 * (10 ** (mel / 2595) - 1) / 16000)
    bank = np.zeros((26, 257))
    for j in range(26):
        for i in range(int(corner[j]), int(corner[j + 1])):
            bank[j, i] = (i - corner[j]) / (corner[j + 1] - corner[j])
        for i in range(int(corner[j + 1]), int(corner[j + 2])):
            bank[j, i] = (corner[j + 2] - i) / (corner[j + 2] - corner[j + 1])
    features = dct(np.log(power @ bank.T), type=2, axis=1, norm="ortho")[:, :13]
    features *= 1 + 11 * np.sin(np.pi * np.arange(13) / 22)
    features[:, 0] = np.log(power.sum(1))
    return features


@pytest.mark.parametrize("count", [400, 16000, 17123])
def test_it_is_python_speech_features(count):
    samples = np.random.default_rng(0).integers(-20000, 20000, count)
    assert mfcc(samples / 32768) == pytest.approx(theirs(samples.astype(float)), abs=1e-3)


def test_silence_is_finite():
    assert np.isfinite(mfcc(np.zeros(3200, np.float32))).all()
