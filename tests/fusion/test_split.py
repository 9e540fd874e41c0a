from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tfq.fusion.split import assign, families, folds

KEYS = st.lists(
    st.lists(st.sampled_from([f"speaker:{c}" for c in "abcdefgh"] + ["group:1", "group:2"]), min_size=1), min_size=1
)


@given(KEYS, st.integers(0, 9))
def test_no_key_lies_in_two_parts(keys, seed):
    parts = assign(keys, 20, 20, seed)
    where: dict[str, set[str]] = {}
    for names, part in zip(keys, parts, strict=True):
        for name in names:
            where.setdefault(name, set()).add(part)
    assert all(len(found) == 1 for found in where.values())


@given(KEYS)
def test_order_does_not_matter(keys):
    assert assign(keys, 20, 20, 1) == assign(keys[::-1], 20, 20, 1)[::-1]


def test_clips_are_joined_through_others():
    assert families([["a"], ["b"], ["a", "b"], ["c"]]) == [0, 0, 0, 3]


def test_parts_have_about_the_sizes_asked_for():
    counts = Counter(assign([[f"speaker:{i}"] for i in range(2000)], 15, 20, 0))
    assert 0.12 < counts["validation"] / 2000 < 0.18
    assert 0.17 < counts["test"] / 2000 < 0.23


def test_settled_families_stay_and_new_ones_fill_up():
    old = [[f"speaker:{i}"] for i in range(50)]
    parts = assign(old, 20, 20, 3)
    more = assign([*old, *([f"speaker:new{i}"] for i in range(50))], 20, 20, 3, given=dict(enumerate(parts)))
    assert more[:50] == parts
    assert Counter(more) == {"train": 60, "validation": 20, "test": 20}


@given(st.integers(0, 20))
def test_every_part_has_its_share_of_every_level(seed):
    strata = [f"level:{i % 4}" for i in range(400)]
    parts = assign([[f"speaker:{i // 4 % 60}:{i % 4}"] for i in range(400)], 15, 20, seed, strata)
    for level in set(strata):
        counts = Counter(part for part, own in zip(parts, strata, strict=True) if own == level)
        assert 10 <= counts["validation"] <= 20
        assert 15 <= counts["test"] <= 25


def test_three_families_are_enough_for_three_parts_to_be_tried():
    assert set(assign([[f"speaker:{i}"] for i in range(10)], 15, 20, 0)) == {"train", "validation", "test"}


@given(KEYS, st.integers(3, 5))
def test_no_key_lies_in_two_folds(keys, count):
    found = folds(keys, count, 0)
    assert set(found) <= set(range(count))
    where: dict[str, set[int]] = {}
    for names, fold in zip(keys, found, strict=True):
        for name in names:
            where.setdefault(name, set()).add(fold)
    assert all(len(places) == 1 for places in where.values())


def test_folds_are_of_like_size_whatever_the_families():
    keys = [[f"speaker:{i % 7}"] for i in range(70)] + [[f"speaker:alone{i}"] for i in range(30)]
    sizes = Counter(folds(keys, 5, 0)).values()
    assert max(sizes) - min(sizes) <= 1
