"""Whisper's encoder through torch, as `tfq.models.reduced` wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from tfq.audio.whisper_mel import whisper_mel
from tfq.nets.whisper import in_pieces
from tfq.nets.whisper_module import WhisperModule
from tfq.types import Floats, Sound


class WhisperRows:
    """Sound `[N]` at 16 kHz to the rows of one layer, `[R, 512]`, in the pieces of `tfq.nets.whisper`."""

    free: Mapping[str, Mapping[int, str]] = {"given": {2: "columns"}, "rows": {1: "heard"}}

    def __init__(self, arrays: Mapping[str, Floats], layer: int, piece_s: float) -> None:
        self.network = WhisperModule(arrays, layer)
        self._piece_s = piece_s

    def through(self, run: Callable[[Tensor], Tensor]) -> Callable[[Sound], Floats]:
        """The same with `run` in the place of the network."""

        def encode(mel: Floats) -> list[Floats]:
            with torch.inference_mode():
                return [run(torch.from_numpy(np.ascontiguousarray(mel[None])))[0].float().numpy()]

        return lambda sound: in_pieces(encode, whisper_mel(sound), self._piece_s)[0]
