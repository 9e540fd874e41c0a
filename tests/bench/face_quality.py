"""The face-quality network: its pictures, its training, and its table of figures.

    python -m tests.bench.face_quality draw --data ../shared/data --out work/faces [--part train]
    python -m tests.bench.face_quality train --out work/faces --weights work/face_quality.safetensors
    python -m tests.bench.face_quality table --out work/faces --weights work/face_quality.safetensors

`draw` degrades runs of eleven frames (0.44 s) of real clips by `tfq.artefacts`, all five severities of each kind, anew with a
seed that follows from the clip, and keeps what the network sees: crop and portrait of the first and the sixth frame, laid by the
landmarks of the clean pictures. Of the parts that are not trained on it keeps the indicators of five existing groups as well.
A unit is all clips that share a speaker or a recording; clips of unnamed speakers share their folder. The part of a unit
follows from its name's hash.

`table` chooses for each kind the existing indicator that follows best on validation units, and judges it and the network on
test units: the rank correlation with the severity, 0 to 5, its median over clips, with an interval by drawing units again.
"""

from __future__ import annotations

import argparse
import copy
import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tests.bench.followed import correlation
from tfq.artefacts import KINDS, Kind, Scene
from tfq.config import AlignConfig
from tfq.errors import TfqError
from tfq.faces import texture
from tfq.faces.align import fit_similarity, five_points, warp
from tfq.faces.detect import scrfd
from tfq.faces.landmarks import Face, Finder
from tfq.faces.portrait import EVERY, portrait
from tfq.features import MEASUREMENTS, Clip
from tfq.features.face_quality import SEEN
from tfq.media import line
from tfq.media.frames import frames, timeline
from tfq.models import own
from tfq.models.face_quality import TOWERS, graph, save
from tfq.models.runtime import Models
from tfq.nets.face_quality import FaceQuality
from tfq.nets.spec import FACE_QUALITY_EMBEDDING
from tfq.types import Picture

TAUGHT = (
    "blur", "mouth_patch", "skin_smoothing", "colour_shift", "flicker", "wobble", "picture_noise", "blocking",
    "over_compression",
)  # fmt: skip
UNTAUGHT = ("over_compression_h265", "asymmetry")  # measured alone
RUN = 11  # frames
KEPT = (0, EVERY)
SEVERITIES = range(6)
GROUPS = ("texture", "picture", "naturalness", "patch", "damage")
AT_MOST = 6  # clips of a unit
TEST, VALIDATION = 0.25, 0.37  # shares of the hashes


def units(data: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of real clips by unit: clips joined by a speaker or a recording, or a folder of unnamed ones."""
    rows = [row for row in csv.DictReader((data / "manifest.csv").open()) if row["kind"] == "real"]
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    for row in rows:
        folder = row["path"].split("/")[1]
        # A group joins the clips of one recording where the set names recordings; where it does not, speakers tell.
        names = [f"speaker {_plain(row['speaker'])}" if row["speaker"] else f"folder {folder}"]
        names += [f"group {row['group']}"] if row["group"] else []
        for name in names[1:]:
            leader[find(name)] = find(names[0])
        row["unit"] = names[0]
    found = defaultdict(list)
    for row in rows:
        found[find(row["unit"])].append(row)
    return dict(found)


def _plain(speaker: str) -> str:
    """A speaker's name without the set it was taken from: several sets show the same people of LRS3, MEAD and RAVDESS."""
    name = speaker.rpartition(":")[2].lower().replace("actor_", "actor")
    return re.sub("^(yt[-_]|mead_|ravdess_|omnitalker-ravdess-)", "", name)


def part_of(unit: str) -> str:
    share = int(hashlib.sha256(f"tfq-face-quality:{unit}".encode()).hexdigest()[:8], 16) / 2**32
    return "test" if share < TEST else "validation" if share < VALIDATION else "train"


def draw(data: Path, out: Path, part: str) -> None:
    """One `.npz` a clip; those that are there are left."""
    out.mkdir(parents=True, exist_ok=True)
    models = Models(threads=1)
    chosen = [(unit, row) for unit, rows in units(data).items() if part_of(unit) == part for row in _first(rows)]
    for unit, row in sorted(chosen, key=lambda pair: pair[1]["sha256"]):
        target = out / f"{part}-{row['sha256'][:12]}.npz"
        if target.exists():
            continue
        try:
            made = _drawn(data / row["path"], int(row["sha256"][:12], 16), models, judged=part != "train")
        except TfqError as error:
            print(f"{row['path']}: {error}")
            continue
        if made:
            np.savez(target, unit=unit, path=row["path"], **made)
            print(target.name, row["path"], flush=True)


def _first(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(rows, key=lambda row: row["sha256"])[:AT_MOST]


def _drawn(path: Path, seed: int, models: Models, *, judged: bool) -> dict[str, np.ndarray]:
    """`KIND-crops` `[6, 2, 96, 96, 3]`, `KIND-portraits` `[6, 2, 192, 192]`, `KIND-said` `[6, C]`; empty: no face."""
    grid = timeline(path, threads=1)
    start = max(0, min(int(np.random.default_rng(seed).integers(10, 40)), len(grid) - RUN))
    clean = [picture for _, picture in frames(path, grid.picture, start, start + RUN, threads=1)]
    faces = _faces(clean, models)
    if len(clean) < RUN or len(faces) < RUN:
        return {}
    made: dict[str, np.ndarray] = {}
    for name in TAUGHT + (UNTAUGHT if judged else ()):
        few = not judged and "send_pictures" not in KINDS[name].needs
        at = KEPT if few else range(RUN)
        seen = [[clean[i] for i in at]]
        seen += [
            list(_degraded(KINDS[name], level, [clean[i] for i in at], [faces[i] for i in at], seed))
            for level in range(1, 6)
        ]
        kept = [i if few else KEPT[i] for i in range(len(KEPT))]
        points = [faces[i].points for i in KEPT]
        made[f"{name}-crops"] = np.array(
            [[_crop(level[i], p) for i, p in zip(kept, points, strict=True)] for level in seen]
        )
        made[f"{name}-portraits"] = np.array(
            [[portrait(level[i], p) for i, p in zip(kept, points, strict=True)] for level in seen]
        )
        if judged:
            said = [indicators(level, faces, models) for level in seen]
            made[f"{name}-said"] = np.array([list(values.values()) for values in said], np.float32)
            made["indicators"] = np.array(list(said[0]))
    return made


def _degraded(kind: Kind, severity: int, pictures: list[Picture], faces: list[Face], seed: int) -> Iterator[Picture]:
    count = len(pictures)
    scene = Scene(
        range(count),
        count,
        seed % 2**31,
        landmarks=np.array([face.points for face in faces], np.float32),
        send_pictures=line.sent,
    )
    return islice(kind.pictures(pictures, severity, scene), count)


def _faces(pictures: list[Picture], models: Models) -> list[Face]:
    """The largest face of the first picture, followed."""
    found = scrfd(models.session("scrfd"), 320, 640, 0.5)(pictures[0]) if pictures else ()
    if not len(found):
        return []
    box = max(found.boxes, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    landmarker = models.landmarker()
    try:
        finder = Finder(landmarker, AlignConfig().reach)
        every = [finder.find(picture, box, 40 * i + 1) for i, picture in enumerate(pictures)]
    finally:
        landmarker.close()
    return [face for face in every if face is not None]


def _transform(points: np.ndarray) -> np.ndarray:
    return fit_similarity(five_points(points[None]), AlignConfig().size, AlignConfig().margin)[0]


def _crop(picture: Picture, points: np.ndarray) -> Picture:
    return warp(picture, _transform(points), AlignConfig().size)


def indicators(pictures: list[Picture], faces: list[Face], models: Models) -> dict[str, float]:
    """What existing groups say of the run, by group and column."""
    count, shown = len(pictures), [face.points for face in faces]
    grain = texture.Grain()
    crops = np.array([_crop(picture, points) for picture, points in zip(pictures, shown, strict=True)])
    portraits = np.array([portrait(pictures[i], shown[i]) for i in range(0, count, EVERY)])
    yes, no = np.ones(count, bool), np.zeros(count, bool)
    clip = Clip(
        sound=np.zeros(0, np.float32), silent="no_audio", speech=no, level_db=np.full(count, np.nan, np.float32), shown=yes,
        repeated=no, picture=np.arange(count), source_time_s=np.arange(count) / 25, broken=no, black=no, face=yes,
        landmarks=np.array(shown, np.float32), blendshapes=np.array([face.blendshapes for face in faces]),
        pose=np.array([face.pose for face in faces]), transform=np.array([_transform(points) for points in shown]),
        texture=np.array([grain(picture, points) for picture, points in zip(pictures, shown, strict=True)]),
        crops=lambda: iter((crops,)), portraits=lambda: iter((portraits,)),
        parameters={name: models.parameters(name) for name in ("niqe", "brisque")},
    )  # fmt: skip
    found = {}
    for name in GROUPS:
        row = MEASUREMENTS[name]
        values = row(clip).clip
        found |= {f"{name}.{column.name}": float(v) for column, v in zip(row.clip_columns, values, strict=True)}
    return found


def read(out: Path, part: str) -> Iterator[Mapping[str, np.ndarray]]:
    for path in sorted(out.glob(f"{part}-*.npz")):
        with np.load(path) as file:
            yield {name: file[name] for name in file.files}


def train(out: Path, weights: Path, steps: int, seed: int = 0) -> None:
    """Write the network that orders the severities of the training part."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    clips = [_pixels(clip) for clip in read(out, "train")]
    print(f"{len(clips)} clips", flush=True)
    network = FaceQuality()
    kinds = torch.nn.Linear(FACE_QUALITY_EMBEDDING, len(TAUGHT))
    learnt = [*network.parameters(), *kinds.parameters()]
    optimiser = torch.optim.AdamW(learnt, lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.1)
    average, losses = copy.deepcopy(network), []
    for step in range(steps):
        portraits, crops, which = _batch(clips, random)
        embedding, score = network(portraits, crops)
        table = score.reshape(len(which), len(SEVERITIES))  # [L, 6]
        named = kinds(embedding).reshape(len(which), len(SEVERITIES), -1)[:, 2:]
        loss = _in_order(table) + 0.3 * _across(table)
        loss = loss + 0.2 * functional.cross_entropy(named.flatten(0, 1), which.repeat_interleave(named.shape[1]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
                mean.lerp_(now, 0.01) if mean.is_floating_point() else mean.copy_(now)
        losses.append(float(loss.detach()))
        if step % 100 == 99:
            print(f"step {step + 1}: loss {np.mean(losses[-100:]):.3f}", flush=True)
    average.eval()
    _rescale(average, out)
    save(weights, average)


def _in_order(table: torch.Tensor) -> torch.Tensor:
    """Each severity below those before it, by a margin that grows with the distance."""
    places = torch.arange(table.shape[1])
    distance = (places[None] - places[:, None]).clamp(min=0)
    short = functional.relu(0.5 * distance - (table[:, :, None] - table[:, None, :]))
    return (short * (distance > 0)).sum() / ((distance > 0).sum() * len(table))


def _across(table: torch.Tensor) -> torch.Tensor:
    """A recording of one person above the strongest copies of the others."""
    return functional.relu(0.5 - (table[:, None, 0] - table[None, :, 4:].mean(2))).mean()


def _pixels(clip: Mapping[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each kind the crops, and of the portraits what is seen and 8 pixels around it."""
    inner = slice(SEEN.start - 8, SEEN.stop + 8)
    return [(clip[f"{kind}-crops"], clip[f"{kind}-portraits"][..., inner, inner].copy()) for kind in TAUGHT]


def _batch(
    clips: list[list[tuple[np.ndarray, np.ndarray]]], random: np.random.Generator, ladders: int = 12
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Portraits, crops and kinds of some ladders; all severities of one are moved, mirrored and relit alike."""
    portraits, crops = [], []
    which = random.integers(len(TAUGHT), size=ladders)
    for kind in which:
        colour, grey = clips[random.integers(len(clips))][kind]
        frame, (y, x) = random.integers(len(KEPT)), random.integers(17, size=2)
        gain, lift, turn = random.uniform(0.75, 1.25), random.uniform(-0.1, 0.1), int(random.choice([-1, 1]))
        side = SEEN.stop - SEEN.start
        for level in SEVERITIES:
            for kept, pixels in (
                (portraits, grey[level, frame, y : y + side, x : x + side][..., None]),
                (crops, colour[level, frame]),
            ):
                lit = np.clip(pixels[:, ::turn].astype(np.float32) / 255 * gain + lift, 0, 1)
                kept.append(torch.from_numpy(np.ascontiguousarray(lit.transpose(2, 0, 1))))
    return torch.stack(portraits), torch.stack(crops), torch.from_numpy(which)


def _rescale(network: FaceQuality, out: Path) -> None:
    """Recordings of the validation part get a mean of 0 and a deviation of 1."""
    with torch.inference_mode():
        scores = np.concatenate(
            [network(*_tensors(c["blur-portraits"][0], c["blur-crops"][0]))[1].numpy() for c in read(out, "validation")]
        )
        network.judge.bias.sub_(float(scores.mean()))
        for parameter in network.judge.parameters():
            parameter.div_(float(scores.std()))


def _tensors(portraits: np.ndarray, crops: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    grey = torch.from_numpy(portraits[:, None, SEEN, SEEN].astype(np.float32) / 255)
    return grey, torch.from_numpy(crops.transpose(0, 3, 1, 2).astype(np.float32) / 255)


def table(out: Path, weights: Path) -> None:
    """Print a row for each kind: the network on test units, and the indicator that was best on validation units."""
    session = Models(threads=1)._running(graph(weights))
    parts = {part: _answers(out, part, session) for part in ("validation", "test")}
    print(f"{len(parts['test'])} clips of {len({unit for unit, _ in parts['test']})} units")
    print("| kind | network | 95 % | best indicator | its | 95 % | clips where the network follows better / worse |")
    print("|---|---|---|---|---|---|---|")
    random = np.random.default_rng(0)
    for kind in (*TAUGHT, *UNTAUGHT):
        chosen, sign = _best([said[kind] for _, said in parts["validation"]])
        here = [(unit, said[kind]) for unit, said in parts["test"]]
        ours = [(unit, -correlation(said["network"])) for unit, said in here]
        theirs = [(unit, sign * correlation(said[chosen])) for unit, said in here]
        more = np.array([a[1] - b[1] for a, b in zip(ours, theirs, strict=True)])
        cells = [f"{np.median([v for _, v in rows]):.2f} | {_interval(rows, random)}" for rows in (ours, theirs)]
        print(f"| {kind} | {cells[0]} | {chosen} | {cells[1]} | {(more > 0.01).sum()} / {(more < -0.01).sum()} |")
    said = [kinds[kind] for _, kinds in parts["validation"] for kind in TAUGHT]
    chosen, sign = _best(said)
    for name, way in (("network", -1.0), (chosen, sign)):
        steps = [way * correlation(kinds[kind][name]) for _, kinds in parts["test"] for kind in TAUGHT]
        print(f"{name} for all taught kinds: mean {np.mean(steps):.3f}, median {np.median(steps):.2f}")
    told, way = _telling([kinds for _, kinds in parts["validation"]])
    for name, turned in (("network", -1.0), (chosen, sign), (told, way)):
        share = _above([kinds for _, kinds in parts["test"]], name, turned)
        print(f"{name}: a recording above a strong copy (severity 4, 5) of anybody in {share:.1%}")


def _above(answers: list[dict[str, dict[str, np.ndarray]]], name: str, sign: float) -> float:
    """How often a recording is told from a strong copy of any clip, by one number; 0.5 is chance."""
    clean = sign * np.array([said["blur"][name][0] for said in answers])
    strong = sign * np.array([said[kind][name][4:] for said in answers for kind in TAUGHT]).ravel()
    known = strong[np.isfinite(strong)]
    return float(np.mean((clean[np.isfinite(clean), None] < known) + 0.5 * (clean[np.isfinite(clean), None] == known)))


def _telling(answers: list[dict[str, dict[str, np.ndarray]]]) -> tuple[str, float]:
    """The existing indicator that tells recordings from strong copies best, and its sign."""
    shares = {name: _above(answers, name, 1.0) for name in answers[0]["blur"] if name != "network"}
    best = max(shares, key=lambda name: abs(shares[name] - 0.5))
    return best, float(np.sign(shares[best] - 0.5))


def _answers(out: Path, part: str, session: Any) -> list[tuple[str, dict[str, dict[str, np.ndarray]]]]:
    found = []
    for clip in read(out, part):
        said = {}
        for kind in (*TAUGHT, *UNTAUGHT):
            grey, colour = clip[f"{kind}-portraits"], clip[f"{kind}-crops"]  # [6, 2, ...]
            given = _tensors(grey.reshape(-1, *grey.shape[2:]), colour.reshape(-1, *colour.shape[2:]))
            inputs = {name: tensor.numpy() for name, tensor in zip(TOWERS, given, strict=True)}
            levels = session.run(["quality"], inputs)[0].reshape(len(SEVERITIES), -1).mean(1)
            said[kind] = {
                str(name): values for name, values in zip(clip["indicators"], clip[f"{kind}-said"].T, strict=True)
            }
            said[kind]["network"] = levels
        found.append((str(clip["unit"]), said))
    return found


def _best(said: list[dict[str, np.ndarray]]) -> tuple[str, float]:
    """The existing indicator with the highest mean rank correlation, and its sign."""
    means = {name: np.mean([correlation(clip[name]) for clip in said]) for name in said[0] if name != "network"}
    best = max(means, key=lambda name: abs(means[name]))
    return best, float(np.sign(means[best]))


def _interval(rows: list[tuple[str, float]], random: np.random.Generator) -> str:
    """Of the median over clips, by drawing units again."""
    by_unit = defaultdict(list)
    for unit, value in rows:
        by_unit[unit].append(value)
    values = list(by_unit.values())
    draws = [
        np.median(np.concatenate([values[i] for i in random.integers(len(values), size=len(values))]))
        for _ in range(1000)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{low:.2f}–{high:.2f}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("draw", "train", "table"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--part", choices=("train", "validation", "test"), nargs="*", default=["train", "validation", "test"]
    )
    parser.add_argument("--weights", type=Path, default=own.FOLDER / own.FILES["tfq-face-quality"])
    parser.add_argument("--steps", type=int, default=1500)
    given = parser.parse_args()
    if given.what == "draw":
        for part in given.part:
            draw(given.data, given.out, part)
    elif given.what == "train":
        train(given.out, given.weights, given.steps)
    else:
        table(given.out, given.weights)


if __name__ == "__main__":
    main()
