"""Arrays of an untrained Whisper encoder, named and shaped as those in its file."""

from __future__ import annotations

import numpy as np

from tfq.nets.whisper import MELS, WIDTH

SHAPES = {
    "attention_norm": (WIDTH,),
    "attention.qkv": (3 * WIDTH, WIDTH),
    "attention.out": (WIDTH, WIDTH),
    "mlp_norm": (WIDTH,),
    "mlp_in": (4 * WIDTH, WIDTH),
    "mlp_out": (WIDTH, 4 * WIDTH),
}


def arrays(layers: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = {"conv1": (WIDTH, MELS, 3), "conv2": (WIDTH, WIDTH, 3)}
    shapes |= {f"layers.{i}.{name}": shape for i in range(layers) for name, shape in SHAPES.items()}
    found = {}
    for name, shape in shapes.items():
        near = 1.0 if name.endswith("norm") else 0.0
        found[f"{name}.weight"] = near + random.normal(0, 0.02, shape).astype(np.float32)
        found[f"{name}.bias"] = random.normal(0, 0.02, shape[0]).astype(np.float32)
        if name.endswith("qkv"):
            found[f"{name}.bias"][WIDTH : 2 * WIDTH] = 0  # Whisper's keys have no bias
    return {name: array.astype(np.float32) for name, array in found.items()}
