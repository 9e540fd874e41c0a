"""DNSMOS against the `speechmos` package, on the same networks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.audio.voices import voice
from tfq.audio import dnsmos
from tfq.models.runtime import Models

# speechmos 0.0.1.1 with librosa 0.11.0 and onnxruntime: dnsmos.run(voice(seconds, noise), 16000), in order sig, bak,
# ovrl, p808.
SPEECHMOS = {
    (4.0, 0.001): (2.76204, 3.42568, 2.27819, 2.64023),
    (9.5, 0.05): (3.17528, 1.71333, 1.78781, 2.37883),
    (14.0, 0.005): (3.0311, 3.06777, 2.41617, 2.41993),
}
TOLERANCE = 1e-3


@pytest.mark.weights
@pytest.mark.parametrize(("seconds", "noise"), SPEECHMOS)
def test_opinions_are_those_of_speechmos(seconds: float, noise: float) -> None:
    models = Models(threads=1)
    found = dnsmos.score(voice(seconds, noise), models.session("dnsmos"), models.session("dnsmos-p808"))
    np.testing.assert_allclose(found.clip, SPEECHMOS[seconds, noise], atol=TOLERANCE)
