"""HuBERT (Hsu et al. 2021) and wav2vec 2.0 (Baevski et al. 2020), which are built alike, by way of transformers.

The sync network can hear through HuBERT in place of Whisper, and each is a group of features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
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
        return self._rows(sound, self.at(layers).network, len(layers))

    def at(self, layers: tuple[int, ...]) -> HubertAt:
        """The encoder for these layers alone, whose network can be run in fewer bits."""
        return HubertAt(self, layers)

    def _rows(self, sound: Sound, run: Callable[[torch.Tensor], torch.Tensor], layers: int) -> Floats:
        """`run`: what the convolutions give, `[1, C, n]`, to `[1, n, W]`."""
        count = len(sound) // STEP
        if not count:
            return np.zeros((0, layers * self._model.config.hidden_size), np.float32)
        if self._normalise:
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        around = (FIELD - STEP) // 2
        with torch.inference_mode():
            padded = torch.from_numpy(np.pad(sound[: count * STEP], around).astype(np.float32))
            normed = self._over_time(self._convolutions.conv_layers[0], padded)
            pieces = []
            for start in range(0, count, PIECE):
                first, last = max(0, start - EDGE), min(count, start + PIECE + EDGE)
                kept = slice(start - first, min(start + PIECE, count) - first)
                pieces.append(run(self._front(padded, first, last, normed)[None])[0, kept].numpy())
        return np.concatenate(pieces)

    def _front(
        self, sound: torch.Tensor, begin: int, end: int, normed: Callable[[torch.Tensor], torch.Tensor] | None
    ) -> torch.Tensor:
        """What the convolutions make of padded sound, rows `begin` to `end` of `[C, count]`, a piece at a time."""
        first, *others = self._convolutions.conv_layers
        parts = []
        for start in range(begin, end, FRONT):
            stop = min(start + FRONT, end)
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


class HubertAt:
    """Some layers of a `Hubert`, as `tfq.models.reduced` wants it: the network behind the convolutions, and those before it.

    The convolutions over the sound stay in single precision: they are normalised over all of it.
    """

    free: Mapping[str, Mapping[int, str]] = {"given": {2: "heard"}, "rows": {1: "heard"}}

    def __init__(self, whole: Hubert, layers: tuple[int, ...]) -> None:
        self._whole, self._layers = whole, layers
        self.network = _Layers(whole._model, layers).eval()  # an export would put it back into training

    def __call__(self, sound: Sound) -> Floats:
        """As `Hubert.rows`."""
        return self.through(self.network)(sound)

    def through(self, run: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Sound], Floats]:
        """The same with `run` in the place of the network."""
        return lambda sound: self._whole._rows(sound, run, len(self._layers))


class _Layers(torch.nn.Module):
    """What the convolutions give, `[1, C, n]`, to the hidden states of some layers side by side, `[1, n, W]`.

    Layer after layer, as the model itself does it, and no farther than is wanted.
    """

    def __init__(self, model: HubertModel | Wav2Vec2Model, layers: tuple[int, ...]) -> None:
        super().__init__()
        self.projection, encoder = model.feature_projection, model.encoder
        self.positions, self.norm = encoder.pos_conv_embed, encoder.layer_norm
        self.blocks = torch.nn.ModuleList(list(encoder.layers)[: max(layers)])
        self._layers = layers
        self._norm_first = not model.config.do_stable_layer_norm

    def forward(self, heard: torch.Tensor) -> torch.Tensor:
        rows = _first(self.projection(heard.transpose(1, 2)))
        rows = rows + self.positions(rows)
        states = [self.norm(rows) if self._norm_first else rows]
        for block in self.blocks:
            states.append(_first(block(states[-1])))
        return torch.cat([states[layer] for layer in self._layers], 2)


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, tuple) else found


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
