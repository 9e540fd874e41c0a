import numpy as np
import pytest

from tfq.fusion.localisation import Spans, Told, average_precision, overlap, weak_from
from tfq.types import Span


def told(start: float, end: float, mos: float = 2.0) -> Told:
    return Told(Span(start, end), mos)


def test_overlap_is_time_in_both_over_time_in_either():
    assert overlap(Spans([told(1, 3)], [Span(2, 4)])) == pytest.approx(1 / 3)
    assert overlap(Spans([told(0, 1), told(0.5, 2)], [Span(0, 2)])) == pytest.approx(1)
    assert overlap(Spans([told(0, 1)], [Span(2, 3)])) == 0
    assert np.isnan(overlap(Spans([], [])))


def test_precision_falls_with_what_is_told_for_nothing_and_surer_ones_count_first():
    clips = [Spans([told(0, 2, 1.5)], [Span(0, 2)]), Spans([told(5, 6, 2.4)], [])]
    assert average_precision(clips) == 1.0
    surely_wrong = [clips[0], Spans([told(5, 6, 1.1)], [])]
    assert average_precision(surely_wrong) == 0.5


def test_a_span_is_found_once_and_only_by_enough_overlap():
    assert average_precision([Spans([told(0, 2, 1.0), told(0, 2, 1.2)], [Span(0, 2), Span(8, 9)])]) == 0.5
    assert average_precision([Spans([told(0, 0.9)], [Span(0, 2)])]) == 0.0
    assert np.isnan(average_precision([Spans([told(0, 1)], [])]))


def below(scores: np.ndarray) -> np.ndarray:
    return scores < 2.5


def test_scores_that_never_fall_far_enough_are_moved_to_where_the_weak_piece_is_found():
    weak = np.zeros(100, bool)
    weak[30:60] = True
    shy = np.where(weak, 3.2, 4.4)
    shift = weak_from([shy, np.full(100, 4.4)], [weak, np.zeros(100, bool)], [False, True], below)
    moved = 1 + 4 / (1 + np.exp(-np.log((shy - 1) / (5 - shy)) - shift))
    np.testing.assert_array_equal(below(moved), weak)


def test_nothing_is_found_in_clean_clips_for_the_sake_of_a_little_overlap():
    weak = np.arange(100) < 50
    noise = np.random.default_rng(0).uniform(2.4, 4.0, 100)
    assert weak_from([noise], [weak], [False], below) < 0
    alarm = weak_from([noise, noise], [weak, np.zeros(100, bool)], [False, True], below)
    assert not below(1 + 4 / (1 + np.exp(-np.log((noise - 1) / (5 - noise)) - alarm))).any()


def test_clips_that_are_weak_from_start_to_end_say_nothing_about_when():
    assert weak_from([np.full(50, 2.0)], [np.ones(50, bool)], [False], below) == 0.0
