"""Networks that see crops: ResNet-101 by way of transformers, EfficientNet-Lite2 from its own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tfq.errors import WeightsError
from tfq.models import pickled
from tfq.types import Floats, Pictures

HUB = {"resnet101": "microsoft/resnet-101"}
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which both were trained on
_RESNET_SIDE = 224
_AT_ONCE = 16


class PictureEncoder:
    """A network with what it wants done to a picture first."""

    free: Mapping[str, Mapping[int, str]] = {"given": {0: "pictures"}, "rows": {0: "pictures"}}

    def __init__(self, network: nn.Module, side: int) -> None:
        """`network`: prepared pictures `[t, 3, side, side]` to `[t, D]`."""
        self.network = network
        self._side = side

    def __call__(self, crops: Pictures) -> Floats:
        """Rows `[t, D]` float32 of RGB crops `[t, H, W, 3]` uint8, each scaled to the network's side."""
        return self.through(self.network)(crops)

    def through(self, run: Callable[[Tensor], Tensor]) -> Callable[[Pictures], Floats]:
        """The same with `run` in the place of the network."""

        def encode(crops: Pictures) -> Floats:
            rows = []
            for start in range(0, len(crops), _AT_ONCE):
                with torch.inference_mode():
                    rows.append(run(self.prepared(crops[start : start + _AT_ONCE])).float().numpy())
            return np.concatenate(rows)

        return encode

    def prepared(self, crops: Pictures) -> Tensor:
        """`[t, 3, side, side]`, bilinear, in ImageNet's deviations."""
        pictures = torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float() / 255
        mean, deviation = (torch.tensor(row)[:, None, None] for row in (_MEAN, _DEVIATION))
        sized = functional.interpolate(pictures, (self._side, self._side), mode="bilinear", antialias=True)
        return (sized - mean) / deviation


def load_resnet(folder: Path | None = None, *, offline: bool = False) -> PictureEncoder:
    """ResNet-101 from `folder/resnet101` in the layout of `from_pretrained`, or from the hub.

    Raises:
        WeightsError: transformers is not installed, or the weights are nowhere to be had.
    """
    try:
        from transformers import ResNetModel
    except ImportError as error:
        raise WeightsError("resnet101 needs transformers: pip install 'tfq[full]'") from error
    local = folder / "resnet101" if folder is not None and (folder / "resnet101").is_dir() else None
    where = str(local or HUB["resnet101"])
    try:
        model = ResNetModel.from_pretrained(where, local_files_only=offline or local is not None)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{where}: ResNet-101's weights cannot be had ({str(error).splitlines()[0]}); "
            "put a folder as `save_pretrained` writes it at --models DIR/resnet101"
        ) from error
    model = model.eval().requires_grad_(False)  # type: ignore[no-untyped-call]
    return PictureEncoder(_Pool(model).eval(), _RESNET_SIDE)


class _Pool(nn.Module):
    """The global average pool of a network of transformers."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> Tensor:
        rows: Tensor = self.model(pictures).pooler_output.flatten(1)
        return rows


def load_efficientnet(file: Path) -> PictureEncoder:
    """EfficientNet-Lite2 from its published file.

    Raises:
        WeightsError: it is another network's.
    """
    from tfq.nets import efficientnet

    state = pickled.load(file)
    try:
        return PictureEncoder(efficientnet.load(state), efficientnet.SIDE)
    except (RuntimeError, AttributeError) as error:
        raise WeightsError(f"{file}: not the arrays of EfficientNet-Lite2") from error
