import numpy as np
import pytest
import torch

from tfq.nets.spec import SyncSpec
from tfq.nets.sync import SyncNetwork
from tfq.sync.embed import embed_picture, embed_sound
from tfq.sync.geometry import COLUMNS

SPEECH = 32


@pytest.fixture(params=[0, 48], ids=["shape only", "with crops"])
def trained(request):
    torch.manual_seed(0)
    spec = SyncSpec(shape=COLUMNS, crop=request.param, speech=SPEECH, parts=8, width=32, embedding=16)
    built = SyncNetwork(spec).eval().requires_grad_(False)
    for name, tensor in built.state_dict().items():
        if tensor.is_floating_point() and ("mean" in name or "basis" in name or "norm" in name):
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return built


@pytest.fixture
def network(trained):
    return trained.plain()


def clip(frames, seed=0):
    random = np.random.default_rng(seed)
    shape = random.normal(size=(frames, COLUMNS)).astype(np.float32)
    crops = random.integers(0, 255, (frames, 64, 64), dtype=np.uint8)
    speech = random.normal(size=(2 * frames, SPEECH)).astype(np.float32)
    return shape, crops, speech, random.normal(size=(4 * frames, 80)).astype(np.float32)


def test_one_unit_vector_a_frame(network):
    shape, crops, speech, mel = clip(30)
    for rows in (embed_picture(network, shape, crops), embed_sound(network, speech, mel, 30)):
        assert rows.shape == (30, 16)
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(30), abs=1e-4)


def test_a_frame_knows_only_its_neighbours(network):
    shape, crops, speech, mel = clip(60)
    picture, sound = embed_picture(network, shape, crops), embed_sound(network, speech, mel, 60)
    shape[:20], crops[:20], speech[:40], mel[:80] = 0, 0, 0, 0
    assert embed_picture(network, shape, crops)[26:] == pytest.approx(picture[26:], abs=1e-5)
    assert embed_sound(network, speech, mel, 60)[26:] == pytest.approx(sound[26:], abs=1e-5)
    assert not np.allclose(embed_sound(network, speech, mel, 60)[18], sound[18])


def test_long_clips_in_pieces_are_the_same_as_at_once(network, monkeypatch):
    shape, crops, speech, mel = clip(90)
    whole = embed_picture(network, shape, crops), embed_sound(network, speech, mel, 90)
    monkeypatch.setattr("tfq.sync.embed._PIECE", 25)
    assert embed_picture(network, shape, crops) == pytest.approx(whole[0], abs=1e-5)
    assert embed_sound(network, speech, mel, 90) == pytest.approx(whole[1], abs=1e-5)


def test_no_face_and_no_sound_are_nan(network):
    shape, crops, speech, mel = clip(30)
    shape[4] = np.nan
    picture = embed_picture(network, shape, crops)
    assert np.isnan(picture[4]).all()
    assert np.isfinite(picture[5:]).all()
    sound = embed_sound(network, speech[:40], mel[:80], 30)
    assert np.isnan(sound[20:]).all()
    assert np.isfinite(sound[:20]).all()


def test_it_sees_and_hears_as_the_network_that_was_trained(trained, network):
    shape, crops, speech, mel = clip(37)
    shaped, pictures, words, tones = (torch.from_numpy(given)[None] for given in (shape, crops, speech, mel))
    with torch.inference_mode():
        seen, heard = trained.picture(shaped, trained.view(pictures)), trained.sound(words, tones)
    np.testing.assert_allclose(network.picture(shape, crops), seen[0], atol=1e-5)
    np.testing.assert_allclose(network.sound(speech, mel), heard[0], atol=1e-5)
