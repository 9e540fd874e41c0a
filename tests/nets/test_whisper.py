from __future__ import annotations

import numpy as np
import pytest

from tests.nets.whisper_arrays import arrays
from tfq.models.runtime import WHISPER_PIECE_S
from tfq.nets.whisper import LONGEST, WIDTH, WhisperEncoder, in_pieces


@pytest.fixture(scope="module")
def encoder() -> WhisperEncoder:
    return WhisperEncoder(arrays(2), 2)


def mel(columns: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(80, columns)).astype(np.float32)


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 1), (3, 2), (300, 150), (3000, LONGEST)])
def test_one_state_before_and_one_after_each_layer_at_50_hz(encoder: WhisperEncoder, columns: int, rows: int) -> None:
    states = encoder(np.zeros((80, columns), np.float32))
    assert [state.shape for state in states] == [(rows, WIDTH)] * 3
    assert {state.dtype for state in states} == {np.dtype(np.float32)}


def test_layers_asked_for_do_not_change_those_before(encoder: WhisperEncoder) -> None:
    np.testing.assert_array_equal(WhisperEncoder(arrays(2), 1)(mel(50))[1], encoder(mel(50))[1])


@pytest.mark.parametrize("columns", [99, 100, 640, 641, 1000])
def test_long_sound_keeps_every_row_once(encoder: WhisperEncoder, columns: int) -> None:
    states = encoder.long(mel(columns), piece_s=1.0, edge_s=0.5)
    assert {state.shape for state in states} == {((columns + 1) // 2, WIDTH)}


def test_pieces_hold_the_sound_of_their_own_time() -> None:
    """The convolutions see 30 ms, so without positions every piece must give what the whole sound gives."""
    bare = WhisperEncoder(arrays(0), 0)
    bare.positions = np.zeros_like(bare.positions)
    pieces, whole = bare.long(mel(1001), piece_s=1.0, edge_s=0.5)[0], bare(mel(1001))[0]
    np.testing.assert_allclose(pieces, whole, atol=1e-5)


def test_short_sound_is_not_cut_into_pieces(encoder: WhisperEncoder) -> None:
    np.testing.assert_array_equal(encoder.long(mel(200))[2], encoder(mel(200))[2])


@pytest.mark.parametrize("rows", [1000, LONGEST])
def test_what_whisper_can_hear_at_once_has_no_seams(encoder: WhisperEncoder, rows: int) -> None:
    """Positions start anew in each piece, so that no seam could agree with the whole to 1e-3."""
    whole = encoder(mel(2 * rows))[2]
    np.testing.assert_array_equal(encoder.long(mel(2 * rows), WHISPER_PIECE_S)[2], whole)


def test_no_piece_is_longer_than_whisper_can_hear() -> None:
    lengths: list[int] = []

    def encode(columns: np.ndarray) -> list[np.ndarray]:
        lengths.append(columns.shape[1])
        return [np.zeros(((columns.shape[1] + 1) // 2, 1))]

    assert in_pieces(encode, mel(20_001), WHISPER_PIECE_S)[0].shape == (10_001, 1)
    assert max(lengths) == 2 * LONGEST
