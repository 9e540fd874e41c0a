"""Layers of networks over plain arrays, for inference without torch, which takes seconds to import.

Rows lie along time, `[T, C]`, one clip at a time; weights have the names and shapes that torch gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tfq.types import Floats

_HALF = np.float32(0.5)
_ROOT_HALF = np.float32(np.sqrt(0.5))
_ERF_ENDS = np.float32(3.8325068)
_ERF_OVER = (2.2904763929734e-4, 3.4081868036666e-3, 5.0955373084656e-2, 1.8520596851746e-1, 1.1283791435934)
_ERF_UNDER = (
    *(-1.1791686248995e-7, 2.3547873931968e-5, 1.0179360902507e-3, 1.4070262520656e-2),
    *(1.1098406875339e-1, 4.9746716580592e-1, 1.0),
)


@dataclass(frozen=True)
class Weights:
    """The arrays of a network, or of a part of it: those whose names begin with `prefix`."""

    arrays: Mapping[str, Floats]
    prefix: str = ""

    def __getitem__(self, name: str) -> Floats:
        return self.arrays[self.prefix + name]

    def at(self, name: str) -> Weights:
        """The part of that name."""
        return Weights(self.arrays, f"{self.prefix}{name}.")

    def linear(self, name: str, rows: Floats) -> Floats:
        """`[..., I]` to `[..., O]`."""
        mapped = rows @ self[f"{name}.weight"].T
        mapped += self[f"{name}.bias"]
        return mapped

    def layer_norm(self, name: str, rows: Floats) -> Floats:
        """Each row to mean 0 and variance 1, then scaled (Ba et al. 2016)."""
        centred = rows - rows.mean(-1, keepdims=True)
        centred /= np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
        return np.asarray(centred * self[f"{name}.weight"] + self[f"{name}.bias"])

    def batch_norm(self, name: str, rows: Floats) -> Floats:
        """Channels, which are last, by the mean and variance of training (Ioffe and Szegedy 2015)."""
        scale = self[f"{name}.weight"] / np.sqrt(self[f"{name}.running_var"] + 1e-5)
        return np.asarray(rows * scale + (self[f"{name}.bias"] - self[f"{name}.running_mean"] * scale))

    def conv(self, name: str, rows: Floats, stride: int = 1, padding: int = 0, dilation: int = 1) -> Floats:
        """Convolution over time, `[T, I]` to `[T', O]`; channel by channel where the weights are for one each."""
        kernel = self[f"{name}.weight"]  # [O, I, K]
        reach = dilation * (kernel.shape[2] - 1)
        padded = np.pad(rows, ((padding, padding), (0, 0)))
        count = (len(padded) - reach - 1) // stride + 1
        alone = kernel.shape[1] == 1 < rows.shape[1]
        total = np.tile(self[f"{name}.bias"], (count, 1))
        for step in range(kernel.shape[2]):
            seen = padded[step * dilation : step * dilation + stride * (count - 1) + 1 : stride]
            total += seen * kernel[:, 0, step] if alone else seen @ kernel[:, :, step].T
        return total

    def conv_pictures(self, name: str, pictures: Floats, stride: int, padding: int) -> Floats:
        """Convolution over pictures `[N, H, W, I]`, without bias, to `[N, H', W', O]`."""
        kernel = self[f"{name}.weight"]  # [O, I, K, K]
        padded = np.pad(pictures, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
        windows = sliding_window_view(padded, kernel.shape[2:], (1, 2))[:, ::stride, ::stride]  # [N, H', W', I, K, K]
        rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(*windows.shape[:3], -1)  # channels last copy fastest
        return np.asarray(rows @ kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1).T)


def gelu(rows: Floats) -> Floats:
    """The exact form, by the error function (Hendrycks and Gimpel 2016)."""
    gate = erf(rows * _ROOT_HALF)
    gate += 1
    gate *= _HALF
    gate *= rows
    return np.asarray(gate)


def erf(x: Floats) -> Floats:
    """The error function to 5e-7, a sixth of the time of scipy's, whose import alone takes 0.2 s.

    `x P(x^2) / Q(x^2)`, fitted for the least relative error where float32 knows the function from one.
    """
    x = np.clip(x, -_ERF_ENDS, _ERF_ENDS)
    square = x * x
    found, under = (_polynomial(square, parts) for parts in (_ERF_OVER, _ERF_UNDER))
    found *= x
    found /= under
    return found


def _polynomial(x: Floats, parts: Sequence[float]) -> Floats:
    """`parts` from the highest power down."""
    total = np.full_like(x, parts[0])
    for part in parts[1:]:
        total *= x
        total += x.dtype.type(part)
    return total


def softmax(rows: Floats, axis: int = -1) -> Floats:
    """Shares that sum to one along an axis."""
    powers = np.exp(rows - rows.max(axis, keepdims=True))
    powers /= powers.sum(axis, keepdims=True)
    return np.asarray(powers)


def unit(rows: Floats) -> Floats:
    """Rows of length one."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12))


def attention(query: Floats, key: Floats, value: Floats) -> Floats:
    """Scaled dot products (Vaswani et al. 2017): heads first, `[H, Q, D]` over `[H, K, D]` to `[Q, H D]`."""
    scale = np.float32(query.shape[2] ** -0.5)
    # Head by head: the table of one fits into the processor's cache.
    mixed = [softmax((q * scale) @ k.T) @ v for q, k, v in zip(query, key, value, strict=True)]
    return np.concatenate(mixed, 1)


def heads_of(rows: Floats, heads: int) -> Floats:
    """`[T, H D]` as `[H, T, D]`."""
    return rows.reshape(len(rows), heads, -1).transpose(1, 0, 2)
