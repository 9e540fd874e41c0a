import pytest
import torch

from tfq.fusion.memory import COPIES, needed
from tfq.nets.fusion import Fusion
from tfq.nets.spec import FusionSpec

PICTURE = {"lips": 30, "head": 12, "eyes": 10, "expression": 40, "blendshapes": 104, "picture": 20, "texture": 20}
SOUND = {"acoustic": 20, "mel": 160, "mfcc": 80, "dnsmos": 8}
CROSS = {"cross": 8, "sync": 70}
FULL = {**PICTURE, "resnet": 2048}, {**SOUND, "hubert": 768}, CROSS
DIMENSIONS = tuple("abcdef")
LARGEST = {"width": 512, "layers": 4, "heads": 8, "fusion": "both", "spread": True, "positions": "rotary"}


def counted(spec: FusionSpec, batch: int, frames: int) -> int:
    """Bytes of the weights' copies and of every tensor that one pass keeps, run without content on the meta device."""
    kept: dict[int, int] = {}
    with torch.device("meta"):
        network = Fusion(spec).train()
        own = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
        rows = {name: torch.zeros(batch, frames, size) for name, size in spec.features.items()}
        inside = torch.ones(batch, frames, dtype=torch.bool)

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            storage = tensor.untyped_storage()
            alive.append(storage)  # or else another tensor could take its place
            if storage._cdata not in own:
                kept[storage._cdata] = storage.nbytes()
            return tensor

        alive: list[torch.UntypedStorage] = []
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            out = network(rows, dict.fromkeys(rows, inside), inside)
    assert out["clip"].requires_grad
    return sum(kept.values()) + 4 * COPIES * sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("frames", [100, 300])
@pytest.mark.parametrize(
    "changes",
    [{}, {"layers": 4}, {"width": 512}, {"heads": 8}, {"fusion": "both"}, {"fusion": "concat"}, {"pooling": "mean"}],
)
def test_the_formula_is_what_is_counted(changes, frames):
    spec = FusionSpec(PICTURE, SOUND, CROSS, DIMENSIONS, **changes)
    assert needed(spec, 16, frames) == pytest.approx(counted(spec, 16, frames), rel=0.05)


def test_the_largest_configuration_fits_16_gb():
    spec = FusionSpec(*FULL, DIMENSIONS, **LARGEST)
    assert counted(spec, 16, 300) < 8e9  # half, since some tensors are there twice while they are worked on
    assert needed(spec, 16, 300) == pytest.approx(counted(spec, 16, 300), rel=0.15)
