import numpy as np

from tfq.diagnosis import evidence, segments


def scores(*pieces: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(length, value) for length, value in pieces])


def find(over_time: np.ndarray, valid: np.ndarray | None = None) -> list[segments.Segment]:
    return segments.find(over_time, np.ones(len(over_time), bool) if valid is None else valid, "lip_sync", 2.5, 0.4)


def test_a_weak_piece_is_found_where_it_is():
    (piece,) = find(scores((50, 4.0), (25, 1.5), (50, 4.0)))
    assert (piece.start_s, piece.end_s, piece.mos) == (2.0, 3.0, 1.5)
    assert 50 <= piece.worst < 75


def test_a_blink_of_weakness_is_not_told():
    assert find(scores((50, 4.0), (5, 1.5), (50, 4.0))) == []


def test_neighbours_are_joined_and_the_score_counts_the_gap():
    (piece,) = find(scores((20, 4.0), (15, 1.0), (5, 3.0), (15, 1.0), (20, 4.0)))
    assert (piece.start, piece.stop) == (20, 55)
    assert 1.0 < piece.mos < 1.6


def test_frames_that_were_not_judged_are_not_weak():
    over_time = scores((20, np.nan), (40, 4.0), (20, 1.0))
    assert find(over_time, np.arange(80) < 60) == []


def test_a_reason_needs_evidence():
    piece = segments.Segment("lip_sync", 0, 25, 1.5, 3)
    assert evidence.explain({}, piece).text == evidence.NO_EVIDENCE
    late = evidence.explain({"offset": np.full(25, -4.0)}, piece)
    assert late.text == "mouth is ahead of the voice by 160 ms"
    assert late.evidence == {"offset_ms": -160.0}
    early = evidence.explain({"offset": np.full(25, 4.0)}, piece)
    assert early.text == "mouth lags the voice by 160 ms"


def test_an_offset_nobody_notices_is_no_reason():
    piece = segments.Segment("lip_sync", 0, 25, 1.5, 3)
    assert evidence.explain({"offset": np.full(25, -3.0)}, piece).text == evidence.NO_EVIDENCE
