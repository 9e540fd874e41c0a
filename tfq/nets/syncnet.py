"""The original SyncNet (Chung and Zisserman 2016), named as in the authors' code, so that their file loads."""

from __future__ import annotations

from torch import Tensor, nn


class SyncNet(nn.Module):
    """Two towers of 1024 numbers, not normalised: the mouth over five frames, the sound over 20 MFCC columns."""

    def __init__(self, width: int = 1024) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_flat(1, 64, 3, padding=1),
            nn.MaxPool2d((1, 1), (1, 1)),
            *_flat(64, 192, 3, padding=1),
            nn.MaxPool2d((3, 3), (1, 2)),
            *_flat(192, 384, 3, padding=1),
            *_flat(384, 256, 3, padding=1),
            *_flat(256, 256, 3, padding=1),
            nn.MaxPool2d((3, 3), (2, 2)),
            *_flat(256, 512, (5, 4)),
        )
        self.netfcaud = _head(width)
        self.netfclip = _head(width)
        self.netcnnlip = nn.Sequential(
            *_deep(3, 96, (5, 7, 7), stride=(1, 2, 2)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_deep(96, 256, (1, 5, 5), stride=(1, 2, 2), padding=(0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_deep(256, 256, (1, 3, 3), padding=(0, 1, 1)),
            *_deep(256, 256, (1, 3, 3), padding=(0, 1, 1)),
            *_deep(256, 256, (1, 3, 3), padding=(0, 1, 1)),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_deep(256, 512, (1, 6, 6)),
        )

    def sound(self, cepstrum: Tensor) -> Tensor:
        """`[B, 1, 13, 20]` MFCC to `[B, 1024]`."""
        rows: Tensor = self.netfcaud(self.netcnnaud(cepstrum).flatten(1))
        return rows

    def picture(self, faces: Tensor) -> Tensor:
        """`[B, 3, 5, 224, 224]` BGR in 0-255 to `[B, 1024]`."""
        rows: Tensor = self.netfclip(self.netcnnlip(faces).flatten(1))
        return rows


def _flat(before: int, after: int, kernel: int | tuple[int, int], padding: int = 0) -> tuple[nn.Module, ...]:
    return nn.Conv2d(before, after, kernel, padding=padding), nn.BatchNorm2d(after), nn.ReLU()


def _deep(
    before: int,
    after: int,
    kernel: tuple[int, int, int],
    stride: int | tuple[int, int, int] = 1,
    padding: int | tuple[int, int, int] = 0,
) -> tuple[nn.Module, ...]:
    return nn.Conv3d(before, after, kernel, stride, padding), nn.BatchNorm3d(after), nn.ReLU()


def _head(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, width))
