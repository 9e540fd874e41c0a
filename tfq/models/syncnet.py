"""Loading the authors' `syncnet_v2.model`: a pickled state, read without running anything in it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from tfq import disk
from tfq.errors import InputError, WeightsError
from tfq.models import pickled
from tfq.nets.syncnet import SyncNet

if TYPE_CHECKING:
    from torch import Tensor


def load(path: Path) -> SyncNet:
    """The network in evaluation mode; its weights are kept as safetensors beside the file once converted.

    Raises:
        WeightsError: the file holds something else.
    """
    from safetensors.torch import load_file

    converted = path.with_suffix(".safetensors")
    if not converted.is_file():
        state = _unpickled(path)
        with contextlib.suppress(InputError):  # a folder of weights may be read-only
            _write(state, converted)
    else:
        state = load_file(converted)
    network = SyncNet()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WeightsError(f"{path}: not the SyncNet that its authors published") from error
    return network.eval().requires_grad_(False)


def _unpickled(path: Path) -> dict[str, Tensor]:
    return {name: tensor.contiguous() for name, tensor in pickled.load(path).items()}


def _write(state: dict[str, Tensor], target: Path) -> None:
    from safetensors.torch import save

    with disk.written(target) as sibling:
        sibling.write_bytes(save(state))
