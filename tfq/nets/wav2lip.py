"""The generator of Wav2Lip (Prajwal et al. 2020), named as in the authors' code, so that their file loads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIDE = 96  # of the faces it takes and gives
BANDS, STEPS = 80, 16  # of the mel spectrogram it takes


class Wav2Lip(nn.Module):
    """A face with its lower half hidden, the same face as reference, and 0.2 s of sound become a face that says it."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(
            [
                nn.Sequential(_Down(6, 16, 7, 1, 3)),
                *(
                    _narrowing(before, 2 * before, same)
                    for before, same in ((16, 2), (32, 3), (64, 2), (128, 2), (256, 1))
                ),
                nn.Sequential(_Down(512, 512, 3, 1, 0), _Down(512, 512, 1, 1, 0)),
            ]
        )
        self.audio_encoder = nn.Sequential(
            _Down(1, 32, 3, 1, 1), *_same(32, 2),
            _Down(32, 64, 3, (3, 1), 1), *_same(64, 2),
            _Down(64, 128, 3, 3, 1), *_same(128, 2),
            _Down(128, 256, 3, (3, 2), 1), *_same(256, 1),
            _Down(256, 512, 3, 1, 0), _Down(512, 512, 1, 1, 0),
        )  # fmt: skip
        self.face_decoder_blocks = nn.ModuleList(
            [
                nn.Sequential(_Down(512, 512, 1, 1, 0)),
                nn.Sequential(_Up(1024, 512, 1, 0, 0), *_same(512, 1)),
                *(
                    nn.Sequential(_Up(before, after, 2, 1, 1), *_same(after, 2))
                    for before, after in ((1024, 512), (768, 384), (512, 256), (320, 128), (160, 64))
                ),
            ]
        )
        self.output_block = nn.Sequential(_Down(80, 32, 3, 1, 1), nn.Conv2d(32, 3, 1), nn.Sigmoid())

    def forward(self, mel: Tensor, faces: Tensor) -> Tensor:
        """`[B, 1, 80, 16]` mel and `[B, 6, 96, 96]` BGR in 0-1, hidden face first, to `[B, 3, 96, 96]` BGR in 0-1."""
        x = self.audio_encoder(mel)
        kept = []
        for block in self.face_encoder_blocks:
            faces = block(faces)
            kept.append(faces)
        for block, before in zip(self.face_decoder_blocks, reversed(kept), strict=True):
            x = torch.cat((block(x), before), 1)
        out: Tensor = self.output_block(x)
        return out


class _Down(nn.Module):
    """Convolution, batch norm, ReLU; `residual` adds what came in."""

    def __init__(
        self, before: int, after: int, kernel: int, stride: int | tuple[int, int], padding: int, residual: bool = False
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(before, after, kernel, stride, padding), nn.BatchNorm2d(after))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv_block(x)
        return torch.relu(out + x if self.residual else out)


class _Up(nn.Module):
    def __init__(self, before: int, after: int, stride: int, padding: int, more: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ConvTranspose2d(before, after, 3, stride, padding, more), nn.BatchNorm2d(after)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv_block(x))


def _same(width: int, count: int) -> list[nn.Module]:
    return [_Down(width, width, 3, 1, 1, residual=True) for _ in range(count)]


def _narrowing(before: int, after: int, same: int) -> nn.Sequential:
    return nn.Sequential(_Down(before, after, 3, 2, 1), *_same(after, same))
