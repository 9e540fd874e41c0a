"""The face-quality network: what ONNX Runtime runs is what was trained, and damage is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tfq.artefacts import KINDS, Scene
from tfq.errors import WeightsError
from tfq.faces.align import fit_similarity, five_points, warp
from tfq.faces.portrait import portrait
from tfq.features.face_quality import SEEN
from tfq.models import face_quality, own
from tfq.models.runtime import Models
from tfq.nets.face_quality import FaceQuality
from tfq.nets.spec import FACE_QUALITY_EMBEDDING

DATA = Path(__file__).parent.parent / "data"
random = np.random.default_rng(0)
GIVEN = {
    "portrait": random.random((3, 1, 128, 128), np.float32),
    "crop": random.random((3, 3, 96, 96), np.float32),
}


@pytest.fixture
def network() -> FaceQuality:
    """Untrained, with norms that have seen pictures."""
    torch.manual_seed(0)
    made = FaceQuality()
    for _ in range(3):
        made(torch.rand(8, 1, 128, 128) ** 2, torch.rand(8, 3, 96, 96))
    return made.eval()


def test_the_graph_says_what_the_network_says(tmp_path: Path, network: FaceQuality) -> None:
    for parameter in network.state_dict().values():
        if parameter.is_floating_point():
            parameter.copy_(parameter.half().float())
    face_quality.save(tmp_path / "a.safetensors", network)
    session = Models(threads=1)._running(face_quality.graph(tmp_path / "a.safetensors"))
    with torch.inference_mode():
        wanted = network(*(torch.from_numpy(GIVEN[name]) for name in face_quality.TOWERS))
    embedding, quality = session.run(None, GIVEN)
    assert embedding.shape == (3, FACE_QUALITY_EMBEDDING)
    np.testing.assert_allclose(embedding, wanted[0].numpy(), atol=5e-3)  # its norms are folded in half precision
    np.testing.assert_allclose(quality, wanted[1].numpy(), atol=5e-3)


def test_a_flipped_bit_is_told(tmp_path: Path, network: FaceQuality) -> None:
    path = tmp_path / "a.safetensors"
    face_quality.save(path, network)
    content = bytearray(path.read_bytes())
    content[-500] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        face_quality.graph(path)


def test_another_network_is_told() -> None:
    with pytest.raises(WeightsError, match="not a face-quality network"):
        face_quality.graph(own.path("tfq-sync"))


@pytest.mark.parametrize("kind", ["blur", "blocking", "mouth_patch"])
def test_the_shipped_network_is_small_and_sees_a_ruined_face(kind: str) -> None:
    assert own.path("tfq-face-quality").stat().st_size < 1_000_000
    session = Models(threads=1).session("tfq-face-quality")
    picture = cv2.cvtColor(cv2.imread(str(DATA / "portrait.jpg")), cv2.COLOR_BGR2RGB)
    points = np.loadtxt(DATA / "portrait_landmarks.csv", delimiter=",", skiprows=0, dtype=np.float32)[:, -3:]
    scene = Scene(range(1), 1, 0, landmarks=points[None])
    transform = fit_similarity(five_points(points[None]), 96, 0.1)[0]
    quality = []
    for severity in (0, 2, 5):
        shown = next(KINDS[kind].pictures([picture], severity, scene)) if severity else picture
        given = {
            "portrait": portrait(shown, points)[None, None, SEEN, SEEN].astype(np.float32) / 255,
            "crop": warp(shown, transform, 96).transpose(2, 0, 1)[None].astype(np.float32) / 255,
        }
        quality.append(float(session.run(["quality"], given)[0][0]))
    assert quality[0] > quality[1] > quality[2]
