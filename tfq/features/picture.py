"""How the face is rendered: sharpness, noise, flicker, colour, measured on the aligned crops.

A crop is the face after alignment, so what still differs from one crop to the next is expression, light, or a
renderer's trembling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.types import Floats, Pictures

_AT_ONCE = 64  # crops held as floats at one time
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
SAME = 0.25  # grey levels of mean change under which two crops show one picture
_TURNED = 30.0  # degrees of yaw from which one cheek's box lies beside the face
_EPSILON = 0.25  # square of half a grey level: energy of rounding, below which a ratio says nothing


@dataclass(frozen=True)
class Regions:
    """Parts of the crop, as slices of rows and columns that hold for the whole clip."""

    face: tuple[slice, slice]
    mouth: tuple[slice, slice]
    upper: tuple[slice, slice]
    cheeks: tuple[tuple[slice, slice], tuple[slice, slice]]


def measure(clip: Clip) -> Found:
    """One pass over the crops, a piece at a time."""
    where = regions(clip)
    columns = [_piece(crops, before, where) for crops, before in _with_two_before(clip.crops())]
    values = {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}
    _mask_neighbours(values, clip)
    ratio = values["mouth_sharpness"] - values["face_sharpness"]
    values["mouth_to_face_sharpness"] = ratio
    absent = dict.fromkeys(("colour_shift_mean", "light_shift_mean", "colour_deviation"), "turned_away")
    if clip.speech.all():
        absent["quiet_change"] = "no_pauses"
    return Found(values, _summary(values, clip), clip.face, absent)


def regions(clip: Clip) -> Regions:
    """Where the face's parts lie in the crop, by the median over the clip."""
    return regions_of(clip.landmarks, clip.transform, next(iter(clip.crops())).shape[1])


def regions_of(landmarks: Floats, transform: Floats, side: int) -> Regions:
    """The same of `[T, 478, 3]` px, `[T, 2, 3]` source to crop, and crops of `side` pixels."""
    turn, shift = transform[:, :, :2], transform[:, None, :, 2]
    points = np.einsum("tij,tkj->tki", turn, landmarks[..., :2]) + shift
    middle = np.nanmedian(points, 0)
    eyes = float(np.linalg.norm(middle[list(at.EYE_LEFT)].mean(0) - middle[list(at.EYE_RIGHT)].mean(0)))
    cheek_right, cheek_left = (_box(middle[[index]], side, 0.12 * eyes) for index in at.CHEEKS)
    return Regions(
        face=_box(middle, side, -0.1 * eyes),
        mouth=_box(middle[list(at.OUTER_LIPS)], side, 0.15 * eyes),
        upper=_box(middle[[*at.LIDS_LEFT, *at.LIDS_RIGHT, *at.BROW_LEFT, *at.BROW_RIGHT]], side, 0.05 * eyes),
        cheeks=(cheek_right, cheek_left),
    )


def _box(points: Floats, side: int, margin: float) -> tuple[slice, slice]:
    low = np.clip(np.floor(points.min(0) - margin), 0, side - 8).astype(int)
    high = np.clip(np.ceil(points.max(0) + margin), low + 8, side).astype(int)
    return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _with_two_before(pieces: Iterator[Pictures]) -> Iterator[tuple[Pictures, Pictures]]:
    """Crops in small pieces, each with up to two crops before it."""
    before: Pictures | None = None
    for piece in pieces:
        for start in range(0, len(piece), _AT_ONCE):
            crops = piece[start : start + _AT_ONCE]
            yield crops, crops[:0] if before is None else before
            before = crops[-2:] if before is None or len(crops) > 1 else np.concatenate([before, crops])[-2:]


def _piece(crops: Pictures, before: Pictures, where: Regions) -> dict[str, Floats]:
    colour = np.concatenate([before, crops]).astype(np.float32)
    luma = colour @ _LUMA  # [b + t, S, S]
    own = luma[len(before) :]
    noise = _second_difference(own[(slice(None), *where.face)])
    cheeks = _mean_colour(colour[len(before) :], where.cheeks)
    around = _mean_colour(colour[len(before) :], _beside(where.mouth))
    shift = np.stack([around @ row - cheeks @ row for row in _OPPONENT], 1)
    face = own[(slice(None), *where.face)]
    return {
        "brightness": face.mean((1, 2)),
        "contrast": face.std((1, 2)),
        "burnt_out": ((face < 8) | (face > 247)).mean((1, 2)),
        "face_sharpness": sharpness(face),
        "mouth_sharpness": sharpness(own[(slice(None), *where.mouth)]),
        "upper_sharpness": sharpness(own[(slice(None), *where.upper)]),
        "noise": noise,
        "colour_shift": np.hypot(shift[:, 1], shift[:, 2]),
        "light_shift": np.abs(shift[:, 0]),
        **_over_time(luma, len(before), where),
    }


# Brightness, red against green, and yellow against blue: the mean of the two colour axes is zero on any grey.
_OPPONENT = np.array([[0.299, 0.587, 0.114], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]], np.float32)


def sharpness(luma: Floats) -> Floats:
    """How much of the detail is fine: log10 of the energy of `[T, H, W]` gradients between neighbours over that at
    twice and four times the distance, `[T]`. Blur takes the finest first; contrast cancels out.
    """
    energies = [_gradient_energy(luma, step) for step in (1, 2, 4)]
    return np.log10((energies[0] + _EPSILON) / (energies[1] / 4 + energies[2] / 16 + _EPSILON) * 2).astype(np.float32)


def _gradient_energy(luma: Floats, step: int) -> Floats:
    across, down = luma[:, :, step:] - luma[:, :, :-step], luma[:, step:] - luma[:, :-step]
    return np.asarray((across**2).mean((1, 2)) + (down**2).mean((1, 2)))


def _second_difference(luma: Floats) -> Floats:
    """Standard deviation of noise in grey levels, `[T]`: Immerkaer's mask (1996), which edges hardly touch, on the
    flattest half of the picture (median in place of mean).
    """
    across = luma[:, :, 2:] - 2 * luma[:, :, 1:-1] + luma[:, :, :-2]
    mask = across[:, 2:] - 2 * across[:, 1:-1] + across[:, :-2]
    # The mask has a norm of 6; 0.6745 is the median of |x| for a unit Gaussian.
    return np.median(np.abs(mask), axis=(1, 2)) / np.float32(6 * 0.6745)


def _beside(mouth: tuple[slice, slice]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Skin at the outer edges of the mouth's box, where a pasted patch would end."""
    rows, columns = mouth
    width = max(3, (columns.stop - columns.start) // 8)
    return (
        (rows, slice(columns.start, columns.start + width)),
        (rows, slice(columns.stop - width, columns.stop)),
    )


def _mean_colour(colour: Floats, boxes: tuple[tuple[slice, slice], ...]) -> Floats:
    return np.asarray(np.mean([colour[(slice(None), *box)].mean((1, 2)) for box in boxes], 0))


def _over_time(luma: Floats, known: int, where: Regions) -> dict[str, Floats]:
    """Change against the crop before and the one before that; NaN for the first two of a clip."""
    change = {name: np.full(len(luma), np.nan, np.float32) for name in ("face", "mouth", "upper", "swing", "light")}
    if len(luma) > 1:
        step = np.abs(np.diff(luma, axis=0))
        for name in ("face", "mouth", "upper"):
            change[name][1:] = step[(slice(None), *getattr(where, name))].mean((1, 2))
    if len(luma) > 2:
        upper = luma[(slice(None), *where.upper)]
        change["swing"][2:] = np.abs(np.diff(upper, 2, axis=0)).mean((1, 2))
        change["light"][2:] = np.abs(np.diff(luma[(slice(None), *where.face)].mean((1, 2)), 2))
    change = {name: series[known:] for name, series in change.items()}
    return {
        "face_change": change["face"],
        "mouth_change": change["mouth"],
        "instability": change["swing"],
        "flicker": change["light"],
        "still": np.where(np.isfinite(change["face"]), (change["face"] < SAME).astype(np.float32), np.nan),
        "mouth_still": np.where(np.isfinite(change["mouth"]), (change["mouth"] < SAME).astype(np.float32), np.nan),
    }


def _mask_neighbours(values: dict[str, Floats], clip: Clip) -> None:
    """Frames without a face are absent; so are changes against them, and against a picture shown twice."""
    absent = ~clip.face
    before = np.concatenate([[True], absent[:-1]])
    two_before = np.concatenate([[True], before[:-1]])
    repeated = clip.repeated | np.concatenate([[False], clip.repeated[:-1]])
    for name, series in values.items():
        if name in ("face_change", "mouth_change", "still", "mouth_still"):
            series[absent | before | clip.repeated] = np.nan
        elif name in ("instability", "flicker"):
            series[absent | before | two_before | repeated] = np.nan
        elif name in ("colour_shift", "light_shift"):
            series[absent | (np.abs(clip.pose[:, 0]) > _TURNED)] = np.nan
        else:
            series[absent] = np.nan


def _summary(values: dict[str, Floats], clip: Clip) -> dict[str, float]:
    quiet = np.where(clip.speech, np.nan, values["face_change"])
    contrast = motion.mean(values["contrast"])
    return {
        **{f"{name}_mean": motion.mean(values[name]) for name in _AVERAGED},
        "sharpness_deviation": motion.deviation(values["face_sharpness"]),
        "mouth_to_face_deviation": motion.deviation(values["mouth_to_face_sharpness"]),
        "colour_deviation": motion.deviation(values["colour_shift"]),
        "instability_to_contrast": motion.mean(values["instability"]) / contrast if contrast > 0 else float("nan"),
        "quiet_change": motion.mean(quiet),
        "still_share": motion.mean(values["still"]),
        "mouth_still_share": motion.mean(values["mouth_still"]),
        "repeated_share": float(clip.repeated.mean()),
    }


_GREY = "grey levels"
_COLUMNS = (
    Column("brightness", _GREY, 0, 255, "none", "Mean luma of the face."),
    Column("contrast", _GREY, 0, 100, "none", "Standard deviation of the luma."),
    Column("burnt_out", "", 0, 1, "lower", "Share of pixels that are black or white."),
    Column("face_sharpness", "log10", -1, 0.5, "higher", "Fine detail against coarse, whole face."),
    Column("mouth_sharpness", "log10", -1, 0.5, "higher", "The same of the mouth."),
    Column("upper_sharpness", "log10", -1, 0.5, "higher", "The same of eyes and brows."),
    Column(
        "mouth_to_face_sharpness", "log10", -0.5, 0.5, "higher", "Mouth less face: under zero, the mouth is blurred."
    ),
    Column("noise", _GREY, 0, 20, "lower", "Standard deviation of noise."),
    Column("colour_shift", _GREY, 0, 30, "lower", "Colour beside the mouth against the cheeks."),
    Column("light_shift", _GREY, 0, 60, "lower", "Brightness beside the mouth against the cheeks."),
    Column("face_change", _GREY, 0, 20, "none", "Mean change against the crop before."),
    Column("mouth_change", _GREY, 0, 30, "none", "The same of the mouth."),
    Column("instability", _GREY, 0, 20, "lower", "Second difference of the eyes' region: trembling, not motion."),
    Column("flicker", _GREY, 0, 5, "lower", "Second difference of the face's brightness."),
    Column("still", "", 0, 1, "lower", "The crop is the one before, though the source's picture is new."),
    Column("mouth_still", "", 0, 1, "lower", "So is the mouth."),
)
_AVERAGED = tuple(column.name for column in _COLUMNS if not column.name.endswith("still"))

MEASUREMENT = Measurement(
    name="picture",
    about="Sharpness, noise, flicker, trembling, freezing and colour of the aligned face.",
    columns=_COLUMNS,
    clip_columns=(
        *(
            Column(f"{c.name}_mean", c.unit, c.low, c.high, c.better, f"Mean. {c.about}")
            for c in _COLUMNS
            if c.name in _AVERAGED
        ),
        Column("sharpness_deviation", "log10", 0, 0.5, "lower", "Standard deviation of the face's sharpness."),
        Column("mouth_to_face_deviation", "log10", 0, 0.5, "lower", "Standard deviation of mouth less face."),
        Column("colour_deviation", _GREY, 0, 10, "lower", "Standard deviation of the colour shift."),
        Column("instability_to_contrast", "", 0, 0.5, "lower", "Trembling over contrast."),
        Column("quiet_change", _GREY, 0, 10, "lower", "Mean change where nobody speaks."),
        Column("still_share", "", 0, 1, "lower", "Share of frames that show the crop before."),
        Column("mouth_still_share", "", 0, 1, "lower", "The same of the mouth."),
        Column("repeated_share", "", 0, 1, "lower", "Share of grid frames without a new source picture."),
    ),
    needs=("face",),
    method="noise: Immerkaer 1996; the rest is tfq's own",
    cost="medium",
    function=measure,
)
