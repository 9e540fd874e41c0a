import numpy as np
import pytest

from tfq.diagnosis import evidence, segments
from tfq.stages.curves import _COLUMNS as CURVES


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


def test_an_offset_is_no_reason_where_the_mouth_goes_with_the_voice_at_none():
    piece, far = segments.Segment("lip_sync", 0, 25, 3.0, 0), np.full(25, -12.0)
    told = evidence.explain({"offset": far, "confidence": np.full(25, 0.1)}, piece)
    assert told.text == "mouth and voice match at no offset (confidence 0.10)"
    assert "480 ms" in evidence.explain({"offset": far, "confidence": np.full(25, 0.3)}, piece).text


def test_a_share_counts_only_frames_in_which_it_is_known():
    piece = segments.Segment("consistency", 0, 100, 1.5, 3)
    closed = np.full(100, np.nan)
    closed[40:50] = [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]
    assert (
        evidence.explain({"closed_in_voice": closed}, piece).text == "mouth is closed in 60% of the frames with voice"
    )
    closed[44:] = np.nan  # four frames tell nothing
    assert evidence.explain({"closed_in_voice": closed}, piece).text == evidence.NO_EVIDENCE


def test_what_is_merely_unusual_is_told_where_nothing_stronger_is_known():
    piece = segments.Segment("expression", 0, 50, 1.5, 3)
    little = {"upper_motion": np.full(50, 0.045)}
    told = evidence.explain(little, piece)
    assert told.text == "upper face moves little (0.045 eye distances/s; four recordings of five have more)"
    assert told.evidence == {"upper_motion": 0.045}
    assert told.strength < 1
    jerks = {"jerkiness": np.full(50, 1.51)}
    assert evidence.explain({**little, **jerks}, piece).text == "face jerks (jerkiness 1.51)"
    assert evidence.explain({"upper_motion": np.full(50, 0.06)}, piece).text == evidence.NO_EVIDENCE


def test_eyes_that_do_not_blink_are_told_only_of_a_long_piece():
    lids = {"blink_left": np.full(300, 0.1), "blink_right": np.full(300, 0.1)}
    long, short = (segments.Segment("expression", 0, stop, 1.5, 3) for stop in (300, 240))
    assert evidence.explain(lids, long).text == "eyes do not blink for 12 s"
    assert evidence.explain(lids, short).text == evidence.NO_EVIDENCE
    lids["blink_left"][150:154] = 0.7
    assert evidence.explain(lids, long).text == evidence.NO_EVIDENCE


@pytest.mark.parametrize("dimension", evidence.RULES)
def test_merely_unusual_never_outranks_what_is_wrong(dimension):
    rng = np.random.default_rng(0)
    piece = segments.Segment(dimension, 0, 50, 1.5, 3)
    for rule in evidence.RULES[dimension]:
        if "four recordings of five" not in rule.texts[0]:
            continue
        for _ in range(20):
            scale = 10.0 ** rng.uniform(-4, 4)
            curves = {name: np.full(50, rng.choice([-1, 1]) * scale) for name in CURVES}
            told = rule.look(curves, piece)
            assert told is None or 0.5 <= told.strength < 1
