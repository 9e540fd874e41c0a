from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tfq.fusion.split import assign, families

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


def test_new_clips_move_nobody():
    old = [[f"speaker:{i}"] for i in range(50)]
    assert assign([*old, ["speaker:new"]], 20, 20, 3)[:50] == assign(old, 20, 20, 3)
