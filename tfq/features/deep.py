"""Hidden states of published networks, on the grid: what speech says, and what a face looks like to ImageNet.

Each is a group of its own that is computed only when `--only` names it: they cost more than everything else together,
and most weights come from a hub or from a folder that the user has.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from tfq.features.measurement import Clip, Column, Found, Measurement, Source
from tfq.features.picture import regions
from tfq.timebase import rows_to_grid
from tfq.types import Floats, Mask

_ROW_RATE = 50  # of every speech network here
_HUBERT, _WHISPER, _RESNET, _EFFICIENTNET = 768, 512, 2048, 1280
_WIDEST = {"the layer's": _HUBERT, "the pool's": _RESNET}


@functools.cache
def _all(about: str) -> tuple[Column, ...]:
    return tuple(Column(f"h{i}", "", -10, 10, "none", f"Number {i} of {about}.") for i in range(_WIDEST[about]))


def _columns(width: int, about: str) -> tuple[Column, ...]:
    """The first of those that several groups share: there are thousands, and each process makes them."""
    return _all(about)[:width]


def centred(rows: Floats, count: int) -> Floats:
    """Rows `[R, W]` of which row `j` stands for 20 ms around `j / 50` s on the grid, `[count, W]`.

    A frame holds one such row whole and half of the row at either end.
    """
    return rows_to_grid(np.repeat(rows, 2, axis=0)[1:], 2 * _ROW_RATE, count)


def on_grid(rows: Floats, count: int) -> Floats:
    """Rows of which row `j` stands for `[j, j + 1) / 50` s: two make a frame."""
    return rows_to_grid(rows, _ROW_RATE, count)


def _found(grid: Floats, valid: Mask) -> Found:
    known = valid & np.isfinite(grid).all(1)
    return Found({f"h{i}": np.where(known, series, np.nan) for i, series in enumerate(grid.T)}, {}, known)


def _of_speech(name: str, laid: Callable[[Floats, int], Floats]) -> Callable[[Clip], Found]:
    def measure(clip: Clip) -> Found:
        rows = clip.encoders[name](clip.sound)
        return _found(laid(rows, clip.length), np.isfinite(clip.level_db))

    return measure


def _of_pictures(name: str, part: str) -> Callable[[Clip], Found]:
    def measure(clip: Clip) -> Found:
        where = (slice(None), *getattr(regions(clip), part))
        rows = np.concatenate([clip.encoders[name](crops[where]) for crops in clip.crops()])
        return _found(rows, clip.face)

    return measure


def _speech(name: str, encoder: str, width: int, about: str, method: str, weights: tuple[str, ...] = ()) -> Measurement:
    laid = centred if encoder == "whisper" else on_grid
    return _row(
        name, encoder, about, _columns(width, "the layer's"), ("sound",), method, _of_speech(name, laid), weights
    )


def _pictures(
    name: str, encoder: str, width: int, part: str, method: str, weights: tuple[str, ...] = ()
) -> Measurement:
    about = f"What {encoder} makes of the {part}: its global average pool."
    return _row(
        name, encoder, about, _columns(width, "the pool's"), ("face",), method, _of_pictures(name, part), weights
    )


def _row(
    name: str,
    encoder: str,
    about: str,
    columns: tuple[Column, ...],
    needs: tuple[Source, ...],
    method: str,
    function: Callable[[Clip], Found],
    weights: tuple[str, ...],
) -> Measurement:
    return Measurement(name, about, columns, (), needs, method, "heavy", function, weights, encoder)


_BAEVSKI, _HSU = "Baevski et al. 2020; layer: Pasad et al. 2021", "Hsu et al. 2021; layer: Pasad et al. 2023"
_HE, _TAN = "He et al. 2016", "Tan and Le 2019"

MEASUREMENTS = (
    _speech("hubert", "hubert", _HUBERT, "Layer 9 of HuBERT-base.", _HSU),
    _speech("chinese_hubert", "chinese-hubert", _HUBERT, "Layer 9 of Chinese HuBERT-base.", _HSU),
    _speech("wav2vec2", "wav2vec2", _HUBERT, "Layer 9 of wav2vec 2.0 base.", _BAEVSKI),
    _speech(
        "whisper",
        "whisper",
        _WHISPER,
        "Layer 3 of Whisper-base's encoder.",
        "Radford et al. 2022",
        ("whisper-base-encoder",),
    ),
    _pictures("resnet101_face", "resnet101", _RESNET, "face", _HE),
    _pictures("resnet101_mouth", "resnet101", _RESNET, "mouth", _HE),
    _pictures("efficientnet_face", "efficientnet-lite2", _EFFICIENTNET, "face", _TAN, ("efficientnet-lite2",)),
    _pictures("efficientnet_mouth", "efficientnet-lite2", _EFFICIENTNET, "mouth", _TAN, ("efficientnet-lite2",)),
)
