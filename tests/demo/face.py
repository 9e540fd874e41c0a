"""The portrait, moved: lips and jaw by the timeline, lids, brows and head by slow noise.

The picture is warped so that landmarks come to lie where they should, with straight-line interpolation between them; what
is seen between the lips is painted: a dark cavity, and the portrait's own upper teeth, which hang from the upper jaw.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import gaussian_filter1d

from tests.demo.script import FPS, LEAD_S, Timeline

DATA = Path(__file__).parent.parent / "data"
INNER_UP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOW = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
OUTER_UP = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
OUTER_LOW = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIDS = (((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
        ((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)))  # fmt: skip
FOLDS = ((247, 30, 29, 27, 28, 56, 190), (467, 260, 259, 257, 258, 286, 414))
UNDER_BROWS = ((46, 53, 52, 65, 55), (276, 283, 282, 295, 285))
FIXED = 468  # landmarks before the irises, which do not move with the skin
BROWS = (70, 63, 105, 66, 107, 46, 53, 52, 65, 55, 300, 293, 334, 296, 336, 276, 283, 282, 295, 285)
CAVITY = np.array([46.0, 20.0, 22.0])  # RGB


class Portrait:
    """The still picture with its landmarks, ready to be moved."""

    def __init__(self) -> None:
        self.picture = cv2.imread(str(DATA / "portrait.jpg"))[:, :, ::-1].astype(np.float32)
        self.points = np.loadtxt(DATA / "portrait_landmarks.csv", delimiter=",")
        mouth = np.concatenate([self.points[list(INNER_UP)], self.points[list(INNER_LOW)][::-1]])
        self.skin = self._matt(self._filled(self.picture, mouth, 5))
        self.side = self.picture.shape[0]
        self.eyes = float(np.linalg.norm(self.points[263] - self.points[33]))
        edge = np.linspace(0, self.side - 1, 9)
        frame = [(x, y) for x in edge for y in edge if x in (edge[0], edge[-1]) or y in (edge[0], edge[-1])]
        self.frame = np.array(frame)

    def draw(self, opening: float, rounding: float, blink: float, brow: float) -> np.ndarray:
        """One face, `[S, S, 3]` float32 RGB, before the head moves."""
        moved = self._moved(opening, rounding, brow)
        start, end = (np.concatenate([points[:FIXED], self.frame]) for points in (self.points, moved))
        field = LinearNDInterpolator(end, start - end)
        ys, xs = np.mgrid[: self.side, : self.side].astype(np.float32)
        shift = np.nan_to_num(field(xs, ys)).astype(np.float32)
        xs, ys = xs + shift[..., 0], ys + shift[..., 1]
        ys = ys + cv2.remap(self._lids(blink), xs, ys, cv2.INTER_LINEAR)
        return self._mouth(cv2.remap(self.skin, xs, ys, cv2.INTER_CUBIC), moved)

    def _moved(self, opening: float, rounding: float, brow: float) -> np.ndarray:
        old, new = self.points, self.points.copy()
        middle = old[list(INNER_UP)].mean(0)[0]
        gap = 0.27 * self.eyes * opening
        for up, low, over, under in zip(INNER_UP, INNER_LOW, OUTER_UP, OUTER_LOW, strict=True):
            across = (old[up, 0] - middle) / (old[308, 0] - middle)
            here = gap * np.sqrt(max(0.0, 1 - across**2))
            seam = 0.6 * old[up, 1] + 0.4 * old[low, 1]
            for inner, outer, place in ((up, over, seam - 0.18 * here), (low, under, seam + 0.82 * here)):
                shift = place - old[inner, 1]
                new[inner, 1] += shift
                new[outer, 1] += shift * (0.9 if outer not in (61, 291) else 0.5)
        lips = {*INNER_UP, *INNER_LOW, *OUTER_UP, *OUTER_LOW}
        chin, mouth = old[152, 1], old[14, 1]
        for i in range(len(old)):
            if i not in lips and old[i, 1] > mouth:
                # The jaw turns: what lies lower moves further, what lies at the side less.
                share = min(1.0, (old[i, 1] - mouth) / (0.5 * (chin - mouth)))
                side = np.exp(-(((old[i, 0] - middle) / (0.55 * self.eyes)) ** 2))
                new[i, 1] += 0.75 * gap * share * (0.35 + 0.65 * side)
            near = np.exp(
                -(((old[i, 0] - middle) / (0.5 * self.eyes)) ** 2 + ((old[i, 1] - mouth) / (0.32 * self.eyes)) ** 2)
            )
            new[i, 0] -= (old[i, 0] - middle) * near * (0.08 + 0.38 * rounding)
        # The forehead goes with the brows, less and less: moved alone, they would fold the skin over their tails.
        away = np.linalg.norm(old[:, None] - old[list(BROWS)][None], axis=2).min(1) / (0.17 * self.eyes)
        new[:, 1] -= brow * 0.05 * self.eyes * np.exp(-(away**2))
        return new

    @staticmethod
    def _filled(picture: np.ndarray, outline: np.ndarray, grow: int) -> np.ndarray:
        """A copy in which what is inside an outline is painted over from around it: lips for teeth, skin for eyes."""
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [outline.round().astype(np.int32)], 255)
        mask = cv2.dilate(mask, np.ones((grow, grow), np.uint8))
        return cv2.inpaint(picture.astype(np.uint8), mask, 5, cv2.INPAINT_TELEA).astype(np.float32)

    def _matt(self, picture: np.ndarray) -> np.ndarray:
        """Takes the gloss off the lower lip: pressed against the upper one, its highlight looks like a tooth."""
        lip = np.concatenate([self.points[list(INNER_LOW)], self.points[list(OUTER_LOW)][::-1]])
        mask = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(mask, [lip.round().astype(np.int32)], 255)
        tone = np.median(picture[mask > 0], axis=0)
        soft = cv2.GaussianBlur(mask, (0, 0), 2.5)[..., None].astype(np.float32) / 255
        return picture - soft * 0.8 * np.maximum(picture - tone, 0).astype(np.float32)

    def _lids(self, blink: float) -> np.ndarray:
        """How far below each pixel its colour comes from when the lids close, `[S, S]`, negative: from above.

        In each column the skin under the brow stretches, the lashes move with the lid's edge, and the eye is pressed flat.
        """
        shift = np.zeros((self.side, self.side), np.float32)
        for (upper, lower), fold, brow in zip(LIDS, FOLDS, UNDER_BROWS, strict=True):
            left, right = self.points[list(fold), 0].min(), self.points[list(fold), 0].max()
            for x in range(int(np.ceil(left)), int(right) + 1):
                high, crease, top, bottom = (self._level(line, x) for line in (brow, fold, upper, lower))
                fall = blink * (max(0.0, bottom - top) + 0.7)
                crease = min(crease, top - 1)
                rest = np.array([high, crease, top, bottom, bottom + 2])
                shown = np.maximum.accumulate(rest + fall * np.array([0.0, 1.0, 1.0, 0.0, 0.0]))
                rows = np.arange(int(high), int(bottom) + 3)
                shift[rows, x] = np.interp(rows, shown, rest) - rows
        return cv2.GaussianBlur(shift, (5, 1), 0.9)

    def _level(self, line: tuple[int, ...], x: float) -> float:
        """Height of a line of landmarks in a column, in pixels from the top."""
        places = self.points[list(line)]
        return float(np.interp(x, *places[np.argsort(places[:, 0])].T))

    def _mouth(self, out: np.ndarray, moved: np.ndarray) -> np.ndarray:
        outline = np.concatenate([moved[list(INNER_UP)], moved[list(INNER_LOW)][::-1]])
        mask = np.zeros((self.side, self.side), np.uint8)
        cv2.fillPoly(mask, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None].astype(np.float32) / 255
        # Teeth hang from the upper jaw, which stays: the portrait's own pixels, darker towards the corners and below.
        lip = moved[13, 1] - self.points[13, 1]
        teeth = cv2.warpAffine(self.picture, np.float32([[1, 0, 0], [0, 1, min(2.0, lip)]]), (self.side, self.side))
        edge = self.points[13, 1] + min(2.0, lip) + 0.105 * self.eyes
        ys = np.arange(self.side, dtype=np.float32)[:, None, None]
        shown = 1 / (1 + np.exp((ys - edge) / 1.2))
        across = (np.arange(self.side)[None, :, None] - moved[13, 0]) / (0.30 * self.eyes)
        slit = float(np.clip((moved[14, 1] - moved[13, 1]) / (0.04 * self.eyes), 0, 1))  # closed lips show a dark line
        shown = shown * np.exp(-(np.abs(across) ** 4)) * slit
        inside = CAVITY + shown * (teeth * 0.92 - CAVITY)
        return out + soft * (inside - out)


def animate(timeline: Timeline, seed: int = 3) -> Iterator[np.ndarray]:
    """The clip's pictures, `[S, S, 3]` uint8 RGB."""
    portrait = Portrait()
    generator = np.random.default_rng(seed)
    count = timeline.frames
    opening = timeline.track("opening", FPS * 8, 0.028, LEAD_S).reshape(-1, 8).mean(1)
    rounding = timeline.track("rounding", FPS * 8, 0.045, LEAD_S).reshape(-1, 8).mean(1)
    voice = gaussian_filter1d(timeline.track("voice", FPS, 0.08), 3)
    blink = sum(np.exp(-(((np.arange(count) - at) / 2.6) ** 4)) for at in (17, 70, 118))
    sway = gaussian_filter1d(generator.normal(0, 1, (count, 5)), 9, axis=0)
    sway /= sway.std(0)
    for i in range(count):
        face = portrait.draw(opening[i], rounding[i], min(1.0, float(blink[i])), 0.4 * sway[i, 4] + 0.9 * voice[i])
        turn = np.array([1.3, 2.6, 2.2 - 2.0 * voice[i], 0.006]) * sway[i, :4]
        yield _held(face, turn, generator)


def _held(face: np.ndarray, turn: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The head turned, moved and nearer or further, with the grain of a camera."""
    side = face.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side * 0.8), float(turn[0]), 1.05 + float(turn[3]))
    matrix[:, 2] += turn[1:3]
    held = cv2.warpAffine(face, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.clip(np.rint(held + generator.normal(0, 1.2, held.shape)), 0, 255).astype(np.uint8)
