"""A video becomes a 25 fps timeline with masks, 16 kHz sound on the picture's clock, and the source itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tfq import timebase
from tfq.config import ExtractConfig
from tfq.errors import UsageError
from tfq.media.facts import Glimpse, Source, Timeline, sha256
from tfq.media.guarded import probe, samples, timeline
from tfq.models.runtime import Models
from tfq.stages.source import open_source
from tfq.store import Stamp, TfqFile
from tfq.types import Floats, Mask

VERSION = 2
NEEDS: tuple[str, ...] = ()

FLAT = 6.0  # a black picture has no structure: standard deviation of its luma
BLOCK = 2**24  # bytes of the source copied at a time


def weights(_config: ExtractConfig) -> tuple[str, ...]:
    return ()


Watch: TypeAlias = Callable[[Glimpse, bool], object]


def run(
    file: TfqFile,
    config: ExtractConfig,
    models: Models,
    stamp: Stamp,
    source: Path | None = None,
    watch: Watch | None = None,
) -> None:
    """Reads the video, or where none is given the source inside the file; replaces `extract`.

    `watch` is shown the pictures on the way, and told which are black.

    Raises:
        InputError: the video cannot be decoded.
    """
    if config.source not in ("embed", "link"):
        raise UsageError(f"--source {config.source}: choose embed or link")
    video: Source = open_source(file) if source is None else source
    if config.source == "link" and not isinstance(video, Path):
        raise UsageError(f"{file.path}: the source is only inside it; to link the video, give the video")
    facts = probe(video)

    def shown(glimpse: Glimpse) -> None:
        if watch is not None:
            watch(glimpse, bool(_black(glimpse.dark, glimpse.flat, config)))

    grid = timeline(video, config.max_duration_s, models.threads or 0, watch and shown)
    sound, covered_s = samples(video, len(grid), grid.start_s)
    black = _black(grid.dark, grid.flat, config)
    with file.replacing("extract", stamp, _root(file, config, source)) as group:
        group.put("time_s", timebase.frame_times(len(grid)))
        group.put("source_time_s", grid.source_time_s)
        group.put("valid", ~(black | grid.damaged))
        group.put("broken", grid.damaged)
        group.put("black", black)
        group.put("repeated", grid.repeated)
        group.put("picture", grid.picture)
        group.put("audio", np.zeros(0, np.float32) if sound is None else sound)
        if config.source == "embed":
            for block in _blocks(video):
                group.append("source", block)
        group.info = {
            "fps": facts.fps,
            "width": grid.width,
            "height": grid.height,
            "rotation": grid.rotation,
            "pixel_aspect": facts.pixel_aspect,
            "duration_s": timebase.seconds_of(len(grid)),
            "frames": len(grid),
            "has_audio": sound is not None,
            "audio_hz": facts.audio_hz,
            "audio_channels": facts.audio_channels,
            "audio_start_s": facts.audio_start_s - grid.start_s,
            "audio_covers_s": covered_s,
            "decoder_errors": grid.errors,
            "video_codec": facts.video_codec,
            "audio_codec": facts.audio_codec,
            "video_streams": facts.video_streams,
            "audio_streams": facts.audio_streams,
            **_ratios(grid, black),
            **_gaps(grid),
        }


def _black(dark: Floats | float, flat: Floats | float, config: ExtractConfig) -> Mask:
    return np.asarray((dark < config.black_level) & (flat < FLAT))


def _ratios(grid: Timeline, black: Mask) -> dict[str, float]:
    ratios = {"repeated_ratio": grid.repeated, "broken_ratio": grid.damaged, "black_ratio": black}
    return {name: float(mask.mean()) for name, mask in ratios.items()}


def _gaps(grid: Timeline) -> dict[str, float | int]:
    """Gaps between the time stamps of the pictures shown: steps longer than half as much again as the usual one."""
    steps = np.diff(np.unique(grid.source_time_s))
    usual = float(np.median(steps)) if len(steps) else 1 / timebase.FPS
    gaps = steps[steps > 1.5 * max(usual, 1 / timebase.FPS)]
    return {"gaps": len(gaps), "longest_gap_s": round(float(gaps.max(initial=0.0)), 4), "usual_step_s": round(usual, 4)}


def _root(file: TfqFile, config: ExtractConfig, source: Path | None) -> dict[str, str | int]:
    if source is None:
        kept = {name: file.attrs[name] for name in ("source_name", "source_size", "source_sha256", "source_path")}
        return {**kept, "source_path": ""} if config.source == "embed" else kept
    # Names may hold bytes that are no UTF-8; HDF5 text cannot.
    name = os.fsencode(source.name).decode("utf-8", "replace")
    path = os.path.relpath(source.resolve(), file.path.resolve().parent) if config.source == "link" else ""
    return {
        "source_name": name,
        "source_size": source.stat().st_size,
        "source_sha256": sha256(source),
        "source_path": os.fsencode(path).decode("utf-8", "replace"),
    }


def _blocks(video: Source) -> Iterator[NDArray[np.uint8]]:
    """The source's bytes, piece by piece, `[Z]` uint8."""
    with video.open("rb") if isinstance(video, Path) else contextlib.nullcontext(video) as file:
        file.seek(0)
        while block := file.read(BLOCK):
            yield np.frombuffer(block, np.uint8)
