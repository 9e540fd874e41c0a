"""The sync stage: a file's groups in, offset or a named reason out; the original network over a real timeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests import make
from tests.nets import whisper_arrays
from tfq import timebase
from tfq.config import ExtractConfig, SyncConfig
from tfq.errors import WeightsError
from tfq.models.ahead import Ahead
from tfq.models.sync import SyncModel, export, load, save
from tfq.nets.spec import SyncSpec
from tfq.nets.sync import SyncNetwork
from tfq.nets.syncnet import SyncNet
from tfq.nets.whisper import WhisperEncoder
from tfq.stages import extract, sync
from tfq.store import Stamp, TfqFile
from tfq.sync.geometry import COLUMNS
from tfq.sync.offset import Calibration

FRAMES = 70
CALIBRATION = Calibration((3.0, 0.3), (20.0, 0.5, 0.0, -5.0), (6.0, 6.0))


class Networks:
    """Untrained networks in place of the trained ones."""

    threads, ahead = 1, Ahead()

    def __init__(self) -> None:
        torch.manual_seed(0)
        spec = SyncSpec(shape=COLUMNS, crop=48, speech=1024, parts=8, width=16, embedding=16)
        self.trained = SyncNetwork(spec).eval().requires_grad_(False)
        torch.nn.init.normal_(self.trained.sound_side.speech_parts.basis)
        self._sync = SyncModel(self.trained.plain(), CALIBRATION)
        self._whisper = WhisperEncoder(whisper_arrays.arrays(3), 3)

    def sync(self, _name: str) -> SyncModel:
        return self._sync

    def whisper(self, _layers: int) -> WhisperEncoder:
        return self._whisper

    def syncnet(self) -> SyncNet:
        torch.manual_seed(0)
        return SyncNet().eval().requires_grad_(False)


def build(path: Path, *, face: str = "ok", mouth: bool = True, voice: str = "ok") -> TfqFile:
    random = np.random.default_rng(0)
    boxed, seen = np.full(FRAMES, face == "ok"), np.full(FRAMES, face == "ok" and mouth)
    seen[10:12] = False
    file = TfqFile(path, durable=False)
    with file.replacing("extract", Stamp("extract", 1)) as group:
        group.put("time_s", timebase.frame_times(FRAMES))
        group.put("audio", random.normal(0, 0.1, timebase.samples_of(FRAMES)))
    with file.replacing("detect", Stamp("detect", 1)) as group:
        group.put("valid", boxed)
        group.status = face
    with file.replacing("align", Stamp("align", 1)) as group:
        group.put("landmarks", np.where(seen[:, None, None], random.uniform(10, 50, (FRAMES, 478, 3)), np.nan))
        group.put("blendshapes", np.where(seen[:, None], random.random((FRAMES, 52)), np.nan))
        group.put("mouths", random.integers(0, 255, (FRAMES, 64, 64), dtype=np.uint8))
        group.put("valid", seen)
    with file.replacing("audio", Stamp("audio", 1)) as group:
        group.put("speech", np.full(FRAMES, voice == "ok"))
        group.status = voice
    return file


def test_curves_lie_on_the_grid_and_the_numbers_agree(tmp_path: Path) -> None:
    with build(tmp_path / "a.h5") as file:
        sync.run(file, SyncConfig(), Networks(), Stamp("sync", 1))
        assert file.shape("sync/distance") == (FRAMES, 31)
        assert file.shape("sync/offset") == file.shape("sync/confidence") == (FRAMES,)
        assert not file.array("sync/valid")[10:12].any()
        info = file.info("sync")
        assert info["windows"] == file.array("sync/valid").sum() == FRAMES - 2
        assert 0 <= info["probability"] <= 1
        assert file.status("sync") in ("ok", "at_search_edge")
        assert (info["offset_ms"] is None) == (file.status("sync") != "ok")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"face": "no_face"}, "no_face"),
        ({"mouth": False}, "mouth_hidden"),
        ({"voice": "no_speech"}, "no_speech"),
        ({"voice": "silent"}, "silent"),
    ],
)
def test_nothing_to_measure_has_a_name_and_no_number(tmp_path: Path, changes: dict[str, object], status: str) -> None:
    with build(tmp_path / "a.h5", **changes) as file:
        sync.run(file, SyncConfig(), Networks(), Stamp("sync", 1))
        assert file.status("sync") == status
        assert np.isnan(file.array("sync/distance")).all()
        assert np.isnan(file.array("sync/offset")).all()
        assert file.info("sync")["offset_ms"] is None
        assert file.info("sync")["confidence"] is None


def test_the_original_runs_over_the_timeline_and_gives_both_readings(tmp_path: Path) -> None:
    video = make.clip(tmp_path / "a.mp4", duration_s=0.64, sound=make.Beeps())
    with TfqFile(tmp_path / "a.h5", durable=False) as file:
        extract.run(file, ExtractConfig(), Networks(), Stamp("extract", 1), video)
        count = file.shape("extract/time_s")[0]
        with file.replacing("detect", Stamp("detect", 1)) as group:
            group.put("valid", np.ones(count, bool))
            group.put("boxes", np.tile(np.array([20.0, 20.0, 60.0, 60.0]), (1, count, 1)))
            group.info = {"judged_track": 0}
        sync.run(file, SyncConfig(compat="syncnet"), Networks(), Stamp("sync", 1))
        info, table = file.info("sync"), file.array("sync/distance")
        windows = count - 5
        assert np.isfinite(table[2 : 2 + windows, 15]).all()
        assert np.isnan(table[:2]).all()
        assert np.isnan(table[2 + windows :]).all()
        assert {"lse_c_masked", "lse_c_padded", "lse_d_masked", "lse_d_padded"} <= set(info)
        assert info["confidence"] == info["lse_c_masked"]


def test_a_saved_network_measures_as_before_and_so_does_its_onnx(tmp_path: Path) -> None:
    import onnxruntime

    networks = Networks()
    model = networks.sync("")
    save(tmp_path / "a.safetensors", model)
    again = load(tmp_path / "a.safetensors")
    export(tmp_path / "a.onnx", networks.trained)
    assert again.calibration == model.calibration
    random = np.random.default_rng(0)
    crops = random.integers(0, 255, (37, 64, 64), dtype=np.uint8)
    inputs = {
        "shape": random.normal(size=(37, COLUMNS)).astype(np.float32),
        "crops": again.network.view(crops),
        "speech": random.normal(size=(74, 1024)).astype(np.float32),
        "mel": random.normal(size=(148, 80)).astype(np.float32),
    }
    picture = again.network.picture(inputs["shape"], crops)
    sound = again.network.sound(inputs["speech"], inputs["mel"])
    assert picture == pytest.approx(model.network.picture(inputs["shape"], crops), abs=0.02)
    session = onnxruntime.InferenceSession(tmp_path / "a.onnx", providers=["CPUExecutionProvider"])
    seen, heard = session.run(None, {name: values[None] for name, values in inputs.items()})
    assert seen[0] == pytest.approx(picture, abs=0.02)
    assert heard[0] == pytest.approx(sound, abs=0.02)


def test_arrays_that_do_not_fit_their_description_are_told(tmp_path: Path) -> None:
    model = Networks().sync("")
    del model.network.arrays["shape.enter.bias"]
    save(tmp_path / "a.safetensors", model)
    with pytest.raises(WeightsError, match="does not fit"):
        load(tmp_path / "a.safetensors")
