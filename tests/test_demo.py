import hashlib
from importlib.resources import files
from pathlib import Path

import numpy as np

from tests.demo.face import Portrait, animate
from tests.demo.script import FPS, timeline
from tests.demo.voice import speak
from tfq.media.frames import timeline as grid_of
from tfq.media.probe import probe
from tfq.media.samples import samples

CLIP = Path(str(files("tfq") / "demo" / "demo.mp4"))


def test_the_clip_is_the_one_described():
    assert hashlib.sha256(CLIP.read_bytes()).hexdigest() in CLIP.with_name("README.md").read_text()


def test_the_clip_is_small_and_short():
    facts = probe(CLIP)
    assert CLIP.stat().st_size < 500_000
    assert 3 <= facts.duration_s <= 6
    assert facts.fps == FPS
    assert facts.has_audio


def test_the_clip_says_what_the_script_makes():
    line = timeline()
    grid = grid_of(CLIP)
    assert len(grid) == line.frames
    stored, _ = samples(CLIP, len(grid), grid.start_s)
    made = speak(line)
    lags = [float(np.dot(stored[2000:-2000], np.roll(made, lag)[2000:-2000])) for lag in range(-640, 641, 16)]
    assert abs(int(np.argmax(lags)) * 16 - 640) <= 160  # the coder may shift by a fraction of a frame, no more


def test_every_making_is_the_same():
    assert np.array_equal(speak(timeline()), speak(timeline()))
    first, again = next(animate(timeline())), next(animate(timeline()))
    assert np.array_equal(first, again)


def test_the_mouth_opens_for_vowels_and_closes_for_bilabials():
    portrait = Portrait()
    shut, wide = portrait.draw(0.0, 0.0, 0.0, 0.0), portrait.draw(1.0, 0.0, 0.0, 0.0)
    x, y = portrait.points[14].astype(int)
    dark = [picture[y : y + 14, x - 10 : x + 10].mean() for picture in (shut, wide)]
    assert dark[1] < 0.7 * dark[0]


def test_the_eyes_shut_when_they_blink():
    portrait = Portrait()
    open_, shut = portrait.draw(0.0, 0.0, 0.0, 0.0), portrait.draw(0.0, 0.0, 1.0, 0.0)
    for iris in (468, 473):
        x, y = portrait.points[iris].astype(int)
        dark = [picture[y - 4 : y + 3, x - 4 : x + 5].mean() for picture in (open_, shut)]
        assert dark[1] > 1.3 * dark[0]  # skin where the iris was
    x, y = portrait.points[13].astype(int)
    assert np.array_equal(open_[y - 20 : y + 60], shut[y - 20 : y + 60])  # and nothing else moves
