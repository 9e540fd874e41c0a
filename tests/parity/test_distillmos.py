"""DistillMOS against the package of that name, on the same weights."""

from __future__ import annotations

import pytest

from tests.audio.voices import voice
from tfq.audio import distillmos
from tfq.models.runtime import Models

# distillmos 0.9.1 on torch 2.x, all on one thread: ConvTransformerSQAModel()(voice(seconds, noise)[None]).
PACKAGE = {(4.0, 0.001): 1.48827, (9.5, 0.05): 1.80441, (14.0, 0.005): 1.72269}
TOLERANCE = 1e-3


@pytest.mark.weights
@pytest.mark.parametrize(("seconds", "noise"), PACKAGE)
def test_opinions_are_those_of_the_package(seconds: float, noise: float) -> None:
    session = Models(threads=1).session("distillmos-arrays")
    assert distillmos.score(voice(seconds, noise), session).clip == pytest.approx(
        PACKAGE[seconds, noise], abs=TOLERANCE
    )
