"""HuBERT in place of Whisper as what the sync network hears through (Hsu et al. 2021), by way of transformers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from tfq.errors import WeightsError
from tfq.types import Floats, Sound

if TYPE_CHECKING:
    from transformers import HubertModel

HUB = {"hubert": "facebook/hubert-base-ls960", "chinese-hubert": "TencentGameMate/chinese-hubert-base"}

STEP = 320  # samples from one row to the next, 20 ms
FIELD = 400  # samples that a row is made from
PIECE, EDGE = 1000, 100  # rows computed at a time, and of their neighbours' around them that are thrown away


class Hubert:
    """The encoder with its layers' rows, two a frame."""

    def __init__(self, model: HubertModel, *, normalise: bool) -> None:
        """`normalise`: the weights were trained on sound of zero mean and unit deviation."""
        self._model = model.eval().requires_grad_(False)  # type: ignore[no-untyped-call]
        self._normalise = normalise

    @property
    def sha256(self) -> str:
        """Of the weights, whatever kind of file they came in."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def rows(self, sound: Sound, layers: tuple[int, ...]) -> Floats:
        """Hidden states of some layers side by side, `[N // 320, W]` float32; row `j` is centred on `j / 50 + 0.01` s.

        Long sound is encoded in pieces. The first convolution is normalised over the time it is given, so a piece
        differs from the whole by a little.

        Args:
            sound: `[N]` at 16 kHz.
            layers: 0 is the input of the first layer, 1 its output.
        """
        count = len(sound) // STEP
        if self._normalise and count:
            sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
        around = (FIELD - STEP) // 2
        padded = np.pad(sound[: count * STEP], around).astype(np.float32)
        pieces = [np.zeros((0, len(layers) * self._model.config.hidden_size), np.float32)]
        for start in range(0, count, PIECE):
            first, last = max(0, start - EDGE), min(count, start + PIECE + EDGE)
            heard = torch.from_numpy(padded[first * STEP : last * STEP + 2 * around])
            with torch.inference_mode():
                states = self._model(heard[None], output_hidden_states=True).hidden_states
            kept = slice(start - first, min(start + PIECE, count) - first)
            pieces.append(np.concatenate([states[layer][0, kept].numpy() for layer in layers], axis=1))
        return np.concatenate(pieces)


def load(name: str, folder: Path | None = None, *, offline: bool = False) -> Hubert:
    """Load HuBERT from a folder in the layout of `from_pretrained`, or from the hub.

    Args:
        name: a folder, or a key of `HUB`, which may also be a folder inside `folder`.
        folder: looked into first.
        offline: use only what is on this machine.

    Raises:
        WeightsError: transformers is not installed, or the weights are nowhere to be had.
    """
    try:
        from transformers import AutoFeatureExtractor, HubertModel
    except ImportError as error:
        raise WeightsError(f"--speech {name} needs transformers: pip install 'tfq[full]'") from error
    places = [Path(name), *([folder / name] if folder is not None else [])]
    local = next((place for place in places if place.is_dir()), None)
    if local is None and name not in HUB:
        raise WeightsError(f"--speech {name}: neither a folder with HuBERT's weights nor one of {', '.join(HUB)}")
    where = str(local) if local is not None else HUB[name]
    try:
        model = HubertModel.from_pretrained(where, local_files_only=offline or local is not None)
        prepare = AutoFeatureExtractor.from_pretrained(  # type: ignore[no-untyped-call]
            where, local_files_only=offline or local is not None
        )
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{where}: HuBERT's weights cannot be had ({str(error).splitlines()[0]}); "
            f"put a folder as `save_pretrained` writes it at --models DIR/{name}, or name it with --speech"
        ) from error
    return Hubert(model, normalise=bool(prepare.do_normalize))
