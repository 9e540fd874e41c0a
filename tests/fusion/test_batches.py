from collections import Counter

import numpy as np
import torch

from tests.fusion.makers import clips, example
from tfq.fusion.batches import collate, plan

UNKNOWN = np.full(2, np.nan, np.float32)


def ranked(source: str, group: str, value: float):
    return example(source, 3.0, labels=UNKNOWN, ranks={group: np.array([value, np.nan])})


def test_a_pass_holds_every_judged_clip_once_and_families_together():
    made = plan(clips(6), 8, np.random.default_rng(0))
    assert Counter(e.name for batch in made for e in batch) == Counter(e.name for e in clips(6))
    assert all(len({e.source for e in batch}) == 2 for batch in made)


def test_ranked_clips_meet_their_group_and_unjudged_ones_come_nowhere_else():
    generated = [ranked(f"g{i}", f"pair{i % 3}", i) for i in range(6)]
    made = plan([*clips(4), *generated], 4, np.random.default_rng(0))
    seen = Counter(e.name for batch in made for e in batch)
    assert set(seen.values()) == {1}
    beside = [{e.source for e in batch} for batch in made]
    assert any({f"g{i}", f"g{i + 3}"} <= sources for sources in beside for i in range(3))


def test_a_judged_clip_that_is_ranked_comes_in_both():
    original = example("s", 4.6, ranks={"pair": np.array([1.0, np.nan])})
    made = plan([original, example("s", 1.6), ranked("g", "pair", 0.0)], 2, np.random.default_rng(0))
    assert Counter(e.name for batch in made for e in batch)[original.name] == 2


def test_memberships_say_which_clip_and_which_group():
    both = example("s", 4.6, ranks={"x": np.array([2.0, np.nan]), "y": np.array([1.0, 1.0])})
    batch = collate([ranked("g", "y", 0.0), both], 300)
    assert batch.rank_clip.tolist() == [0, 1, 1]
    assert batch.rank_group[0] == batch.rank_group[2] != batch.rank_group[1]
    assert batch.rank_values[:, 0].tolist() == [0.0, 2.0, 1.0]


def test_nobody_ranked_gives_no_membership_and_no_doubt():
    batch = collate(clips(1), 300)
    assert batch.rank_values.shape == (0, 2)
    assert (batch.doubt == 0).all()


def test_long_clips_are_cut_and_short_ones_padded():
    batch = collate([example("a", 3.0, frames=50), example("b", 3.0, frames=20)], 30, np.random.default_rng(0))
    assert batch.inside.sum(1).tolist() == [30, 20]
    assert batch.over_time[1, 20:].isnan().all()
    assert torch.equal(batch.features["face"][1, 20:], torch.zeros(10, 3))
