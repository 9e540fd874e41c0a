from __future__ import annotations

import numpy as np
import pytest

from tests.audio.voices import voice
from tfq.audio import distillmos
from tfq.timebase import FPS, SAMPLE_RATE


class Loudest:
    """Stands for the network: answers with the frame in which most of the sound is, as a share of the window."""

    def __init__(self) -> None:
        self.seen = 0

    def run(self, _outputs: None, inputs: dict[str, np.ndarray], /) -> list[np.ndarray]:
        (spectrum,) = inputs["spectrum"]
        assert spectrum.shape == (2, 161, 768)
        self.seen += 1
        return [np.array([[np.square(spectrum).sum((0, 1)).argmax() / 768]])]


@pytest.mark.parametrize(("seconds", "hop_s", "windows"), [(3, 1.0, 1), (7.68, 1.0, 1), (8.0, 1.0, 2), (20.0, 4.0, 5)])
def test_windows_cover_the_clip_no_further_apart_than_the_hop(seconds, hop_s, windows):
    network = Loudest()
    found = distillmos.score(voice(seconds), network, hop_s)
    assert network.seen == len(found.windows) == windows
    assert np.diff(found.starts_s, prepend=found.starts_s[0]).max() <= hop_s + 1e-3
    assert found.starts_s[-1] == pytest.approx(max(0.0, seconds - distillmos.LENGTH_S), abs=1e-3)
    assert found.on_grid(round(seconds * FPS)).shape == (round(seconds * FPS),)


def test_loudness_does_not_matter():
    quiet, loud = (distillmos.spectrum(level * voice(distillmos.LENGTH_S)) for level in (0.01, 1.0))
    np.testing.assert_allclose(quiet, loud, atol=1e-4)


def test_a_tone_lies_in_its_band():
    t = np.arange(round(distillmos.LENGTH_S * SAMPLE_RATE)) / SAMPLE_RATE
    power = np.square(distillmos.spectrum(np.sin(2 * np.pi * 1000 * t).astype(np.float32))).sum(0)
    assert (power[:, 5:-5].argmax(0) == 20).all()  # bins of 50 Hz
