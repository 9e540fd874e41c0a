"""A small network that sees how a face is rendered: two towers of depthwise separable convolutions, and their mean and spread.

One tower sees the middle of the portrait in grey, at the source's resolution where the face is not large; the other the aligned
crop in colour. What is measured over a whole map, mean and deviation, is blind to where a thing is and sees how much of it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tfq.nets.spec import FACE_QUALITY_EMBEDDING, FACE_QUALITY_EPSILON

STEM, BLOCKS = 16, ((32, 2), (64, 2), (96, 2), (128, 1))  # channels; channels and stride of each block


class FaceQuality(nn.Module):
    """Portraits `[B, 1, 128, 128]` and crops `[B, 3, 96, 96]`, 0 to 1, to embedding `[B, E]` in -1 to 1 and score `[B]`.

    A higher score is a better picture. Depthwise separable: Howard et al. 2017.
    """

    def __init__(self) -> None:
        super().__init__()
        self.portrait, self.crop = _tower(1), _tower(3)
        self.norm = nn.BatchNorm1d(4 * BLOCKS[-1][0])
        self.embed = nn.Linear(4 * BLOCKS[-1][0], FACE_QUALITY_EMBEDDING)
        self.judge = nn.Linear(FACE_QUALITY_EMBEDDING, 1)

    def forward(self, portrait: Tensor, crop: Tensor) -> tuple[Tensor, Tensor]:
        pooled = torch.cat([_pooled(self.portrait(4 * portrait - 2)), _pooled(self.crop(4 * crop - 2))], 1)
        embedding = torch.tanh(self.embed(self.norm(pooled)))
        return embedding, self.judge(embedding)[:, 0]


def _pooled(maps: Tensor) -> Tensor:
    mean = maps.mean((2, 3))
    deviation = torch.sqrt(((maps - mean[:, :, None, None]) ** 2).mean((2, 3)) + FACE_QUALITY_EPSILON)
    return torch.cat([mean, deviation], 1)


def _tower(channels: int) -> nn.Sequential:
    layers = _layer(channels, STEM, 5, 2)
    before = STEM
    for after, stride in BLOCKS:
        layers += [*_layer(before, before, 3, stride, before), *_layer(before, after, 1, 1)]
        before = after
    return nn.Sequential(*layers)


def _layer(before: int, after: int, kernel: int, stride: int, groups: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]
