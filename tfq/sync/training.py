"""Training of the sync network: pieces of clips, the loss over shifts, and the loop."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tfq.nets.sync import Scale, SyncNetwork
from tfq.sync import augment
from tfq.types import Floats, Ints, Mask, Pictures


@dataclass(frozen=True)
class Clip:
    """What training keeps of a clip, `T` grid frames.

    Attributes:
        speaker: clips of one speaker, or of one recording, share it.
        shape: `[T, G]` from `geometry.mouth_shape`, 0 where there is no face.
        crops: `[T, S, S]` grey mouth crops, or `[T, 0, 0]`.
        speech: choices of `[2 T, W]` rows: of the sound as it is, then of disturbed copies of it.
        mel: as many `[4 T, M]`.
        seen: `[T]` there is a face.
        voice: `[T]` there is speech.
        offset: frames by which the sound is early: the sound of picture `t` is at `t - offset`.
    """

    speaker: str
    shape: Floats
    crops: Pictures
    speech: Sequence[Floats]
    mel: Sequence[Floats]
    seen: Mask
    voice: Mask
    offset: int = 0


@dataclass(frozen=True)
class Recipe:
    """How long, on what, and how strongly."""

    steps: int = 1500
    batch: int = 24
    frames: int = 44
    reach: int = 15
    rate: float = 1.5e-3
    decay: float = 0.02
    clips_weight: float = 0.3
    alone_weight: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Batch:
    """Pieces of `L` frames; the sound reaches `R` frames further on either side."""

    shape: Tensor  # [B, L, G]
    crops: Tensor  # [B, L, S, S]
    speech: Tensor  # [B, 2 (L + 2 R), W]
    mel: Tensor  # [B, 4 (L + 2 R), M]
    weight: Tensor  # [B, L] a face, and speech where it should be
    heard: Tensor  # [B, L + 2 R] the sound is inside the clip


def batches(clips: Sequence[Clip], recipe: Recipe) -> Iterator[Batch]:
    """Endless batches; half of the pieces drawn evenly over speakers, half over the square root of length."""
    random = np.random.default_rng(recipe.seed)
    speakers: dict[str, list[int]] = {}
    for i, clip in enumerate(clips):
        speakers.setdefault(clip.speaker, []).append(i)
    names = sorted(speakers)
    share = np.sqrt([len(clip.seen) / len(speakers[clip.speaker]) for clip in clips])
    share /= share.sum()
    while True:
        chosen = [int(random.choice(speakers[names[random.integers(len(names))]])) for _ in range(recipe.batch // 2)]
        chosen += random.choice(len(clips), recipe.batch - len(chosen), p=share).tolist()
        pieces = [_piece(clips[i], recipe, random) for i in chosen]
        yield Batch(*(torch.from_numpy(np.stack(part)) for part in zip(*pieces, strict=True)))


def _piece(clip: Clip, recipe: Recipe, random: np.random.Generator) -> tuple[NDArray[Any], ...]:
    frames, reach, total = recipe.frames, recipe.reach, len(clip.seen)
    start = int(random.integers(min(0, total - frames), max(0, total - frames) + 1))
    picture = _rows(start, frames, total)
    if random.random() < 0.15:  # a source of another rate, shown on the grid
        rate = random.uniform(12, 30) / 25
        phase = random.random()
        picture = np.clip(np.floor((np.floor(picture * rate + phase) - phase) / rate + 0.5).astype(int), 0, total - 1)
    sound = np.arange(start - clip.offset - reach, start - clip.offset + frames + reach)
    heard = (sound >= 0) & (sound < total)
    held = np.clip(sound, 0, total - 1)
    inside = (np.arange(start, start + frames) >= 0) & (np.arange(start, start + frames) < total)
    weight = inside & clip.seen[picture] & clip.voice[held[reach : reach + frames]]
    version = int(random.integers(len(clip.speech)))
    return (
        clip.shape[picture].astype(np.float32),
        clip.crops[picture],
        clip.speech[version][_split(held, 2)].astype(np.float32),
        clip.mel[version][_split(held, 4)].astype(np.float32),
        weight.astype(np.float32),
        heard,
    )


def _rows(start: int, count: int, total: int) -> Ints:
    return np.clip(np.arange(start, start + count), 0, total - 1)


def _split(frames: Ints, rows: int) -> Ints:
    return (frames[:, None] * rows + np.arange(rows)).ravel()


def along_shifts(picture: Tensor, sound: Tensor) -> Tensor:
    """Similarity of each picture with the sound of each shift: `[B, L, E]`, `[B, L + 2 R, E]` to `[B, L, 2 R + 1]`."""
    batch, frames = picture.shape[:2]
    shifts = sound.shape[1] - frames + 1
    table = picture @ sound.transpose(1, 2)
    index = torch.arange(frames)[:, None] + torch.arange(shifts)
    return table.gather(2, index.expand(batch, -1, -1))


def shift_loss(similarity: Tensor, batch: Batch, sharpness: Tensor, lengths: Sequence[int]) -> Tensor:
    """Cross-entropy of the true shift against all others, for windows of several lengths.

    Evidence of more frames is worth more, so the temperature grows with the window by a learned power.
    """
    shifts = similarity.shape[2]
    index = torch.arange(similarity.shape[1])[:, None] + torch.arange(shifts)
    usable = batch.weight[:, :, None] * batch.heard[:, index]  # [B, L, 2 R + 1]
    losses = []
    for length in lengths:
        amount = _pool(usable, length)
        mean = _pool(similarity * usable, length) / amount.clamp(min=1e-3)
        logits = torch.exp(sharpness[0] + sharpness[1] * np.log(length / 5)) * mean
        logits = logits.masked_fill(amount < 0.5, -1e4)
        counted = amount[:, :, shifts // 2] >= 0.6
        if counted.any():
            losses.append(F.cross_entropy(logits[counted], torch.full((int(counted.sum()),), shifts // 2)))
    return torch.stack(losses).mean() if losses else similarity.sum() * 0


def _pool(rows: Tensor, length: int) -> Tensor:
    return F.avg_pool1d(rows.transpose(1, 2), length, stride=max(1, length // 3)).transpose(1, 2)


def clip_loss(picture: Tensor, sound: Tensor, batch: Batch, sharpness: Tensor) -> Tensor:
    """Cross-entropy of the piece's own sound against the sounds of all other pieces, and of the picture likewise."""
    frames = picture.shape[1]
    reach = (sound.shape[1] - frames) // 2
    weight = batch.weight / batch.weight.sum(1, keepdim=True).clamp(min=1)
    table = torch.einsum("ite,jte,it->ij", picture, sound[:, reach : reach + frames], weight)
    logits = torch.exp(sharpness[0] + sharpness[1] * np.log(frames / 5)) * table
    target = torch.arange(len(logits))
    kept = batch.weight.sum(1) >= 5
    return (F.cross_entropy(logits[kept], target[kept]) + F.cross_entropy(logits.T[kept], target[kept])) / 2


def set_scales(network: SyncNetwork, clips: Sequence[Clip]) -> None:
    """Measure over the clips the deviation of shape and log-mel, and the principal components of the speech rows."""
    _scale(network.shape.scale, [clip.shape for clip in clips])
    _scale(network.sound_side.mel_scale, [clip.mel[0] for clip in clips])
    rows = np.concatenate([clip.speech[0][::5] for clip in clips]).astype(np.float64)
    mean = rows.mean(0)
    values, vectors = np.linalg.eigh((rows - mean).T @ (rows - mean) / len(rows))
    parts = network.sound_side.speech_parts
    count = parts.basis.shape[1]
    parts.mean.copy_(torch.from_numpy(mean))
    parts.basis.copy_(torch.from_numpy(vectors[:, -count:] / np.sqrt(values[-count:])))


def _scale(scale: Scale, parts: Sequence[Floats]) -> None:
    rows = np.concatenate([part[::7] for part in parts]).astype(np.float32)
    scale.mean.copy_(torch.from_numpy(rows.mean(0)))
    scale.deviation.copy_(torch.from_numpy(rows.std(0) + 1e-4 * rows.std()))


def fit(
    network: SyncNetwork, clips: Sequence[Clip], recipe: Recipe, tell: Callable[[int, float], None] = lambda *_: None
) -> None:
    """Train in place; the network ends with the moving average of its weights."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=recipe.steps, pct_start=0.1)
    average = copy.deepcopy(network)
    random = torch.Generator().manual_seed(recipe.seed)
    picker = np.random.default_rng(recipe.seed)
    mirror = augment.Mirror()
    network.train()
    for step, batch in zip(range(recipe.steps), batches(clips, recipe), strict=False):
        ready = _disturbed(batch, network.spec.crop, mirror, random)
        lengths = (5, int(picker.integers(8, 20)), recipe.frames)
        loss = _loss(network, ready, recipe, lengths)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        _follow(average, network)
        tell(step, float(loss.detach()))
    network.load_state_dict(average.state_dict())
    network.eval()


def _follow(average: SyncNetwork, network: SyncNetwork, share: float = 0.005) -> None:
    """Move the average a little towards the network; what is counted rather than learnt is copied."""
    with torch.no_grad():
        for mean, now in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(now, share)
            else:
                mean.copy_(now)


def _disturbed(batch: Batch, side: int, mirror: augment.Mirror, random: torch.Generator) -> Batch:
    chosen = torch.rand(len(batch.shape), generator=random) < 0.5
    crops = augment.disturb_crops(batch.crops.float() / 255, side, random) if side else batch.crops
    shape, turned = mirror(batch.shape, crops if side else None, chosen)
    return replace(
        batch,
        shape=augment.disturb_shape(shape, random),
        crops=batch.crops if turned is None else turned,
        mel=augment.hide_bands(batch.mel, random),
    )


def _loss(network: SyncNetwork, batch: Batch, recipe: Recipe, lengths: Sequence[int]) -> Tensor:
    sound = network.sound(batch.speech, batch.mel)
    shape = network.shape(batch.shape)
    views = [(1.0, shape)]
    if network.crops is not None:
        crops = network.crops(batch.crops)
        views = [(1.0, shape + crops), (recipe.alone_weight, shape), (recipe.alone_weight, crops)]
    total = sound.sum() * 0
    for weight, rows in views:
        picture = F.normalize(rows, dim=-1)
        similarity = along_shifts(picture, sound)
        total = total + weight * shift_loss(similarity, batch, network.sharpness, lengths)
        total = total + weight * recipe.clips_weight * clip_loss(picture, sound, batch, network.sharpness)
    return total
