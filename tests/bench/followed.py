"""Does the measurement that is meant to catch a kind of degradation follow its severity?

    python -m tests.bench.degraded_set --plan every --out work/every work/real/*.h5
    python -m tests.bench.measure_set --originals work/real work/every/*-*.h5
    python -m tests.bench.followed work/every/*.h5 [--unseen A B]

Of a kind and a clip the levels are the clip itself (where there is one, its copy with a second encoding of the same stream)
and its copies, by severity. `MEANT` names one stored number for each kind, and which way it goes; a row tells the rank
correlation of that number with the severity in the median clip, its medians at each level, and beside it the median over clips
that were not looked at when `MEANT` was written (`--unseen`, by the beginning of their names). Nothing is chosen here, so
nothing follows by chance. A kind is followed if the median over all clips is at least 0.9.

Clips of four seconds will do but for `shuffled_sound`, whose first step is pieces of four seconds: give it longer ones.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from tfq.artefacts import KINDS
from tfq.store import TfqFile
from tfq.types import Floats

ENOUGH = 0.9
LEAST_CLIPS = 5
SCALARS = ("extract", "audio", "sync")  # groups whose scalars are indicators, beside the clip's features

# What is meant to catch each kind, and its direction as the kind gets worse.
MEANT: dict[str, tuple[str, int]] = {
    "sound_early": ("sync.moments_offset_ms", 1),
    "sound_late": ("sync.moments_offset_ms", 1),
    "jumping_offset": ("sync.moments_offset_ms", 1),
    "drift": ("sync.moments_spread_ms", 1),
    "wandering": ("sync.moments_offset_ms", 1),
    "shuffled_sound": ("distillmos.mos", -1),
    "other_sound": ("sync.least_distance", 1),
    "frozen_mouth": ("picture.mouth_change_mean", -1),
    "under_articulation": ("lips.opening_mean", -1),
    "over_articulation": ("lips.opening_range", 1),
    "late_onsets": ("sync.confidence", -1),
    "frozen_face": ("action_units.upper_rate", -1),
    "no_blinks": ("blendshapes.eyeBlinkLeft_deviation", -1),
    "stiff": ("expression.variety", -1),
    "stiff_head": ("head.speed_mean", -1),
    "exaggeration": ("expression.variety", 1),
    "asymmetry": ("expression.asymmetry_mean", 1),
    "jitter": ("expression.jerkiness_mean", 1),
    "repeated_frames": ("damage.fresh_rate_mean", -1),
    "identity_drift": ("liveliness.strength_mean", 1),
    "blur": ("texture.detail_4_mean", -1),
    "mouth_patch": ("picture.mouth_to_face_sharpness_mean", -1),
    "skin_smoothing": ("texture.detail_2_mean", -1),
    "colour_shift": ("patch.teeth_grey_mean", -1),
    "flicker": ("stability.face_residual_mean", 1),
    "wobble": ("stability.edge_residual_mean", 1),
    "picture_noise": ("picture.noise_mean", 1),
    "blocking": ("texture.squares_mean", 1),
    "over_compression": ("texture.detail_2_mean", -1),
    "over_compression_h265": ("texture.detail_2_mean", -1),
    "picture_loss": ("texture.detail_2_mean", -1),
    "picture_loss_h265": ("picture.face_change_mean", 1),
    "falling_rate": ("texture.detail_4_mean", -1),
    "low_frame_rate": ("damage.fresh_rate_mean", -1),
    "missing_frames": ("damage.fresh_rate_mean", -1),
    "stalls": ("damage.stalled_share", 1),
    "white_noise": ("dnsmos.bak", -1),
    "babble": ("dnsmos.bak", -1),
    "hum": ("acoustic.hum_db", 1),
    "music": ("acoustic.noise_floor_db", 1),
    "clipping": ("distillmos.mos", -1),
    "band_limit": ("acoustic.bandwidth_hz", -1),
    "reverberation": ("distillmos.mos", -1),
    "packet_loss": ("voice.modulation_mean", -1),
    "breaks": ("dnsmos.sig", -1),
    "loudness_jumps": ("acoustic.level_range", 1),
    "ringing": ("distillmos.mos", -1),
    "robot": ("distillmos.mos", -1),
    "codec": ("acoustic.bandwidth_hz", -1),
    "other_voice": ("acoustic.f0_mean", 1),
    "fast_voice": ("rhythm.energy_ratio_mean", 1),
    "flat_voice": ("acoustic.f0_range", -1),
    "other_mood": ("voice_arousal.pitch_mean", -1),
    "muted": ("audio.silent_ratio", 1),
}

Levels = dict[int, dict[str, float]]


def indicators(file: TfqFile) -> dict[str, float]:
    """Every number a file holds for the whole clip."""
    values = {
        f"{group}.{name}": float(value)
        for group in SCALARS
        for name, value in file.info(group).items()
        if isinstance(value, int | float)
    }
    for group in file.info("features")["groups"]:
        columns = file.info(f"features/{group}")["clip_columns"]
        values |= {
            f"{group}.{name}": float(v) for name, v in zip(columns, file.array(f"features/{group}/clip"), strict=True)
        }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def read(files: list[Path]) -> dict[str, dict[str, Levels]]:
    """By kind and clip its levels."""
    found: dict[str, dict[str, Levels]] = defaultdict(lambda: defaultdict(dict))
    clean: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    for path in files:
        with TfqFile(path, read_only=True) as file:
            if not file.has("features"):
                continue
            values = indicators(file)
        source, _, rest = path.stem.partition("-")
        made = json.loads(path.with_suffix(".json").read_text()) if rest else {}
        if made.get("kind") in KINDS:
            place = re.sub(r"-\d$", "", re.sub(r"^\d+-", "", rest))
            found[made["kind"]][f"{source} {place} {made['spans']}"][made["severity"]] = values
        elif not rest or made["kind"] == "recoded":
            clean[source][made.get("stream", "")] = values
    out: dict[str, dict[str, Levels]] = defaultdict(dict)
    for name, clips in found.items():
        for clip, levels in clips.items():
            known = clean.get(clip.split()[0], {})
            original = known.get(KINDS[name].stream, known.get(""))
            if original is not None and len(levels) > 1:
                out[name][clip] = {0: original, **levels}
    return out


def follows(levels: Levels, name: str) -> float:
    """Rank correlation of one indicator with the severity; 0 where it does not change or is missing at a level."""
    return correlation([levels[level].get(name, np.nan) for level in sorted(levels)])


def correlation(values: Sequence[float] | Floats) -> float:
    """Spearman's, of numbers with their place; 0 where one is missing or none differs."""
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return 0.0
    return float(spearmanr(range(len(values)), values).statistic)


def main() -> int:
    """Print a row for each kind; the status says whether all are followed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--unseen", nargs="*", default=[])
    given = parser.parse_args()
    clips_of = read(given.files)
    missed: list[str] = []
    apart: dict[str, float] = {}
    print("| kind | clips | meant to catch it | median Spearman | in unseen clips | clean | 1 | 2 | 3 | 4 | 5 |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for kind in KINDS:
        clips = clips_of.get(kind, {})
        name, sign = MEANT[kind]
        followed = {clip: sign * follows(levels, name) for clip, levels in clips.items()}
        unseen = (
            [value for clip, value in followed.items() if clip.startswith(tuple(given.unseen))] if given.unseen else []
        )
        median = float(np.median([*followed.values()])) if followed else float("nan")
        cells = [
            f"{np.nanmedian([levels[i].get(name, np.nan) for levels in clips.values() if i in levels]):.3g}"
            for i in range(6)
            if clips
        ]
        if unseen:
            apart[kind] = float(np.median(unseen))
        beside = f"{apart[kind]:.2f} of {len(unseen)}" if unseen else ""
        print(f"| `{kind}` | {len(clips)} | `{name}` | {median:.2f} | {beside} | {' | '.join(cells)} |", flush=True)
        if len(clips) < LEAST_CLIPS or not median >= ENOUGH:
            missed.append(kind)
    print(
        f"\n{len(KINDS) - len(missed)} of {len(KINDS)} kinds are followed in the median of {LEAST_CLIPS} clips or more; not:"
    )
    print(", ".join(missed) or "none")
    under = [kind for kind, value in apart.items() if value < ENOUGH]
    print(f"In clips not looked at: {len(apart) - len(under)} of {len(apart)}; not: {', '.join(under) or 'none'}")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
