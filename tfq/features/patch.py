"""Does the mouth belong to the face: seams, detail, colour and change of a pasted patch, teeth and lips, wax and ringing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.features import face_points as at
from tfq.features import motion, seams
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.regions import Regions, box, crops, hull, regions
from tfq.types import Floats, Mask, Picture

_UPPER_CHEEKS, _LOWER_CHEEKS = (50, 280), (214, 434)
_OPEN = 0.08  # eye distances between the lips from which teeth or tongue can be seen
_TURNED = 30.0  # degrees of yaw from which one cheek lies beside the face
_FLOOR = 0.05  # grey levels: under it rounding is all there is
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def measure(clip: Clip) -> Found:
    """One pass over the crops, one over the portraits."""
    where = regions(clip)
    skin = _Skin.of(where)
    turn, shift = clip.transform[:, :, :2], clip.transform[:, None, :, 2]
    lips = np.einsum("tij,tkj->tki", turn, clip.landmarks[:, list(at.INNER_LIPS), :2]) + shift
    opening = np.linalg.norm(clip.landmarks[:, at.INNER_TOP] - clip.landmarks[:, at.INNER_BOTTOM], axis=1)
    opening = opening / at.eye_distance(clip.landmarks)
    rows, before = [], None
    for frame, crop in enumerate(crops(clip)):
        if not clip.face[frame]:
            rows.append(np.full(len(_ROW), np.nan))
            before = None
            continue
        mouth = lips[frame] if opening[frame] > _OPEN else None
        levels = crop.astype(np.float32) @ _LUMA
        row = _of_one(crop, levels, before, where, skin, mouth)
        if clip.repeated[frame]:
            row[_ROW.index("change_step")] = np.nan
        rows.append(row)
        before = levels
    values = dict(zip(_ROW, np.array(rows).T, strict=True))
    for name in _OF_CHEEKS:
        values[name][np.abs(clip.pose[:, 0]) > _TURNED] = np.nan
    values |= seams.measure(clip)
    summary = {f"{name}_mean": motion.mean(series) for name, series in values.items()}
    summary |= {f"{name}_change": motion.mean(np.abs(np.diff(values[name]))) for name in _CHANGING}
    absent = {f"{name}_{kind}": "turned_away" for name in _OF_CHEEKS for kind in ("mean", "change")}
    absent |= {f"{name}_{kind}": "mouth_shut" for name in _INSIDE for kind in ("mean", "change")}
    return Found(values, summary, clip.face, absent)


@dataclass(frozen=True)
class _Skin:
    """Masks of skin in the crop."""

    upper: Mask
    lower: Mask

    @classmethod
    def of(cls, where: Regions) -> _Skin:
        side, reach = where.face.shape[0], max(2.0, 0.16 * where.eye)
        upper, lower = (
            box(where.middle[[right]], side, reach) | box(where.middle[[left]], side, reach)
            for right, left in (_UPPER_CHEEKS, _LOWER_CHEEKS)
        )
        return cls(upper, lower & ~where.mouth if (lower & ~where.mouth).any() else lower)


def _of_one(
    crop: Picture, levels: Floats, before: Floats | None, where: Regions, skin: _Skin, mouth: Floats | None
) -> Floats:
    import cv2

    fine = levels - cv2.GaussianBlur(levels, (0, 0), 1.0)
    gradient = np.hypot(cv2.Sobel(levels, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(levels, cv2.CV_32F, 0, 1) / 8)
    detail = {name: _log_rms(fine[mask]) for name, mask in (("upper", skin.upper), ("lower", skin.lower))}
    colours = [_chroma(crop[mask]) for mask in (skin.upper, skin.lower)]
    light = [float(levels[mask].mean()) for mask in (skin.upper, skin.lower)]
    change = np.nan
    if before is not None:
        fresh = np.abs(levels - before)
        change = float(np.log10((fresh[skin.lower].mean() + _FLOOR) / (fresh[skin.upper].mean() + _FLOOR)))
    return np.array(
        [
            detail["lower"] - detail["upper"],
            float(np.linalg.norm(colours[1] - colours[0])),
            (light[1] - light[0]) / max(light[0], 1.0),
            change,
            (detail["lower"] + detail["upper"]) / 2,
            _steep(gradient, levels, where.mouth),
            _steep(gradient, levels, where.eyes),
            *_inside(crop, levels, fine, mouth, light[0]),
        ]
    )


def _log_rms(levels: Floats) -> float:
    return float(np.log10(max(float(np.sqrt((levels.astype(np.float64) ** 2).mean())), _FLOOR)))


def _chroma(pixels: Picture) -> Floats:
    """Red against green and yellow against blue in percent of the brightness."""
    red, green, blue = pixels.reshape(-1, 3).mean(0)
    return 100 * np.array([red - green, (red + green) / 2 - blue]) / max(1.0, float(red + green + blue) / 3)


def _steep(gradient: Floats, levels: Floats, mask: Mask) -> float:
    """Steepest edges of a region over its contrast, per pixel of the crop."""
    if not mask.any():
        return float("nan")
    return motion.quantile(gradient[mask], 0.95) / max(float(levels[mask].std()), 1.0)


def _inside(crop: Picture, levels: Floats, fine: Floats, mouth: Floats | None, skin: float) -> tuple[float, ...]:
    """Of what the open lips show; NaN where they are shut."""
    if mouth is None:
        return (float("nan"),) * len(_INSIDE)
    mask = hull(mouth, levels.shape[0])
    if mask.sum() < 8:
        return (float("nan"),) * len(_INSIDE)
    inner = levels[mask]
    low, high = (motion.quantile(inner, share) for share in (0.1, 0.9))
    colour = crop[mask].astype(np.float32)
    grey = float(1 - (np.ptp(colour, axis=1) / np.maximum(colour.max(1), 1))[inner >= high].mean())
    return _log_rms(fine[mask]), (high - low) / max(skin, 1.0), high / max(skin, 1.0), grey


_GREY = "log10 grey levels"
_INSIDE_COLUMNS = (
    Column("teeth_detail", _GREY, -1, 1.5, "higher", "Fine detail between open lips; low: teeth and tongue are mush."),
    Column(
        "teeth_contrast", "", 0, 1.5, "higher", "From dark to bright between open lips, over the skin's brightness."
    ),
    Column("teeth_light", "", 0, 1.8, "none", "The brightest between open lips over the skin's brightness."),
    Column(
        "teeth_grey", "", 0, 1, "none", "How colourless the brightest between open lips is: teeth are, lips are not."
    ),
)
_CHEEKS = (
    Column("detail_step", "log10", -0.6, 0.6, "none", "Fine detail of the lower cheeks against the upper ones."),
    Column("colour_step", "%", 0, 30, "lower", "Difference of their hues."),
    Column("light_step", "", -0.6, 0.4, "none", "Brightness of the lower cheeks over the upper ones, less one."),
    Column("change_step", "log10", -0.5, 1, "lower", "Change from frame to frame, lower cheeks against upper ones."),
    Column("skin_detail", _GREY, -1, 1, "higher", "Fine detail of the cheeks; low: waxy."),
)
_FROM_CROPS = (
    *_CHEEKS,
    Column("lips_steep", "1/px", 0.3, 2, "higher", "Steepness of the mouth's edges over its contrast."),
    Column("eyes_steep", "1/px", 0.3, 2, "higher", "The same of eyes and brows."),
    *_INSIDE_COLUMNS,
)
_ROW = tuple(column.name for column in _FROM_CROPS)
_OF_CHEEKS = tuple(column.name for column in _CHEEKS)
_INSIDE = tuple(column.name for column in _INSIDE_COLUMNS)
_CHANGING = ("detail_step", "colour_step", "light_step", "lips_steep", "teeth_detail", "teeth_light")
_COLUMNS = (*_FROM_CROPS, *seams.COLUMNS)

MEASUREMENT = Measurement(
    name="patch",
    about="Seams, detail, colour and change of the mouth against the face; teeth and lips; edges, ringing, wax.",
    columns=_COLUMNS,
    clip_columns=(
        *(Column(f"{c.name}_mean", c.unit, c.low, c.high, c.better, f"Mean of {c.name}.") for c in _COLUMNS),
        *(
            Column(f"{c.name}_change", c.unit, 0, (c.high - c.low) / 2, "none", f"How {c.name} changes in a frame.")
            for c in _COLUMNS
            if c.name in _CHANGING
        ),
    ),
    needs=("face",),
    method="edge width: Marziliano et al. 2002; the rest is tfq's own",
    cost="medium",
    function=measure,
)
