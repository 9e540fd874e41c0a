import numpy as np
import pytest
import torch

from tfq.config import DIMENSIONS
from tfq.nets.fusion import Fusion
from tfq.nets.positions import RotaryAttention, turned
from tfq.nets.spec import CLEAN, LEAST_SPREAD, PARTS_OF_WHOLE, FusionSpec
from tfq.nets.summary import knots, ranks
from tfq.nets.summary_arrays import PARTS

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
@pytest.mark.parametrize("summary", ["moments", "ranks"])
def test_scores_lie_on_the_scale_and_everything_learns(fusion, pooling, views, summary):
    network = Fusion(FusionSpec(**SPEC, fusion=fusion, pooling=pooling, views=views, summary=summary))
    out = network(*inputs(3, 20))
    assert out["clip"].shape == (3, 3)
    assert out["time"].shape == (3, 20, 3)
    for scores in (out["clip"], out["time"]):
        assert ((scores > 1) & (scores < 5)).all()
    sum(value.square().sum() for value in out.values()).backward()
    unused = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert all("absent" in name for name in unused)


@pytest.mark.parametrize(
    ("fusion", "positions", "views"),
    [
        ("audio_query", "sinusoidal", "all"),
        ("both", "sinusoidal", "own"),
        ("concat", "learned", "all"),
        ("both", "learned", "own"),
        ("both", "rotary", "own"),
    ],
)
def test_padding_does_not_change_a_score(fusion, positions, views):
    network = Fusion(FusionSpec(**SPEC, fusion=fusion, positions=positions, views=views)).eval()
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


def test_options_left_alone_leave_older_checkpoints_fitting():
    plain = set(Fusion(FusionSpec(**SPEC)).state_dict())
    assert not any(name.startswith(("places", "spreads", "teach")) for name in plain)
    assert set(Fusion(FusionSpec(**SPEC, positions="rotary")).state_dict()) == plain


def test_the_spread_and_what_is_foretold_come_where_they_are_asked_for():
    network = Fusion(FusionSpec(**SPEC, spread=True, teachers=("mel",)))
    out = network(*inputs(3, 20))
    assert out["spread"].shape == (3, 3)
    assert (out["spread"] > LEAST_SPREAD).all()
    assert out["teacher.mel"].shape == (3, 20, 8)


@pytest.mark.parametrize("stream", ["picture", "sound", "cross"])
def test_a_stream_may_be_missing(stream):
    network = Fusion(FusionSpec(**{**SPEC, stream: {}}))
    assert network(*inputs(2, 20))["clip"].isfinite().all()


def test_rotary_attention_sees_distances_only():
    torch.manual_seed(0)
    query, key = torch.randn(1, 8), torch.randn(1, 8)
    rows = turned(query.repeat(40, 1)) @ turned(key.repeat(40, 1)).T
    torch.testing.assert_close(rows.diagonal(-5), rows[5, 0].expand(35), atol=1e-4, rtol=0)
    assert (rows[0, 0] - rows[9, 0]).abs() > 1e-2


def test_without_positions_rotary_attention_is_the_plain_one(monkeypatch):
    torch.manual_seed(0)
    plain = torch.nn.MultiheadAttention(32, 4, batch_first=True).eval()
    rotary = RotaryAttention(32, 4, batch_first=True).eval()
    rotary.load_state_dict(plain.state_dict())
    monkeypatch.setattr("tfq.nets.positions.turned", lambda rows: rows)
    query, memory, hidden = torch.randn(2, 5, 32), torch.randn(2, 7, 32), torch.arange(7).expand(2, 7) > 4
    expected = plain(query, memory, memory, key_padding_mask=hidden)[0]
    torch.testing.assert_close(rotary(query, memory, memory, key_padding_mask=hidden)[0], expected)


@pytest.mark.parametrize("fusion", ["audio_query", "video_query", "both", "concat"])
@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary"])
@pytest.mark.parametrize(
    "options",
    [
        {"pooling": "mean", "views": "own", "spread": True},
        {"pooling": "attention", "views": "all", "spread": False},
        {"views": "own", "summary": "ranks", "overall": "composed", "spread": True, "dimensions": DIMENSIONS},
    ],
)
def test_it_scores_over_plain_arrays_as_it_was_trained(fusion, positions, options):
    network = Fusion(FusionSpec(**{**SPEC, **options}, fusion=fusion, positions=positions)).eval()
    network.learn_ranks({name: torch.randn(40, PARTS * size) for name, size in network.spec.features.items()})
    for weight in network.parameters():  # vectors of absent rows start at zero, which would hide their loss
        torch.nn.init.normal_(weight, std=0.2)
    plain = network.plain()
    for frames, missing in ((1, ()), (7, ("mel",)), (300, ()), (50, ("lips", "mel", "sync"))):
        features, present, inside = inputs(1, frames, seed=frames)
        present = {name: torch.rand(1, frames) > 0.2 for name in present}
        present |= {name: torch.zeros(1, frames, dtype=torch.bool) for name in missing}
        with torch.inference_mode():
            wanted = network(features, present, inside)
        found = plain(
            {name: rows[0].numpy() for name, rows in features.items()},
            {name: there[0].numpy() for name, there in present.items()},
        )
        np.testing.assert_allclose(found.clip, wanted["clip"][0], atol=1e-5)
        np.testing.assert_allclose(found.time, wanted["time"][0], atol=1e-5)
        told = wanted["spread"][0] if options["spread"] else np.ones(3)
        np.testing.assert_allclose(found.spread, told, rtol=1e-5)


def test_composed_overall_is_what_the_dimensions_make_of_it():
    network = Fusion(FusionSpec(**{**SPEC, "dimensions": DIMENSIONS}, views="own", overall="composed")).eval()
    for head, raw in zip(network.of_clip, (9.0, 9.0, -0.5, 9.0, 9.0, 0.0), strict=True):
        torch.nn.init.zeros_(head[-1].weight)
        torch.nn.init.constant_(head[-1].bias, raw)
    scores = network(*inputs(1, 10))["clip"][0]
    lost = PARTS_OF_WHOLE["audio_quality"] * (CLEAN - scores[2])
    torch.testing.assert_close(scores[-1], CLEAN - lost, atol=0.05, rtol=0)
    scores[-1].backward()
    assert not network.of_clip[2][-1].bias.grad.any()  # what is said of the whole teaches the other dimensions nothing


def test_ranks_are_where_a_clip_lies_among_those_of_training():
    found = torch.rand(4000, 3, generator=torch.Generator().manual_seed(0))
    found[:, 2] = 1.0
    told = ranks(found, knots(found))
    wanted = found[:, :2].argsort(0).argsort(0) / 2000 - 1
    torch.testing.assert_close(told[:, :2], wanted, atol=0.03, rtol=0)
    assert (told[:, 2].abs() < 0.1).all()
