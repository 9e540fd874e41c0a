"""Examples and batches: clips of unequal length, padded, with copies of one source side by side.

Some clips of different content are known to be better than others, though nobody gave them a score: recordings over
generated clips of the same person, generators by their published means. Such an example carries `ranks`: the name of
a group and the clip's values in it, on any scale. Only the order inside the group is used, and only by the loss `order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from tfq.nets.summary_arrays import statistics
from tfq.types import Floats, Mask

POOL = 8  # batches within which clips are sorted by length


@dataclass(frozen=True)
class Example:
    """One clip, ready for the network.

    `rows` and `present` are normalised features; `labels` `[M]` and `over_time` `[T, M]` are MOS with NaN where nobody
    judged; clips of equal `source` are versions of one another; `together` says that sound and picture belong together.
    `doubt` `[M]` is the standard error of the labels in points, NaN where unknown; `ranks` maps a group to `[M]` values.
    """

    name: str
    source: str
    speaker: str
    rows: Mapping[str, Floats]
    present: Mapping[str, Mask]
    labels: Floats
    over_time: Floats
    together: bool
    doubt: Floats | None = None
    ranks: Mapping[str, Floats] | None = None

    @property
    def length(self) -> int:
        return len(self.over_time)


@dataclass(frozen=True)
class Entry:
    """What a plan needs to know of a clip that is not read yet: family, frames, whether it is judged, its rank groups."""

    source: str
    length: int
    judged: bool
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Piece:
    """What a batch takes of a clip: its place in the set, and frames from `start` to `stop`.

    `seed` is that of what is done to it on the fly; None: nothing.
    """

    clip: int
    start: int
    stop: int
    seed: int | None = None


class Clips(Protocol):
    """Examples that are read when they are asked for."""

    @property
    def entries(self) -> Sequence[Entry]:
        """What is known of each without reading it."""

    def __getitem__(self, piece: Piece, /) -> Example:
        """Those frames of that clip."""


class Held:
    """Examples in memory."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples
        self.entries = [
            Entry(e.source, e.length, bool(np.isfinite(e.labels).any()), tuple(e.ranks or ())) for e in examples
        ]

    def __getitem__(self, piece: Piece, /) -> Example:
        return cut(self.examples[piece.clip], piece.start, piece.stop)


def wholes(clips: Clips, numbers: Iterable[int], longest: int) -> Iterator[tuple[Example, dict[str, Floats | None]]]:
    """Clips, or their first `longest` frames, with their statistics `[4 D]` by feature; None: it is missing."""
    for number in numbers:
        example = clips[Piece(int(number), 0, min(clips.entries[number].length, longest))]
        there = example.present
        yield example, {n: statistics(rows, there[n]) if there[n].any() else None for n, rows in example.rows.items()}


def cut(example: Example, start: int, stop: int) -> Example:
    """Some frames of an example; the labels of the whole clip stay."""
    if (start, stop) == (0, example.length):
        return example
    return replace(
        example,
        rows={name: rows[start:stop] for name, rows in example.rows.items()},
        present={name: present[start:stop] for name, present in example.present.items()},
        over_time=example.over_time[start:stop],
    )


@dataclass(frozen=True)
class Batch:
    """Tensors of `B` clips padded to `T` frames; `K` memberships of rank groups: which clip, group, and values."""

    features: dict[str, Tensor]
    present: dict[str, Tensor]
    inside: Tensor
    labels: Tensor
    doubt: Tensor
    over_time: Tensor
    group: Tensor
    together: Tensor
    rank_clip: Tensor
    rank_group: Tensor
    rank_values: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""

        def moved(value: Tensor | dict[str, Tensor]) -> Tensor | dict[str, Tensor]:
            if isinstance(value, Tensor):
                return value.to(device)
            return {name: tensor.to(device) for name, tensor in value.items()}

        return Batch(**{field.name: moved(getattr(self, field.name)) for field in fields(self)})  # type: ignore[arg-type]


def collate(examples: Sequence[Example]) -> Batch:
    """Pad to the longest; sound and picture are rows of one grid, so that one mask does for both."""
    length = max(example.length for example in examples)

    def padded(arrays: Sequence[Floats | Mask], fill: float | bool) -> Tensor:
        out = np.full((len(arrays), length, *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
        for row, array in zip(out, arrays, strict=True):
            row[: len(array)] = array
        return torch.from_numpy(out)

    names = examples[0].rows
    unsure = [np.zeros_like(e.labels) if e.doubt is None else np.nan_to_num(e.doubt) for e in examples]
    ranks = [(i, group, values) for i, e in enumerate(examples) for group, values in (e.ranks or {}).items()]
    return Batch(
        features={name: padded([example.rows[name] for example in examples], 0.0) for name in names},
        present={name: padded([example.present[name] for example in examples], False) for name in names},
        inside=padded([np.ones(example.length, bool) for example in examples], False),
        labels=_stacked([example.labels for example in examples]),
        doubt=_stacked(unsure),
        over_time=padded([example.over_time.astype(np.float32) for example in examples], float("nan")),
        group=_numbered([example.source for example in examples]),
        together=torch.tensor([example.together for example in examples]),
        rank_clip=torch.tensor([i for i, _, _ in ranks], dtype=torch.long),
        rank_group=_numbered([group for _, group, _ in ranks]),
        rank_values=_stacked([values for _, _, values in ranks]) if ranks else torch.zeros(0, len(unsure[0])),
    )


def plan(
    clips: Clips, size: int, longest: int, generator: np.random.Generator, *, changed: float = 0.0
) -> list[list[Piece]]:
    """What each batch of one pass takes, in random order.

    Versions of one source lie in one batch as far as they fit, so that ranking has pairs to compare, and batches hold
    clips of like length, which saves padding. Members of a rank group come once more beside each other; a clip that
    nobody judged, but that is ranked, comes there only. All that is random is drawn here, so that a pass is the same
    however many processes read it.

    Args:
        clips: the set.
        size: clips a batch.
        longest: frames; of a longer clip a random piece is taken.
        generator: draws.
        changed: share of the judged clips that get a seed, for what is done to them on the fly.
    """
    sources: dict[str, list[int]] = {}
    ranked: dict[str, list[int]] = {}
    for clip, entry in enumerate(clips.entries):
        if entry.judged or not entry.groups:
            sources.setdefault(entry.source, []).append(clip)
        for group in entry.groups:
            ranked.setdefault(group, []).append(clip)
    lengths = [min(entry.length, longest) for entry in clips.entries]
    made = [(line, changed) for line in _packed(list(sources.values()), lengths, size, generator)]
    pairs = [members for members in ranked.values() if len(members) > 1]
    made += [(line, 0.0) for line in _packed(pairs, lengths, size, generator)]
    return [
        [_piece(clip, clips.entries[clip].length, longest, generator, share) for clip in line]
        for line, share in (made[i] for i in generator.permutation(len(made)))
    ]


def batches(clips: Clips, plans: Sequence[Sequence[Piece]], workers: int = 0) -> Iterator[Batch]:
    """The batches of a plan, read by this process, or by workers ahead of it."""
    if workers == 0:
        yield from (collate([clips[piece] for piece in pieces]) for pieces in plans)
        return
    # A generator of its own, or starting the workers would move the dice that dropout rolls.
    loader: Iterable[Batch] = DataLoader(
        cast("Any", clips),
        batch_sampler=cast("Any", plans),
        collate_fn=collate,
        num_workers=workers,
        generator=torch.Generator(),
        multiprocessing_context="spawn",
    )
    yield from loader


def _packed(
    groups: list[list[int]], lengths: Sequence[int], size: int, generator: np.random.Generator
) -> list[list[int]]:
    """Lines of `size` clips: groups in random order, but by length within each pool of `POOL` lines."""
    generator.shuffle(groups)
    ends = np.cumsum([len(group) for group in groups], dtype=int)
    longest = np.array([max(lengths[clip] for clip in group) for group in groups], int)
    order = np.lexsort((longest, (ends - 1) // (POOL * size)))
    line = [groups[i][j] for i in order for j in generator.permutation(len(groups[i]))]
    made = [line[i : i + size] for i in range(0, len(line), size)]
    return made[:-1] if len(made) > 1 and len(made[-1]) == 1 else made  # one clip has nothing to be compared with


def _piece(clip: int, length: int, longest: int, generator: np.random.Generator, changed: float) -> Piece:
    spare = max(0, length - longest)
    start = int(generator.integers(spare + 1)) if spare else 0
    seed = int(generator.integers(2**31)) if changed and generator.random() < changed else None
    return Piece(clip, start, start + min(length, longest), seed)


def _stacked(rows: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def _numbered(names: Sequence[str]) -> Tensor:
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return torch.tensor([numbers[name] for name in names], dtype=torch.long)
