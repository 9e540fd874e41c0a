"""Results as `tfq score` gives them, for what shows them."""

from __future__ import annotations

from typing import Any

from tfq.config import DIMENSIONS

HOSTILE = '"><img src=x onerror=alert(1)></script><script>boom()</script>.mp4'


def result(file: str, overall: float = 4.0, **changes: Any) -> dict[str, Any]:
    """One clip, judged, with one weak segment."""
    scores = {name: {"mos": overall, "low": overall - 0.5, "high": min(5.0, overall + 0.5)} for name in DIMENSIONS}
    weak = {
        "start_s": 1.0, "end_s": 2.0, "dimension": "lip_sync", "mos": 2.0, "worst_frame_s": 1.5, "box_px": [1, 2, 30, 40],
        "reason": "mouth lags the voice by 160 ms",
    }  # fmt: skip
    return {
        "format": "tfq-score",
        "file": file,
        "status": "ok",
        "scores": scores,
        "unjudged": {},
        "reasons": {},
        "weak_segments": [weak],
        "sync": {"offset_ms": 12.0},
        **changes,
    }
