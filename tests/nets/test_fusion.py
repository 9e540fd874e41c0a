import pytest
import torch

from tfq.nets.fusion import Fusion, FusionSpec

SPEC = {
    "picture": {"lips": 5},
    "sound": {"mel": 8},
    "cross": {"sync": 3},
    "dimensions": ("lip_sync", "expression", "audio_quality"),
    "width": 32,
    "layers": 2,
    "heads": 4,
}


def inputs(batch: int, frames: int, seed: int = 0) -> tuple[dict, dict, torch.Tensor]:
    torch.manual_seed(seed)
    sizes = {"lips": 5, "mel": 8, "sync": 3}
    features = {name: torch.randn(batch, frames, size) for name, size in sizes.items()}
    present = {name: torch.ones(batch, frames, dtype=torch.bool) for name in sizes}
    return features, present, torch.ones(batch, frames, dtype=torch.bool)


@pytest.mark.parametrize("fusion", ["audio_query", "video_query", "both", "concat"])
@pytest.mark.parametrize("pooling", ["mean", "attention"])
@pytest.mark.parametrize("views", ["own", "all"])
def test_scores_lie_on_the_scale_and_everything_learns(fusion, pooling, views):
    network = Fusion(FusionSpec(**SPEC, fusion=fusion, pooling=pooling, views=views))
    out = network(*inputs(3, 20))
    assert out["clip"].shape == (3, 3)
    assert out["time"].shape == (3, 20, 3)
    for scores in (out["clip"], out["time"]):
        assert ((scores > 1) & (scores < 5)).all()
    sum(value.square().sum() for value in out.values()).backward()
    unused = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert all("absent" in name for name in unused)


@pytest.mark.parametrize("fusion", ["audio_query", "both", "concat"])
@pytest.mark.parametrize("views", ["own", "all"])
def test_padding_does_not_change_a_score(fusion, views):
    network = Fusion(FusionSpec(**SPEC, fusion=fusion, views=views)).eval()
    features, present, inside = inputs(1, 20)
    plain = network(features, present, inside)
    padded_features = {name: torch.cat([rows, torch.zeros(1, 7, rows.shape[2])], 1) for name, rows in features.items()}
    padded_present = {
        name: torch.cat([there, torch.ones(1, 7, dtype=torch.bool)], 1) for name, there in present.items()
    }
    longer = network(padded_features, padded_present, torch.cat([inside, torch.zeros(1, 7, dtype=torch.bool)], 1))
    torch.testing.assert_close(longer["clip"], plain["clip"], atol=1e-4, rtol=0)


def test_an_absent_feature_is_not_read():
    network = Fusion(FusionSpec(**SPEC)).eval()
    features, present, inside = inputs(2, 20)
    present["lips"] = torch.zeros_like(present["lips"])
    first = network(features, present, inside)["clip"]
    features["lips"] = torch.randn(2, 20, 5)
    torch.testing.assert_close(network(features, present, inside)["clip"], first)


def test_far_logits_still_have_a_slope():
    network = Fusion(FusionSpec(**SPEC))
    for head in network.of_clip:
        torch.nn.init.constant_(head[-1].bias, 40.0)
    out = network(*inputs(1, 10))["clip"]
    out.sum().backward()
    assert all(head[-1].bias.grad.abs().sum() > 1e-7 for head in network.of_clip)


def test_with_own_views_the_other_stream_cannot_move_a_score():
    network = Fusion(FusionSpec(**SPEC, views="own")).eval()
    features, present, inside = inputs(2, 20)
    before = network(features, present, inside)
    after = network({**features, "mel": torch.randn(2, 20, 8)}, present, inside)
    _, face, voice = SPEC["dimensions"]
    moved = {name: (after["clip"] - before["clip"])[:, i].abs().max() for i, name in enumerate(SPEC["dimensions"])}
    assert moved[face] == 0 < moved[voice]
    assert moved["lip_sync"] > 0
    assert torch.equal(after["time"][..., 1], before["time"][..., 1])
