from collections import Counter

import numpy as np
import torch

from tests.fusion.makers import clips, example
from tfq.fusion.batches import Held, batches, collate, cut, plan

UNKNOWN = np.full(2, np.nan, np.float32)


def ranked(source: str, group: str, value: float):
    return example(source, 3.0, labels=UNKNOWN, ranks={group: np.array([value, np.nan])})


def laid_out(examples, size: int) -> list[list]:
    """The examples of each batch of a pass."""
    made = plan(Held(examples), size, 300, np.random.default_rng(0))
    return [[examples[piece.clip] for piece in batch] for batch in made]


def test_a_pass_holds_every_judged_clip_once_and_families_together():
    made = laid_out(clips(6), 8)
    assert Counter(e.name for batch in made for e in batch) == Counter(e.name for e in clips(6))
    assert all(len({e.source for e in batch}) == 2 for batch in made)


def test_ranked_clips_meet_their_group_and_unjudged_ones_come_nowhere_else():
    generated = [ranked(f"g{i}", f"pair{i % 3}", i) for i in range(6)]
    made = laid_out([*clips(4), *generated], 4)
    seen = Counter(e.name for batch in made for e in batch)
    assert set(seen.values()) == {1}
    beside = [{e.source for e in batch} for batch in made]
    assert any({f"g{i}", f"g{i + 3}"} <= sources for sources in beside for i in range(3))


def test_a_judged_clip_that_is_ranked_comes_in_both():
    original = example("s", 4.6, ranks={"pair": np.array([1.0, np.nan])})
    made = laid_out([original, example("s", 1.6), ranked("g", "pair", 0.0)], 2)
    assert Counter(e.name for batch in made for e in batch)[original.name] == 2


def test_memberships_say_which_clip_and_which_group():
    both = example("s", 4.6, ranks={"x": np.array([2.0, np.nan]), "y": np.array([1.0, 1.0])})
    batch = collate([ranked("g", "y", 0.0), both])
    assert batch.rank_clip.tolist() == [0, 1, 1]
    assert batch.rank_group[0] == batch.rank_group[2] != batch.rank_group[1]
    assert batch.rank_values[:, 0].tolist() == [0.0, 2.0, 1.0]


def test_nobody_ranked_gives_no_membership_and_no_doubt():
    batch = collate(clips(1))
    assert batch.rank_values.shape == (0, 2)
    assert (batch.doubt == 0).all()


def test_long_clips_are_cut_and_short_ones_padded():
    held = Held([example("a", 3.0, frames=50), example("b", 3.0, frames=20)])
    (batch,) = batches(held, plan(held, 4, 30, np.random.default_rng(0)))
    assert sorted(batch.inside.sum(1).tolist()) == [20, 30]
    short = int(batch.inside.sum(1).argmin())
    assert batch.over_time[short, 20:].isnan().all()
    assert torch.equal(batch.features["face"][short, 20:], torch.zeros(10, 3))


def test_batches_hold_clips_of_like_length():
    held = Held([example(f"s{i}", 3.0, seed=i, frames=10 + 10 * (i % 8)) for i in range(64)])
    made = plan(held, 8, 300, np.random.default_rng(0))
    assert max(np.ptp([held.entries[piece.clip].length for piece in batch]) for batch in made) <= 10


def test_workers_give_the_batches_of_one_process():
    held = Held([example(f"s{i}", 3.0, seed=i, frames=40 + i) for i in range(6)])
    made = plan(held, 2, 30, np.random.default_rng(0))
    here, there = batches(held, made), batches(held, made, workers=1)
    for one, other in zip(here, there, strict=True):
        assert torch.equal(one.features["face"], other.features["face"])
        assert torch.equal(one.group, other.group)


def test_only_judged_clips_are_changed_on_the_fly():
    held = Held([*clips(40), *(ranked(f"g{i}", "pair", i) for i in range(4))])
    pieces = [piece for batch in plan(held, 8, 300, np.random.default_rng(0), changed=0.5) for piece in batch]
    changed = [piece for piece in pieces if piece.seed is not None]
    assert 0.3 < len(changed) / sum(entry.judged for entry in held.entries) < 0.7
    assert all(held.entries[piece.clip].judged for piece in changed)


def test_a_cut_keeps_the_labels_of_the_clip():
    whole = example("a", 3.0, frames=50)
    part = cut(whole, 10, 30)
    assert part.length == 20
    assert np.array_equal(part.rows["face"], whole.rows["face"][10:30])
    assert np.array_equal(part.labels, whole.labels)
