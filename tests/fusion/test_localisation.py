import numpy as np
import pytest

from tfq.fusion.localisation import Spans, Told, average_precision, overlap
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
