"""HuBERT (Hsu et al. 2021) and wav2vec 2.0 (Baevski et al. 2020), which are built alike, by way of transformers.

The sync network can hear through HuBERT in place of Whisper, and each is a group of features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tfq.errors import WeightsError
from tfq.types import Floats, Sound

if TYPE_CHECKING:
    from transformers import HubertModel, Wav2Vec2Model

HUB = {
    "hubert": "facebook/hubert-base-ls960",
    "chinese-hubert": "TencentGameMate/chinese-hubert-base",
    "wav2vec2": "facebook/wav2vec2-base",
}

STEP = 320  # samples from one row to the next, 20 ms
FIELD = 400  # samples that a row is made from
FRONT = 500  # rows that the convolutions make at a time
PIECE, EDGE = 3000, 250  # rows that attention goes over at a time, and those of their neighbours around them


class Hubert:
    """The encoder with its layers' rows, two a frame."""

    def __init__(self, model: HubertModel | Wav2Vec2Model, *, normalise: bool) -> None:
        """`normalise`: the weights were trained on sound of zero mean and unit deviation."""
        self._model = model.eval().requires_grad_(False)  # type: ignore[no-untyped-call]
        # The model is handed what the convolutions make, so that these can go over the sound piece by piece.
        self._convolutions: Any = model.feature_extractor
        self._model.feature_extractor = torch.nn.Identity()
        self._normalise = normalise

    @property
    def sha256(self) -> str:
        """Of the weights, whatever kind of file they came in."""
        digest = hashlib.sha256()
        front = {f"feature_extractor.{name}": tensor for name, tensor in self._convolutions.state_dict().items()}
        for name, tensor in sorted({**self._model.state_dict(), **front}.items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def rows(self, sound: Sound, layers: tuple[int, ...]) -> Floats:
        """Hidden states of some layers side by side, `[N // 320, W]` float32; row `j` is centred on `j / 50 + 0.01` s.

        The convolutions go over the sound in pieces and give exactly what they give of the whole. Attention goes over
        a minute at once; longer sound is cut with five seconds of the neighbours around each piece.

        Args:
            sound: `[N]` at 16 kHz.
            layers: 0 is the input of the first layer, 1 its output.
        """
        count = len(sound) // STEP
        if not count:
            return np.zeros((0, len(layers) * self._model.config.hidden_size), np.float32)
        if self._normalise:
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        around = (FIELD - STEP) // 2
        with torch.inference_mode():
            front = self._front(torch.from_numpy(np.pad(sound[: count * STEP], around).astype(np.float32)), count)
            pieces = []
            for start in range(0, count, PIECE):
                first, last = max(0, start - EDGE), min(count, start + PIECE + EDGE)
                states = self._model(front[None, :, first:last], output_hidden_states=True).hidden_states
                kept = slice(start - first, min(start + PIECE, count) - first)
                pieces.append(torch.cat([states[layer][0, kept] for layer in layers], 1).numpy())
        return np.concatenate(pieces)

    def _front(self, sound: torch.Tensor, count: int) -> torch.Tensor:
        """What the convolutions make of padded sound, `[C, count]`, a piece at a time."""
        first, *others = self._convolutions.conv_layers
        normed = self._over_time(first, sound)
        parts = []
        for start in range(0, count, FRONT):
            stop = min(start + FRONT, count)
            heard = sound[start * STEP : (stop - 1) * STEP + FIELD][None, None]
            rows = first(heard) if normed is None else first.activation(normed(first.conv(heard)))
            for layer in others:
                rows = layer(rows)
            parts.append(rows[0])
        return torch.cat(parts, 1)

    @staticmethod
    def _over_time(first: Any, sound: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor] | None:
        """The norm behind the first convolution with its mean and variance over all of the sound; None: it has none.

        Of a piece alone they would be others, and every row after them.
        """
        norm = getattr(first, "layer_norm", None)
        if not isinstance(norm, torch.nn.GroupNorm):
            return None
        (size,), (hop,) = first.conv.kernel_size, first.conv.stride
        outputs, step = (len(sound) - size) // hop + 1, FRONT * STEP // hop
        total = square = torch.zeros(first.conv.out_channels, dtype=torch.float64)
        for start in range(0, outputs, step):
            heard = sound[start * hop : (min(start + step, outputs) - 1) * hop + size]
            rows = first.conv(heard[None, None])[0].double()
            total, square = total + rows.sum(1), square + (rows**2).sum(1)
        mean = total / outputs
        scale = norm.weight / torch.sqrt(square / outputs - mean**2 + norm.eps).float()
        shift = norm.bias - mean.float() * scale
        return lambda rows: rows * scale[:, None] + shift[:, None]


def load(name: str, folder: Path | None = None, *, offline: bool = False) -> Hubert:
    """Load HuBERT or wav2vec 2.0 from a folder in the layout of `from_pretrained`, or from the hub.

    Args:
        name: a folder, or a key of `HUB`, which may also be a folder inside `folder`.
        folder: looked into first.
        offline: use only what is on this machine.

    Raises:
        WeightsError: transformers is not installed, or the weights are nowhere to be had.
    """
    try:
        from transformers import AutoFeatureExtractor, AutoModel
    except ImportError as error:
        raise WeightsError(f"--speech {name} needs transformers: pip install 'tfq[full]'") from error
    places = [Path(name), *([folder / name] if folder is not None else [])]
    local = next((place for place in places if place.is_dir()), None)
    if local is None and name not in HUB:
        raise WeightsError(f"--speech {name}: neither a folder with HuBERT's weights nor one of {', '.join(HUB)}")
    where = str(local) if local is not None else HUB[name]
    try:
        model = AutoModel.from_pretrained(where, local_files_only=offline or local is not None)
        prepare = AutoFeatureExtractor.from_pretrained(  # type: ignore[no-untyped-call]
            where, local_files_only=offline or local is not None
        )
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{where}: HuBERT's weights cannot be had ({str(error).splitlines()[0]}); "
            f"put a folder as `save_pretrained` writes it at --models DIR/{name}, or name it with --speech"
        ) from error
    return Hubert(model, normalise=bool(prepare.do_normalize))
