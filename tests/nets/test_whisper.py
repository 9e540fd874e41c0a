from __future__ import annotations

import pytest
import torch

from tfq.nets.whisper import LONGEST, WIDTH, WhisperEncoder


@pytest.fixture(scope="module")
def encoder() -> WhisperEncoder:
    torch.manual_seed(0)
    return WhisperEncoder(2).eval().requires_grad_(False)


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (2, 1), (3, 2), (300, 150), (3000, LONGEST)])
def test_one_state_before_and_one_after_each_layer_at_50_hz(encoder: WhisperEncoder, columns: int, rows: int) -> None:
    states = encoder(torch.zeros(2, 80, columns))
    assert [tuple(state.shape) for state in states] == [(2, rows, WIDTH)] * 3


def test_layers_asked_for_do_not_change_those_before(encoder: WhisperEncoder) -> None:
    mel = torch.randn(1, 80, 50)
    shallow = WhisperEncoder(1)
    shallow.load_state_dict({key: value for key, value in encoder.state_dict().items() if "layers.1" not in key})
    torch.testing.assert_close(shallow.eval()(mel)[1], encoder(mel)[1])


@pytest.mark.parametrize("columns", [99, 100, 640, 641, 1000])
def test_long_sound_keeps_every_row_once(encoder: WhisperEncoder, columns: int) -> None:
    states = encoder.long(torch.randn(80, columns), piece_s=1.0, edge_s=0.5)
    assert {tuple(state.shape) for state in states} == {((columns + 1) // 2, WIDTH)}


def test_pieces_hold_the_sound_of_their_own_time(encoder: WhisperEncoder) -> None:
    """The convolutions see 30 ms, so without positions every piece must give what the whole sound gives."""
    mel = torch.randn(80, 1001)
    bare = WhisperEncoder(0)
    bare.load_state_dict({key: value for key, value in encoder.state_dict().items() if "layers" not in key})
    bare.positions.zero_()
    bare = bare.eval().requires_grad_(False)
    torch.testing.assert_close(bare.long(mel, piece_s=1.0, edge_s=0.5)[0], bare(mel[None])[0][0])


def test_short_sound_is_not_cut_into_pieces(encoder: WhisperEncoder) -> None:
    mel = torch.randn(80, 200)
    torch.testing.assert_close(encoder.long(mel)[2], encoder(mel[None])[2][0])
