"""Clips whose mouth and sound follow one hidden movement: training must find how they belong together."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tfq.nets.spec import SyncSpec
from tfq.nets.sync import SyncNetwork
from tfq.sync import calibrate, training
from tfq.sync.embed import embed_picture, embed_sound
from tfq.sync.geometry import COLUMNS

SPEECH, REACH = 24, 15


def world(count, frames=90, early=0, seed=0):
    """Clips of `count` speakers; the sound of each is early by `early` frames."""
    random, fixed = np.random.default_rng(seed), np.random.default_rng(99)
    to_shape, to_speech, to_mel = (fixed.normal(size=(4, width)) for width in (COLUMNS, SPEECH, 80))
    for speaker in range(count):
        hidden = random.normal(size=(frames, 4))
        heard = np.roll(hidden, -early, axis=0)
        yield training.Clip(
            speaker=str(speaker),
            shape=(hidden @ to_shape + 0.2 * random.normal(size=(frames, COLUMNS))).astype(np.float32),
            crops=np.zeros((frames, 0, 0), np.uint8),
            speech=[np.repeat(heard @ to_speech, 2, axis=0).astype(np.float16)],
            mel=[np.repeat(heard @ to_mel, 4, axis=0).astype(np.float16)],
            seen=np.ones(frames, bool),
            voice=np.ones(frames, bool),
        )


def pair(network, clip):
    picture = embed_picture(network, clip.shape, np.zeros((len(clip.shape), 64, 64), np.uint8))
    sound = embed_sound(network, clip.speech[0], clip.mel[0], len(picture))
    return calibrate.Pair(picture, sound, clip.seen & clip.voice)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    built = SyncNetwork(SyncSpec(shape=COLUMNS, crop=0, speech=SPEECH, parts=8, width=32, embedding=16, layers=2))
    clips = list(world(16))
    training.set_scales(built, clips)
    training.fit(built, clips, training.Recipe(steps=150, batch=12, frames=36, rate=5e-3))
    return built.plain()


@pytest.mark.parametrize("early", [-6, 0, 6])
def test_the_offset_of_clips_it_never_saw_is_found(network, early):
    found = [calibrate.consensus(pair(network, clip), REACH) for clip in world(4, early=early, seed=5)]
    assert found == [early] * 4


def test_a_clip_whose_sound_is_another_has_no_consensus(network):
    one, other = world(2, seed=7)
    assert calibrate.consensus(pair(network, replace(one, speech=other.speech, mel=other.mel)), REACH) is None


def test_a_moved_clip_gives_the_same_pieces_as_one_in_sync():
    (steady,), (early,) = world(1), world(1, early=4)
    recipe = training.Recipe(batch=4)
    first = next(training.batches([steady], recipe))
    second = next(training.batches([replace(early, offset=4)], recipe))
    both = (first.heard & second.heard)[:, recipe.reach + 8 : -recipe.reach - 8]
    rows = slice(2 * (recipe.reach + 8), -2 * (recipe.reach + 8))
    kept = both.repeat_interleave(2, dim=1)
    assert torch.equal(first.speech[:, rows][kept], second.speech[:, rows][kept])


def test_calibration_is_sure_of_own_sound_and_not_of_other(network):
    pairs = [pair(network, clip) for clip in world(8, seed=9)]
    calibration = calibrate.fit(pairs, REACH)
    own, *_ = pairs
    stranger = calibrate.Pair(own.picture, pairs[1].sound, own.usable)
    from tfq.sync.distance import distances
    from tfq.sync.offset import of_clip

    answers = [of_clip(distances(p.picture, p.sound, REACH), p.usable, calibration, 10) for p in (own, stranger)]
    assert answers[0].probability > 0.9
    assert answers[1].probability < 0.2


def test_offsets_are_levelled_by_speakers_and_not_by_clips():
    answers = [3, 3, 3, 3, None, 1, 1, 0, None]
    speakers = ["many"] * 5 + ["a", "b", "c", "silent"]
    assert calibrate.levelled(answers, speakers) == [2, 2, 2, 2, 2, 0, 0, -1, None]
