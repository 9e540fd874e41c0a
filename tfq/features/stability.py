"""What changes from picture to picture that no motion explains: boiling texture, wobble, drift of the identity.

Each crop is compared with the one before it, warped along the optical flow (DIS, Kroeger et al. 2016): what is left is
not motion. A renderer that draws each frame anew leaves more of it than a camera's noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfq.features import background, motion
from tfq.features.measurement import Clip, Column, Found, Measurement
from tfq.features.regions import Regions, crops, regions
from tfq.timebase import FPS
from tfq.types import Floats, Mask, Picture

_FLOOR = 0.5  # square of grey levels: energy of rounding, below which a ratio says nothing
_LOW = 16  # pixels of the small picture that stands for the identity
_WINDOW = 3 * FPS  # frames in which a drift is looked for: the median over windows does not grow with the clip


def measure(clip: Clip) -> Found:
    """One pass over the crops, one over the portraits."""
    where = regions(clip)
    follow = _Follower(where)
    rows, small, colours = [], [], []
    for frame, crop in enumerate(crops(clip)):
        if not clip.face[frame]:
            follow.forget()
            rows.append(np.full(len(_ROW), np.nan))
            small.append(np.full((_LOW, _LOW), np.nan))
            colours.append(np.full(2, np.nan))
            continue
        rows.append(follow(crop, again=bool(clip.repeated[frame])))
        small.append(_small(follow.levels))
        colours.append(_chroma(crop, where.upper))
    values = dict(zip(_ROW, np.array(rows).T, strict=True))
    values["appearance"] = _appearance(np.array(small), clip, where)
    values |= background.measure(clip)
    summary = {f"{name}_mean": motion.mean(series) for name, series in values.items() if name != "appearance"}
    summary |= {f"{name}_peak": _quantile(values[name], 0.95) for name in _PEAKS}
    summary |= _drift(np.array(small), clip, where) | {"colour_drift": _wander(np.array(colours))}
    summary["background_follows"] = background.follows(values, clip)
    absent = {name: "no_background" for name in summary if name.startswith("background")}
    return Found(values, summary, clip.face, absent)


@dataclass
class _Follower:
    """Compares each crop with the one before."""

    where: Regions

    def __post_init__(self) -> None:
        import cv2

        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        side = self.where.face.shape[0]
        self._x, self._y = np.meshgrid(*2 * [np.arange(side, dtype=np.float32)])
        at = np.argwhere(self.where.upper)[:, ::-1].astype(np.float64)
        self._plane = np.column_stack([np.ones(len(at)), at - at.mean(0)]) if len(at) else np.ones((0, 3))
        self._solve = np.linalg.pinv(self._plane)
        masks = [self.where.upper, self.where.eyes, self.where.mouth, self.where.edge, self.where.around]
        with np.errstate(invalid="ignore"):  # a region that lies outside of the crop has no mean
            self._means = np.stack([mask.ravel() / np.float32(mask.sum()) for mask in masks]).astype(np.float32)
        self.levels: Floats = np.zeros((side, side), np.float32)
        self.forget()

    def forget(self) -> None:
        """What comes next has nothing before it."""
        self._before: Picture | None = None
        self._fine_before: Floats | None = None
        self._grain_before = self._shift_before = np.nan * np.zeros(2)

    def __call__(self, crop: Picture, again: bool) -> Floats:
        """One row of `_ROW`; NaN where there is nothing to compare with, or the picture is the one before `again`."""
        import cv2

        grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
        self.levels = grey.astype(np.float32)
        fine = self.levels - cv2.GaussianBlur(self.levels, (0, 0), 1.2)
        grain = np.log10(max(float(np.abs(fine[self.where.upper]).mean()), 0.05)) if self.where.upper.any() else np.nan
        row = np.full(len(_ROW), np.nan)
        if self._before is not None and self._fine_before is not None and not again:
            row = self._compare(
                np.asarray(grey, np.uint8), np.asarray(fine), float(grain), self._before, self._fine_before
            )
        self._before, self._fine_before = np.asarray(grey, np.uint8), np.asarray(fine)
        self._grain_before = np.full(2, grain)
        return row

    def _compare(self, grey: Picture, fine: Floats, grain: float, before: Picture, fine_before: Floats) -> Floats:
        import cv2

        flow = self._flow.calc(grey, before, None)  # type: ignore[call-overload]
        x, y = self._x + flow[..., 0], self._y + flow[..., 1]
        was = cv2.remap(before, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
        fine_was = cv2.remap(fine_before, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        left = self._means @ np.abs(self.levels - was).ravel()
        new, both = self._means @ ((fine - fine_was) ** 2).ravel(), self._means @ (fine**2 + fine_was**2).ravel()
        boiling = (new + _FLOOR) / (both + _FLOOR)
        where = self.where
        moved = flow[where.upper].astype(np.float64)  # [N, 2]
        plane = self._solve @ moved  # constant, along x, along y
        wobble = np.sqrt(((moved - self._plane @ plane) ** 2).sum(1).mean()) if len(moved) else np.nan
        jump = float(np.linalg.norm(plane[0] - self._shift_before))
        self._shift_before = plane[0]
        stretch = float(np.abs(plane[1:]).sum())
        return np.array(
            [
                *left,
                *boiling[[0, 2, 3]],
                wobble / where.eye,
                jump / where.eye,
                stretch,
                abs(grain - float(self._grain_before[0])),
            ]
        )


def _small(levels: Floats) -> Floats:
    import cv2

    return np.asarray(cv2.resize(levels, (_LOW, _LOW), interpolation=cv2.INTER_AREA))


def _chroma(crop: Picture, mask: Mask) -> Floats:
    """Red against green and yellow against blue of the upper face, over its brightness."""
    if not mask.any():
        return np.full(2, np.nan)
    red, green, blue = crop[mask].mean(0)
    return np.array([red - green, (red + green) / 2 - blue]) / max(1.0, float(red + green + blue) / 3)


def _unexplained(small: Floats, clip: Clip, where: Regions) -> tuple[Floats, Mask]:
    """The small upper face `[T, N]` in its own mean and deviation, less what goes with pose and blinks; frames that count."""
    rows = np.linspace(0, where.upper.shape[0], _LOW, endpoint=False).astype(int)
    inside = where.upper[np.ix_(rows, rows)]
    series = small[:, inside] if inside.sum() >= 8 else small.reshape(len(small), -1)
    series = (series - series.mean(1, keepdims=True)) / (series.std(1, keepdims=True) + 1)
    blink = clip.blendshapes[:, 9:11].mean(1, keepdims=True)
    known = np.isfinite(series[:, 0]) & np.isfinite(clip.pose).all(1) & np.isfinite(blink[:, 0])
    if known.sum() < FPS:
        return np.full_like(series, np.nan), np.zeros(len(known), bool)
    turned = clip.pose / 30
    causes = np.column_stack([np.ones(len(turned)), turned, turned[:, :2] ** 2, blink])
    found = np.full_like(series, np.nan)
    solved = np.linalg.lstsq(causes[known], series[known], rcond=None)[0]
    found[known] = series[known] - causes[known] @ solved
    return found, known


def _appearance(small: Floats, clip: Clip, where: Regions) -> Floats:
    rest, _ = _unexplained(small, clip, where)
    return np.asarray(np.sqrt((rest**2).mean(1)))


def _drift(small: Floats, clip: Clip, where: Regions) -> dict[str, float]:
    rest, known = _unexplained(small, clip, where)
    rest = rest[known]
    third = _WINDOW // 3
    ends = [np.sqrt(((piece[-third:].mean(0) - piece[:third].mean(0)) ** 2).mean()) for piece in _windows(rest)]
    return {
        "appearance_mean": float(np.sqrt((rest**2).mean())) if len(rest) else float("nan"),
        "drift": float(np.median(ends)) if ends else float("nan"),
        "wander": _wander(rest),
    }


def _windows(series: Floats) -> list[Floats]:
    return [series[first : first + _WINDOW] for first in range(0, len(series) - _WINDOW + 1, FPS)]


def _wander(series: Floats) -> float:
    """How far means over fifths of a window lie apart: root mean square over dimensions, median over windows, `[T, D]`."""
    known = series[np.isfinite(series).all(1)]
    apart = [np.sqrt(piece.reshape(5, -1, piece.shape[1]).mean(1).var(0).mean()) for piece in _windows(known)]
    return float(np.median(apart)) if apart else float("nan")


def _quantile(series: Floats, share: float) -> float:
    known = series[np.isfinite(series)]
    return float(np.quantile(known, share)) if len(known) else float("nan")


_GREY, _D = "grey levels", "eye distances"
_PER_FRAME = (
    Column("face_residual", _GREY, 0, 10, "lower", "Change of the upper face that motion does not explain."),
    Column("eyes_residual", _GREY, 0, 15, "lower", "The same of eyes and brows."),
    Column("mouth_residual", _GREY, 0, 15, "lower", "The same of the mouth."),
    Column("edge_residual", _GREY, 0, 15, "lower", "The same along the face's outline and hair."),
    Column("around_residual", _GREY, 0, 15, "lower", "The same beside and above the face."),
    Column("face_boiling", "", 0, 1.5, "lower", "Share of the upper face's fine texture that is new in each frame."),
    Column("mouth_boiling", "", 0, 1.5, "lower", "The same of the mouth."),
    Column("edge_boiling", "", 0, 1.5, "lower", "The same of the outline and hair."),
    Column("wobble", _D, 0, 0.1, "lower", "Motion of the upper face that is no shift, turn or stretch of the whole."),
    Column("jump", _D, 0, 0.1, "none", "Change of the upper face's shift from one frame to the next: trembling."),
    Column("stretch", "", 0, 0.1, "none", "How much the upper face is stretched, sheared or turned in a frame."),
    Column("grain_change", "log10", 0, 0.3, "lower", "Change of the amount of fine texture: flicker of sharpness."),
)
_ROW = tuple(column.name for column in _PER_FRAME)
_PEAKS = ("face_residual", "mouth_residual", "edge_residual", "face_boiling", "wobble", "jump", "grain_change")
_COLUMNS = (
    *_PER_FRAME,
    Column("appearance", "", 0, 1, "lower", "Low frequencies of the upper face that pose and blinks do not explain."),
    *background.COLUMNS,
)

MEASUREMENT = Measurement(
    name="stability",
    about="Change that motion does not explain, wobble, drift of the identity, warping of the background.",
    columns=_COLUMNS,
    clip_columns=(
        *(
            Column(f"{c.name}_mean", c.unit, c.low, c.high, c.better, f"Mean of {c.name}.")
            for c in _COLUMNS
            if c.name != "appearance"
        ),
        *(
            Column(f"{c.name}_peak", c.unit, c.low, 2 * c.high, c.better, f"95 % quantile of {c.name}.")
            for c in _COLUMNS
            if c.name in _PEAKS
        ),
        Column("appearance_mean", "", 0, 1, "lower", "Root mean square of appearance."),
        Column("drift", "", 0, 1, "lower", "Difference of appearance between the last and the first second of three."),
        Column("wander", "", 0, 1, "lower", "Deviation of appearance over three seconds."),
        Column("colour_drift", "", 0, 0.1, "lower", "Deviation of the face's hue over three seconds."),
        Column("background_follows", "", -0.5, 1, "lower", "Share of the head's motion that the background makes too."),
    ),
    needs=("face",),
    method="optical flow: Kroeger et al. 2016 (DIS); the rest is tfq's own",
    cost="medium",
    function=measure,
)
