"""The audio-visual sync network of `tfq.nets.sync` for inference: the same weights over plain arrays."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from tfq.nets.arrays import Weights, gelu, unit
from tfq.nets.spec import CROP_REACH, KEPT, SyncSpec
from tfq.types import Floats, Pictures

_CONVOLUTIONS = 4
_PIECE = 16  # frames whose crops are looked at together, so that memory stays small


class SyncArrays:
    """Both sides. The picture's embedding is the normalised sum of what the shape and the crops say."""

    def __init__(self, spec: SyncSpec, arrays: Mapping[str, Floats]) -> None:
        self.spec = spec
        self.arrays = arrays
        self._weights = Weights(arrays)

    def picture(self, shape: Floats, crops: Pictures) -> Floats:
        """The mouth's shape `[T, G]` and its grey crops `[T, 64, 64]` as stored, to unit vectors `[T, E]`."""
        side = self._weights.at("shape")
        rows: Floats = (shape.astype(np.float32) - side["scale.mean"]) / side["scale.deviation"]
        rows = self._tower(side.at("tower"), side.conv("enter", rows, padding=1))
        if self.spec.crop:
            side = self._weights.at("crops")
            rows = rows + self._tower(side.at("tower"), side.linear("enter", self._seen(side, self.view(crops))))
        return unit(rows)

    def sound(self, speech: Floats, mel: Floats) -> Floats:
        """Speech rows `[2 T, W]` (50 Hz) and log-mel `[4 T, M]` (100 Hz) to unit vectors `[T, E]`."""
        side = self._weights.at("sound_side")
        words = (speech.astype(np.float32) - side["speech_parts.mean"]) @ side["speech_parts.basis"]
        tones = (mel.astype(np.float32) - side["mel_scale.mean"]) / side["mel_scale.deviation"]
        rows = side.conv("speech", words, stride=2, padding=1) + side.conv("mel", tones, stride=4, padding=2)
        return unit(self._tower(side.at("tower"), rows))

    def view(self, crops: Pictures) -> Floats:
        """The middle of stored crops `[T, 64, 64]` uint8 at the side that the network takes, in 0-1."""
        edge = round(crops.shape[-1] * (1 - KEPT) / 2)
        inner = crops[:, edge:-edge, edge:-edge].astype(np.float32) / 255
        side = (self.spec.crop, self.spec.crop)
        return np.stack([cv2.resize(crop, side, interpolation=cv2.INTER_LINEAR) for crop in inner])

    def _tower(self, tower: Weights, rows: Floats) -> Floats:
        for i in range(self.spec.layers - 1):
            block = tower.at(f"blocks.{i}")
            hidden = gelu(block.batch_norm("norm", block.conv("mix", rows, padding=1)))
            rows = rows + block.conv("out", hidden)
        return tower.conv("head", gelu(tower.batch_norm("norm", rows)))

    def _seen(self, side: Weights, crops: Floats) -> Floats:
        """What the convolutions see of crops `[T, S, S]`, `[T, C s s]`; the first layer looks at five frames."""
        flat = crops - crops.mean((1, 2), keepdims=True)
        flat /= np.sqrt((flat**2).mean((1, 2), keepdims=True) + 1e-4)
        held = np.concatenate([flat[:1]] * CROP_REACH + [flat] + [flat[-1:]] * CROP_REACH)
        return np.concatenate(
            [
                self._convolved(side.at("picture"), held[start : start + _PIECE + 2 * CROP_REACH])
                for start in range(0, len(crops), _PIECE)
            ]
        )

    @staticmethod
    def _convolved(picture: Weights, held: Floats) -> Floats:
        count = len(held) - 2 * CROP_REACH
        rows = np.stack([held[i : i + count] for i in range(2 * CROP_REACH + 1)], 3)  # [T, S, S, 5]
        for i in range(_CONVOLUTIONS):
            layer = picture.at(str(i))
            seen = layer.conv_pictures("0", rows, 2, layer["0.weight"].shape[2] // 2)
            rows = np.maximum(layer.batch_norm("1", seen), 0)
        return rows.transpose(0, 3, 1, 2).reshape(count, -1)
