"""One measurement per file; `MEASUREMENTS` is the table of them, in the order they are computed and listed."""

from __future__ import annotations

from collections.abc import Sequence

from tfq.errors import UsageError
from tfq.features import (
    acoustic,
    action_units,
    blendshapes,
    cross,
    damage,
    deep,
    distillmos,
    dnsmos,
    emotion,
    expression,
    eyes,
    face_emotion,
    face_quality,
    head,
    lips,
    liveliness,
    mel,
    mfcc,
    naturalness,
    patch,
    picture,
    rhythm,
    stability,
    texture,
    voice,
    voice_arousal,
)
from tfq.features.measurement import Clip, Column, Feature, Measurement

__all__ = ["MEASUREMENTS", "Clip", "Column", "Feature", "Measurement", "chosen"]

_MODULES = (
    lips,
    head,
    eyes,
    expression,
    blendshapes,
    picture,
    texture,
    naturalness,
    stability,
    patch,
    action_units,
    liveliness,
    acoustic,
    mel,
    mfcc,
    dnsmos,
    distillmos,
    cross,
    damage,
    face_emotion,
    voice,
    voice_arousal,
    rhythm,
    emotion,
    face_quality,
)
MEASUREMENTS: dict[str, Measurement] = {
    row.name: row for row in (*(module.MEASUREMENT for module in _MODULES), *deep.MEASUREMENTS)
}


def chosen(only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Measurement, ...]:
    """The measurements that `--only` and `--skip` leave; those of deep networks, and optional ones, only where `--only` names them.

    Raises:
        UsageError: a name is not in the table.
    """
    for name in (*only, *skip):
        if name not in MEASUREMENTS:
            raise UsageError(f"no feature is called {name}; there are {', '.join(MEASUREMENTS)}")
    wanted = only or [name for name, row in MEASUREMENTS.items() if not row.asked_for]
    return tuple(row for name, row in MEASUREMENTS.items() if name in wanted and name not in skip)
