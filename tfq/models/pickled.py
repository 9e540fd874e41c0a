"""Files of PyTorch's, which are pickles: only tensors and plain containers are taken out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfq.errors import WeightsError


def load(path: Path) -> Any:
    """What a file holds.

    Raises:
        WeightsError: it is damaged, or wants anything to be run.
    """
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # damage makes the pickle machine run into anything: IndexError, KeyError, TypeError
        raise WeightsError(f"{path}: not a file of plain weights") from error
