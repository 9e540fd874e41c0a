"""Loading the authors' `wav2lip.pth` or `wav2lip_gan.pth`: a pickled state, read without running anything in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfq import disk
from tfq.errors import InputError, WeightsError
from tfq.models import pickled
from tfq.types import Floats

if TYPE_CHECKING:
    from torch import Tensor

    from tfq.nets.wav2lip import Wav2Lip

WHERE = "its authors give wav2lip.pth and wav2lip_gan.pth away for research: see https://github.com/Rudrabha/Wav2Lip"


def load(path: Path | None) -> Wav2Lip:
    """The generator in evaluation mode; its weights are kept as safetensors beside the file once converted.

    Raises:
        WeightsError: there is no such file, or it holds something else.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from tfq.nets.wav2lip import Wav2Lip

    if path is None or not path.is_file():
        missing = "wav2lip needs --weights" if path is None else f"{path}: not found"
        raise WeightsError(f"{missing}; {WHERE}")
    converted = path.with_suffix(".safetensors")
    network = Wav2Lip()
    try:
        if converted.is_file() and converted.stat().st_mtime >= path.stat().st_mtime:
            network.load_state_dict(load_file(converted))
        else:
            state = _unpickled(path)
            network.load_state_dict(state)
            with contextlib.suppress(InputError):  # a folder of weights may be read-only
                _write(state, converted)
    except (RuntimeError, SafetensorError) as error:
        raise WeightsError(f"{path}: not the generator of Wav2Lip; {WHERE}") from error
    return network.eval().requires_grad_(False)


def generator(network: Wav2Lip) -> Callable[[Floats, Floats], Floats]:
    """The network from arrays to arrays: `[B, 80, 16]` mel and `[B, 96, 96, 6]` in 0-1 to `[B, 96, 96, 3]`."""
    import torch

    def generate(mel: Floats, faces: Floats) -> Floats:
        with torch.inference_mode():
            sound = torch.from_numpy(np.ascontiguousarray(mel[:, None], np.float32))
            shown = torch.from_numpy(np.ascontiguousarray(faces.transpose(0, 3, 1, 2), np.float32))
            said: Floats = network(sound, shown).permute(0, 2, 3, 1).numpy()
        return said

    return generate


def _unpickled(path: Path) -> dict[str, Tensor]:
    import torch

    try:
        content = pickled.load(path)
    except WeightsError as error:
        raise WeightsError(f"{error}; {WHERE}") from error
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WeightsError(f"{path}: holds no weights; {WHERE}")
    return {name.removeprefix("module."): tensor.contiguous() for name, tensor in state.items()}


def _write(state: dict[str, Tensor], target: Path) -> None:
    from safetensors.torch import save

    with disk.written(target) as sibling:
        sibling.write_bytes(save(state))
