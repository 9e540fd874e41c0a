"""The checkpoint judges a clip: scores with intervals, scores over time, weak segments with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from tfq import timebase
from tfq.config import DIMENSIONS, ScoreConfig
from tfq.diagnosis import evidence, segments
from tfq.errors import WeightsError
from tfq.faces.mouth import HIDDEN
from tfq.fusion.calibrate import interval
from tfq.fusion.explain import Explanation, explain
from tfq.fusion.judge import Judgement, judge
from tfq.fusion.rows import normalise
from tfq.models.checkpoint import Checkpoint
from tfq.models.runtime import Models
from tfq.stages import curves, explanation, inputs
from tfq.store import Stamp, TfqFile
from tfq.sync.offset import TOO_SHORT
from tfq.types import Floats, Mask

VERSION = 5
NEEDS = ("extract", "detect", "align", "audio", "sync", "features")
EMBEDDED = "tfq-embedded"

# What a dimension cannot be judged without. Overall is what a viewer says of the whole: it needs both.
NEEDS_FACE = ("lip_sync", "expression", "consistency", "visual_quality", "overall")
NEEDS_SOUND = ("lip_sync", "audio_quality", "consistency", "overall")
NEEDS_SPEECH = ("lip_sync", "consistency")
NEEDS_MOUTH = ("lip_sync", "expression", "consistency", "overall")

GOOD = 4.0  # a score from which nothing has to be explained
ALONE = 0.5  # overall is so much lower than every dimension that none of them explains it
CLEAR = 1.25  # strength of a reason that is well beyond its limit


def weights(config: ScoreConfig) -> tuple[str, ...]:
    """The checkpoint's name in the registry, or its path."""
    return (config.checkpoint or EMBEDDED,)


def run(file: TfqFile, config: ScoreConfig, models: Models, stamp: Stamp) -> None:
    """Reads every group; replaces `score`."""
    checkpoint = models.checkpoint(config.checkpoint or EMBEDDED)
    rows = inputs.read(file, tuple(checkpoint.spec.features))
    frames = file.shape("extract/time_s")[0]
    unjudged = _unjudged(file)
    unjudged.update(dict.fromkeys(set(DIMENSIONS) - set(checkpoint.spec.dimensions), "no_model"))
    scores, over_time = np.full(len(DIMENSIONS), np.nan), np.full((frames, len(DIMENSIONS)), np.nan)
    widths, moved = scores.copy(), None
    if len(unjudged) < len(DIMENSIONS):
        columns = [DIMENSIONS.index(name) for name in checkpoint.spec.dimensions]
        judged, moved = _judge(checkpoint, rows, frames, config)
        scores[columns], over_time[:, columns] = judged.clip, judged.over_time
        widths[columns] = checkpoint.half_widths * judged.spread
    for i, name in enumerate(DIMENSIONS):
        if name in unjudged:
            scores[i], over_time[:, i] = np.nan, np.nan
    valid = file.array("extract/valid")
    weak = _weak(file, over_time, valid, config)
    if moved is not None:
        weak = explanation.of_segments(weak, moved, checkpoint.spec.dimensions)
    with file.replacing("score", stamp) as group:
        group.put("scores", interval(scores, widths))
        group.put("over_time", over_time)
        group.put("valid", valid)
        if moved is not None:
            explanation.put(group, moved, checkpoint.spec.dimensions, unjudged)
        group.status = _status(file)
        group.info = {
            "model": {
                "name": checkpoint.name,
                "sha256": models.sha(config.checkpoint or EMBEDDED),
                "features": sorted(rows),
                "missing": sorted(set(checkpoint.spec.features) - set(rows)),
            },
            "unjudged": unjudged,
            "reasons": _reasons(file, scores, weak),
            "weak_segments": weak,
        }


def result(file: TfqFile, name: str) -> dict[str, Any]:
    """The JSON object of one scored file, as in `tfq score --format json`.

    Args:
        file: a file whose `score` group is there.
        name: the name that the user gave.
    """
    info, made, scores = file.info("extract"), file.info("score"), file.array("score/scores")
    sync, audio, detect = file.info("sync"), file.info("audio"), file.info("detect")
    return {
        "format": "tfq-score",
        "format_version": 1,
        "tfq": version("tfq"),
        "file": name,
        "sha256": file.attrs["source_sha256"],
        "duration_s": info["duration_s"],
        "model": made["model"],
        "status": file.status("score"),
        "scores": {dimension: _score(scores[i]) for i, dimension in enumerate(DIMENSIONS)},
        "unjudged": made["unjudged"],
        "reasons": made["reasons"],
        "sync": {
            "offset_ms": sync.get("offset_ms"),
            "positive": "audio_early",
            "confidence": sync.get("confidence"),
            "probability": sync.get("probability"),
            "status": file.status("sync"),
        },
        "indicators": curves.indicators(file),
        "weak_segments": made["weak_segments"],
        "faces": {
            "tracks": detect.get("tracks", 0),
            "judged_track": detect.get("judged_track"),
            "coverage": file.info("align").get("coverage", 0.0),
        },
        "speech_ratio": audio.get("speech_ratio"),
        **({"explanation": moved} if (moved := explanation.read(file)) else {}),
    }


def _judge(
    checkpoint: Checkpoint, rows: Mapping[str, Floats], frames: int, config: ScoreConfig
) -> tuple[Judgement, Explanation | None]:
    """What the checkpoint says of the clip, and what moved it where that is asked for."""
    ready, present = {}, {}
    for name, (mean, deviation) in checkpoint.scale.items():
        raw = rows.get(name, np.full((frames, len(mean)), np.nan, np.float32))
        if raw.shape[1] != len(mean):
            raise WeightsError(
                f"{checkpoint.name}: trained on {len(mean)} columns of {name}, but this tfq measures {raw.shape[1]}; train it again"
            )
        ready[name], present[name] = normalise(raw, mean, deviation)
    judged = judge(checkpoint.network, ready, present)
    return judged, explain(checkpoint.network, ready, present, judged) if config.explain else None


def _unjudged(file: TfqFile) -> dict[str, str]:
    """Why a dimension has no score: the name of the reason, by dimension."""
    reasons: dict[str, str] = {}
    audio = file.status("audio")
    if audio != "ok":
        reasons.update(dict.fromkeys(NEEDS_SPEECH if audio == "no_speech" else NEEDS_SOUND, audio))
    for group in ("align", "detect"):
        if file.status(group) != "ok":
            reasons.update(dict.fromkeys(NEEDS_FACE, file.status(group)))
    sync = file.status("sync")
    for dimension in {TOO_SHORT: ("lip_sync",), HIDDEN: NEEDS_MOUTH}.get(sync, ()):
        reasons.setdefault(dimension, sync)
    return reasons


def _status(file: TfqFile) -> str:
    for group in ("detect", "align", "audio"):
        if file.status(group) != "ok":
            return file.status(group)
    return file.status("sync") if file.status("sync") in (TOO_SHORT, HIDDEN) else "ok"


def _weak(file: TfqFile, over_time: Floats, valid: Mask, config: ScoreConfig) -> list[dict[str, Any]]:
    facts = curves.read(file)
    found = []
    for i, dimension in enumerate(DIMENSIONS):
        if dimension == "overall":
            continue  # the other five say where and why
        for piece in segments.find(over_time[:, i], valid, dimension, config.weak_below, config.min_weak_s):
            reason = evidence.explain(facts, piece)
            found.append(
                {
                    "start_s": round(piece.start_s, 3),
                    "end_s": round(piece.end_s, 3),
                    "dimension": dimension,
                    "mos": round(piece.mos, 3),
                    "reason": reason.text,
                    "evidence": reason.evidence,
                    "worst_frame_s": round(float(file.array("extract/time_s")[piece.worst]), 3),
                    "box_px": None if dimension == "audio_quality" else curves.box(file, piece.worst, dimension),
                }
            )
    return sorted(found, key=lambda segment: (segment["start_s"], segment["mos"]))


def _reasons(file: TfqFile, scores: Floats, weak: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The strongest reason by dimension: of its worst weak segment, or of the whole clip.

    None where the score is good: there is nothing to explain.
    """
    facts, found = curves.read(file), {}
    frames, offset_ms = file.shape("extract/time_s")[0], file.info("sync").get("offset_ms")
    if file.status("sync") == "ok" and offset_ms is not None:  # of the whole clip: surer than the median of its curve
        facts["offset"] = np.full(frames, timebase.frames_of(offset_ms))
    for i, name in enumerate(DIMENSIONS):
        if name == "overall" or np.isnan(scores[i]):
            continue
        told = [piece for piece in weak if piece["dimension"] == name]
        if not told and scores[i] >= GOOD:
            continue
        known = [piece for piece in told if piece["evidence"]]
        whole = evidence.explain(facts, segments.Segment(name, 0, frames, float(scores[i]), 0))
        if known or (told and not whole.evidence):
            worst = min(known or told, key=lambda piece: piece["mos"])
            found[name] = {key: worst[key] for key in ("reason", "evidence", "start_s", "end_s")}
        else:
            found[name] = _of_clip(whole, frames)
    if scores[-1] < GOOD:
        found[DIMENSIONS[-1]] = _of_overall(facts, scores, found, frames)
    return found


def _of_overall(
    facts: evidence.Curves, scores: Floats, found: Mapping[str, dict[str, Any]], frames: int
) -> dict[str, Any]:
    """Why overall is low: the reason of its weakest dimension.

    Where it is lower than all of them, what makes a dimension a little weaker does not explain it: then it is the
    strongest thing measured in any dimension that is well beyond its limit, or nothing but the model's judgement.
    """
    evident = [name for name in found if found[name]["evidence"]]
    if evident and scores[-1] >= np.nanmin(scores[:-1]) - ALONE:
        return found[min(evident, key=lambda name: scores[DIMENSIONS.index(name)])]
    pieces = [segments.Segment(name, 0, frames, float(scores[-1]), 0) for name in DIMENSIONS[:-1]]
    told = max((evidence.explain(facts, piece) for piece in pieces), key=lambda reason: reason.strength)
    parts = scores[:-1][np.isfinite(scores[:-1])]
    unseen = evidence.LOWER if len(parts) and scores[-1] < parts.min() - ALONE else evidence.NO_EVIDENCE
    return _of_clip(told if told.strength >= CLEAR else evidence.Reason(unseen, {}, 0.0), frames)


def _of_clip(told: evidence.Reason, frames: int) -> dict[str, Any]:
    end = round(timebase.seconds_of(frames), 3)
    return {"reason": told.text, "evidence": told.evidence, "start_s": 0.0, "end_s": end}


def _score(row: Floats) -> dict[str, float | None] | None:
    if np.isnan(row[0]):
        return None
    mos, low, high = (None if np.isnan(value) else float(value) for value in row)
    return {"mos": mos, "low": low, "high": high}
