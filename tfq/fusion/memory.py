"""How much memory training takes, by a formula, so that a configuration can be chosen before it runs."""

from __future__ import annotations

import torch

from tfq.nets.fusion import Fusion
from tfq.nets.spec import FusionSpec

BYTES = 4  # float32; mixed precision takes less
COPIES = 6  # of the weights: themselves, gradients, two moments of AdamW, the moving average and its best


def needed(spec: FusionSpec, batch: int, frames: int) -> int:
    """Bytes that the weights and one batch of training keep, in 32 bits.

        4 · (6 P  +  B T · (F + 4 f W + M (W + 200) + 7 W + d L (27 W + 6 H T)))

    `P` weights; `B` clips of `T` frames; `f` features with `F` columns in all; `M` dimensions; `W` width; `L` layers and
    `H` heads in each of `d` decoders (2 for `both`, none for `concat`). `6 H T` is the attention inside and across the
    streams, kept whole; the fused kernels of a GPU keep none of it. The clips themselves come on top, and in passing
    some of the largest tensors once more.
    """
    with torch.device("meta"):
        weights = sum(parameter.numel() for parameter in Fusion(spec).parameters())
    width = spec.width
    layers = {"both": 2, "concat": 0}.get(spec.fusion, 1) * spec.layers * (27 * width + 6 * spec.heads * frames)
    heads = len(spec.dimensions) * (width + 200)
    of_frame = sum(spec.features.values()) + (4 * len(spec.features) + 7) * width + heads + layers
    return BYTES * (COPIES * weights + batch * frames * of_frame)
