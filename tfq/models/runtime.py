"""Running networks: what a stage is handed instead of files and settings of run-times."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfq.audio.whisper_mel import whisper_mel
from tfq.errors import WeightsError
from tfq.models import distillmos, face_quality, own, weights
from tfq.models.ahead import Ahead
from tfq.models.landmarker import Landmarker, hushed
from tfq.models.reduced import Calibration, Compared, Precision
from tfq.models.registry import weight
from tfq.types import Floats

if TYPE_CHECKING:
    import onnxruntime

    from tfq.models.checkpoint import Checkpoint
    from tfq.models.hubert import Hubert
    from tfq.models.sync import SyncModel
    from tfq.models.whisper_rows import WhisperRows
    from tfq.nets.syncnet import SyncNet
    from tfq.nets.whisper import WhisperEncoder

# Where words are: of HuBERT's and wav2vec 2.0's twelve layers one in the second half (Pasad et al. 2021, 2023); of Whisper's
# the last one that is still like the padded original (`nets.whisper`).
SPEECH_LAYER, WHISPER_LAYER = 9, 3
WHISPER_PIECE_S = 26.0  # with its edges the 30 s that Whisper can hear: what is no longer has no seams
SPEECH = ("whisper", "hubert", "chinese-hubert", "wav2vec2")  # deep networks that hear; the others see

log = logging.getLogger(__name__)

CPU_PROVIDER = "CPUExecutionProvider"
GPU_PROVIDERS = ("CUDAExecutionProvider", "ROCMExecutionProvider")


class Models:
    """Networks by their names in the registry, loaded when first asked for and shared by all files of a process.

    Make one in each process: neither ONNX Runtime nor MediaPipe survives a fork.
    """

    def __init__(
        self, folder: Path | None = None, threads: int | None = None, offline: bool = False, gpu: bool = False
    ) -> None:
        """`threads` is what each network may use; `None` leaves it to the run-times, which take all cores.

        `gpu`: networks of ONNX Runtime run on the first GPU that this process sees, where the run-time has a provider for it.
        """
        self.folder = folder
        self.gpu = gpu
        self.threads = threads
        self.offline = offline
        self.ahead = Ahead()
        self._loading = threading.RLock()  # what works ahead loads networks too
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}
        self._encoders: dict[int, WhisperEncoder] = {}
        self._huberts: dict[str, Hubert] = {}
        self._deep: dict[tuple[str, str, str], Callable[[Any], Floats]] = {}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._sync: dict[str, SyncModel] = {}
        self._parameters: dict[str, dict[str, Floats]] = {}
        self._syncnet: SyncNet | None = None

    def sha(self, name: str) -> str:
        """SHA-256 of a model's file; from the registry, where nothing is read or fetched, unless it is one of ours."""
        return own.sha(name) if own.is_own(name) else weight(name).sha256

    def path(self, name: str) -> Path:
        """The verified file of a model, fetched if need be."""
        return own.path(name) if own.is_own(name) else weights.find(name, self.folder, self.offline)

    def checkpoint(self, name: str) -> Checkpoint:
        """A trained multi-task model: ours by name, a user's by path."""
        if name not in self._checkpoints:
            from tfq.models.checkpoint import load

            self._checkpoints[name] = load(self.path(name))
        return self._checkpoints[name]

    def sync(self, name: str) -> SyncModel:
        """A trained sync network: ours by name, a user's by path."""
        if name not in self._sync:
            from tfq.models.sync import load

            self._sync[name] = load(self.path(name))
        return self._sync[name]

    def syncnet(self) -> SyncNet:
        """The original SyncNet, from the authors' file, which is converted to safetensors beside it the first time."""
        if self._syncnet is None:
            from tfq.models.syncnet import load

            self._syncnet = load(self.path("syncnet"))
        return self._syncnet

    def session(self, name: str) -> onnxruntime.InferenceSession:
        """An ONNX model on the CPU. SCRFD takes pictures of any height and width that 32 divides."""
        with self._loading:
            if name not in self._sessions:
                self._sessions[name] = self._started(name)
        return self._sessions[name]

    def _started(self, name: str) -> onnxruntime.InferenceSession:
        path = self.path(name)
        return self._running(_GRAPHS[name](path) if name in _GRAPHS else path.read_bytes())

    def _running(self, model: bytes) -> onnxruntime.InferenceSession:
        # Read at the first import: what is turned off later has reported the process and kept a number for the machine.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads or 0
        options.inter_op_num_threads = 1
        # The arena keeps what the largest run needed, for good: a seventh less time for DNSMOS and DistillMOS, but a
        # process that scores 10 s of 720p then takes 0.9 GB and not 0.65.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        # Threads that spin while they wait take the cores from everything else in the process: SCRFD at 320 on two
        # threads cost 37 ms of processor time with it and 14 without.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        onnxruntime.disable_telemetry_events()
        here = onnxruntime.get_available_providers() if self.gpu else ()
        providers = [name for name in GPU_PROVIDERS if name in here]
        if self.gpu and not providers:
            log.warning("ONNX Runtime has no provider for a GPU here; install onnxruntime-gpu")
        return onnxruntime.InferenceSession(model, options, providers=[*providers, CPU_PROVIDER])

    def parameters(self, name: str) -> dict[str, Floats]:
        """The arrays of a model that is no network: `niqe` or `brisque`."""
        if name not in self._parameters:
            from tfq.models.natural import PARAMETERS

            self._parameters[name] = PARAMETERS[name](self.path(name))
        return self._parameters[name]

    def landmarker(self) -> Landmarker:
        """A new Face Landmarker for one video: its tracker remembers faces and must not see another clip."""
        return Landmarker(self.path("face_landmarker").read_bytes())

    @contextmanager
    def face_detector(self) -> Iterator[Any]:
        """MediaPipe's short-range face detector for single pictures, closed at the end of the block."""
        from mediapipe.tasks.python import BaseOptions, vision

        model = self.path("blazeface").read_bytes()
        options = vision.FaceDetectorOptions(
            base_options=BaseOptions(model_asset_buffer=model), running_mode=vision.RunningMode.IMAGE
        )
        with hushed():
            network = vision.FaceDetector.create_from_options(options)
        try:
            yield network
        finally:
            network.close()

    def hubert(self, name: str) -> Hubert:
        """HuBERT by its name on the hub or in the folder of models, or by the path of its own folder."""
        if name not in self._huberts:
            import torch

            from tfq.models.hubert import load

            if self.threads:
                torch.set_num_threads(self.threads)
            self._huberts[name] = load(name, self.folder, offline=self.offline)
        return self._huberts[name]

    def encoder(
        self, name: str, precision: Precision = "fp32", calibration: Calibration | None = None
    ) -> Callable[[Any], Floats]:
        """A deep network of the features by its name: those of `SPEECH` take sound, others crops.

        In less than `fp32` it is a new `reduced.Compared`. `calibration` is what int8 is calibrated on.
        """
        key = (name, precision, calibration.identity if calibration is not None else "")
        if key not in self._deep:
            self._deep[key] = (
                self._encoder(name) if precision == "fp32" else self._reduced(name, precision, calibration)
            )
        return self._deep[key] if precision == "fp32" else Compared(self._deep[key], self.encoder(name))

    def _reduced(self, name: str, precision: Precision, calibration: Calibration | None) -> Callable[[Any], Floats]:
        from tfq.models import reduced

        encoder: Any = self._whisper_module() if name == "whisper" else self.encoder(name)
        if precision == "bf16":
            return reduced.halved(encoder)
        if calibration is None:
            raise ValueError(f"{name}: int8 without anything to calibrate on")
        return reduced.quantised(name, encoder, calibration, "sound" if name in SPEECH else "crops", self._running)

    def _encoder(self, name: str) -> Any:
        from tfq.models import hubert, pictures

        if name in hubert.HUB:
            return self.hubert(name).at((SPEECH_LAYER,))
        if name == "whisper":
            return lambda sound: self.whisper(WHISPER_LAYER).long(whisper_mel(sound), WHISPER_PIECE_S)[-1]
        if self.threads:
            import torch

            torch.set_num_threads(self.threads)
        if name in pictures.HUB:
            return pictures.load_resnet(self.folder, offline=self.offline)
        return pictures.load_efficientnet(self.path(name))

    def _whisper_module(self) -> WhisperRows:
        from tfq.models.whisper_rows import WhisperRows

        return WhisperRows(self._whisper_arrays(), WHISPER_LAYER, WHISPER_PIECE_S)

    def whisper(self, layers: int = 3) -> WhisperEncoder:
        """The first layers of the Whisper-base encoder, ready to run; at most 4."""
        with self._loading:
            if layers not in self._encoders:
                from tfq.nets.whisper import WhisperEncoder

                self._encoders[layers] = WhisperEncoder(self._whisper_arrays(), layers)
        return self._encoders[layers]

    def _whisper_arrays(self) -> dict[str, Floats]:
        from safetensors.numpy import load_file

        stored = load_file(self.path("whisper-base-encoder"))
        return {name: array.astype("float32") for name, array in stored.items()}


def _free_size(path: Path) -> bytes:
    """SCRFD for pictures of any size: its two Resize nodes double a map, but are written with sizes for 640 x 640."""
    import numpy as np
    import onnx

    model = onnx.load(path)
    double = onnx.numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "tfq_double")
    model.graph.initializer.append(double)
    resizes = [node for node in model.graph.node if node.op_type == "Resize"]
    if len(resizes) != 2:
        raise WeightsError(f"{path}: not the SCRFD that tfq knows")
    for node in resizes:
        del node.input[2:]
        node.input.extend([double.name])
    height, width = model.graph.input[0].type.tensor_type.shape.dim[2:]
    height.dim_param, width.dim_param = "height", "width"
    del model.graph.value_info[:]  # shapes inside, noted for 640 x 640
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[1].dim_param = f"anchors_{output.name}"
    return bytes(model.SerializeToString())


_GRAPHS = {"scrfd": _free_size, "distillmos-arrays": distillmos.graph, "tfq-face-quality": face_quality.graph}
