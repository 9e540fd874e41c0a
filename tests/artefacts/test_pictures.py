from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.artefacts import faces
from tfq.artefacts import KINDS, Scene, face, region
from tfq.errors import UsageError
from tfq.types import Line, Picture

T = 40
SPAN = range(8, 34)
PICTURE_KINDS = [name for name, kind in KINDS.items() if kind.stream == "picture"]


def coarse(pictures: Iterable[Picture], line: Line) -> Iterator[Picture]:
    """Stands for a line: the coarser and the lossier, the flatter."""
    for i, picture in enumerate(pictures):
        rate = line.rates[i] if line.rates else 1.0
        share = min(1.0, line.quantiser / 80 + 8 * line.lost + 0.1 * -np.log2(rate))
        yield np.rint(picture + (picture.mean() - picture) * share).astype(np.uint8)


LANDMARKS = faces.landmarks(T, blink=20)
CLEAN = faces.pictures(LANDMARKS)


def scene(**changes) -> Scene:
    return Scene(**{"span": SPAN, "frames": T, "seed": 3, "landmarks": LANDMARKS, "send_pictures": coarse, **changes})


def degraded(name: str, severity: int, **changes) -> np.ndarray:
    return np.stack(list(KINDS[name].pictures(iter(CLEAN), severity, scene(**changes))))


def change(pictures: np.ndarray) -> float:
    return float(np.abs(pictures.astype(float) - CLEAN).mean())


@pytest.mark.parametrize("name", PICTURE_KINDS)
def test_pictures_outside_the_span_stay_as_they_are(name):
    before = CLEAN.copy()
    out = degraded(name, 5)
    assert out.shape == CLEAN.shape
    assert out.dtype == np.uint8
    assert np.array_equal(out[: SPAN.start], CLEAN[: SPAN.start])
    assert np.array_equal(out[SPAN.stop :], CLEAN[SPAN.stop :])
    assert not np.array_equal(out, CLEAN)
    assert np.array_equal(CLEAN, before)


@pytest.mark.parametrize("name", PICTURE_KINDS)
def test_the_same_seed_gives_the_same_pictures(name):
    assert np.array_equal(degraded(name, 3), degraded(name, 3))


@pytest.mark.parametrize("name", PICTURE_KINDS)
def test_each_severity_changes_the_pictures_more(name):
    changes = [change(degraded(name, severity)) for severity in range(1, 6)]
    assert changes[0] > 0
    if not name.startswith("frozen"):  # a held face may by chance look like the present one
        assert all(after > before for before, after in pairwise(changes)), changes
    assert changes[4] > 1.2 * changes[0]


@pytest.mark.parametrize("name", [name for name in PICTURE_KINDS if "landmarks" in KINDS[name].needs])
def test_a_frame_without_a_face_is_left_alone(name):
    gone = LANDMARKS.copy()
    gone[25:] = np.nan
    out = degraded(name, 5, landmarks=gone)
    assert np.array_equal(out[25:], CLEAN[25:])
    assert not np.array_equal(out[SPAN.start : 25], CLEAN[SPAN.start : 25])


@pytest.mark.parametrize("name", [name for name in PICTURE_KINDS if "landmarks" in KINDS[name].needs])
def test_a_clip_without_any_face_comes_back_as_it_is(name):
    nobody = np.full_like(LANDMARKS, np.nan)
    assert np.array_equal(degraded(name, 5, landmarks=nobody), CLEAN)


def test_what_a_kind_needs_is_asked_for():
    with pytest.raises(UsageError, match="landmarks"):
        KINDS["blur"].pictures(iter(CLEAN), 3, scene(landmarks=None))
    with pytest.raises(UsageError, match="not of the sound"):
        KINDS["blur"].sound(np.zeros(640, np.float32), 3, scene())
    with pytest.raises(UsageError, match="1 to 5"):
        KINDS["blur"].pictures(iter(CLEAN), 6, scene())


def test_pictures_pass_one_by_one():
    taken = 0

    def counted() -> Iterator[Picture]:
        nonlocal taken
        for picture in CLEAN:
            taken += 1
            yield picture

    for name in PICTURE_KINDS:
        taken = 0
        out = KINDS[name].pictures(counted(), 4, scene())
        for seen, _ in enumerate(out, 1):
            assert taken <= seen


def test_blur_takes_the_gradients_of_the_face_away():
    inside = slice(45, 85), slice(40, 85)

    def energy(pictures):
        touched = pictures[SPAN.start : SPAN.stop]
        return np.mean([np.square(np.diff(picture[inside].astype(float), axis=1)).mean() for picture in touched])

    energies = [energy(CLEAN)] + [energy(degraded("blur", severity)) for severity in range(1, 6)]
    assert all(after < before for before, after in pairwise(energies))


def test_a_frozen_mouth_moves_less_and_less():

    def motion(pictures):
        return np.abs(np.diff(pictures[SPAN.start : SPAN.stop, 78:106, 50:79].astype(float), axis=0)).mean()

    motions = [motion(CLEAN), *(motion(degraded("frozen_mouth", severity)) for severity in (1, 3, 5))]
    assert all(after < before for before, after in pairwise(motions))
    assert motions[-1] < 0.4 * motions[0]


def test_repeated_frames_come_at_the_rate_that_is_meant():
    for severity, held in enumerate((2, 3, 5, 8, 14), 1):
        out = degraded("repeated_frames", severity)[SPAN.start : SPAN.stop]
        new = 1 + sum(not np.array_equal(a, b) for a, b in pairwise(out))
        assert new == -(-len(SPAN) // held)


def test_under_articulation_closes_and_over_articulation_opens():
    widest = SPAN.start + int(np.argmax(faces.opening(T)[SPAN.start : SPAN.stop]))

    def dark(picture):
        return int((picture[80:115, 45:85].astype(int).sum(-1) < 150).sum())

    closed = [dark(degraded("under_articulation", severity)[widest]) for severity in (1, 3, 5)]
    opened = [dark(degraded("over_articulation", severity)[widest]) for severity in (1, 3, 5)]
    assert dark(CLEAN[widest]) > closed[0] > closed[1] > closed[2]
    assert dark(CLEAN[widest]) < opened[0] < opened[1] < opened[2]


def test_blinks_are_found_and_taken_away():
    assert np.flatnonzero(face.blinks(LANDMARKS)).tolist() == [18, 19, 20, 21, 22, 23, 24]
    mended = degraded("no_blinks", 5)[21]
    before, during, mended = (picture[50:58, 44:56].astype(float) for picture in (CLEAN[17], CLEAN[21], mended))
    assert np.abs(mended - before).mean() < 0.6 * np.abs(during - before).mean()


def test_the_head_s_own_pose_is_not_the_face_s_movement():
    still = faces.landmarks(1).repeat(20, 0)
    angle = np.linspace(-0.3, 0.3, 20)
    turned = still.copy()
    middle = still[0].mean(0)
    for i, a in enumerate(angle):
        turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        turned[i] = ((still[i] - middle) @ turn.T) * (1 + a / 3) + middle + (5 * a, 0, 0)
    laid, back = region.steady(turned)
    assert np.abs(laid - laid[0]).max() < 1e-2
    again = np.stack([region.moved(points, way) for points, way in zip(laid, back, strict=True)])
    assert np.abs(again - turned).max() < 1e-2


def test_the_table_costs_no_heavy_import():
    import subprocess
    import sys

    heavy = "import sys, tfq.artefacts; print([m for m in ('cv2', 'scipy', 'parselmouth', 'av') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.strip() == "[]"
