"""Examples and batches: clips of unequal length, padded, with copies of one source side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tfq.types import Floats, Mask


@dataclass(frozen=True)
class Example:
    """One clip, ready for the network.

    `rows` and `present` are normalised features; `labels` `[M]` and `over_time` `[T, M]` are MOS with NaN where nobody
    judged; clips of equal `source` are versions of one another; `together` says that sound and picture belong together.
    """

    name: str
    source: str
    speaker: str
    rows: Mapping[str, Floats]
    present: Mapping[str, Mask]
    labels: Floats
    over_time: Floats
    together: bool

    @property
    def length(self) -> int:
        return len(self.over_time)


@dataclass(frozen=True)
class Batch:
    """Tensors of `B` clips padded to `T` frames."""

    features: dict[str, Tensor]
    present: dict[str, Tensor]
    inside: Tensor
    labels: Tensor
    over_time: Tensor
    group: Tensor
    together: Tensor


def collate(examples: Sequence[Example], longest: int, generator: np.random.Generator | None = None) -> Batch:
    """Pad, and cut what is longer than `longest` frames: at random where there is a generator, else from the start."""
    pieces = [_piece(example, longest, generator) for example in examples]
    length = max(piece.stop - piece.start for piece in pieces)
    sources = {name: i for i, name in enumerate(dict.fromkeys(example.source for example in examples))}

    def padded(arrays: Sequence[Floats | Mask], fill: float | bool) -> Tensor:
        out = np.full((len(arrays), length, *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
        for row, array, piece in zip(out, arrays, pieces, strict=True):
            row[: piece.stop - piece.start] = array[piece]
        return torch.from_numpy(out)

    names = examples[0].rows
    return Batch(
        features={name: padded([example.rows[name] for example in examples], 0.0) for name in names},
        present={name: padded([example.present[name] for example in examples], False) for name in names},
        inside=padded([np.ones(example.length, bool) for example in examples], False),
        labels=torch.from_numpy(np.stack([example.labels for example in examples]).astype(np.float32)),
        over_time=padded([example.over_time.astype(np.float32) for example in examples], float("nan")),
        group=torch.tensor([sources[example.source] for example in examples]),
        together=torch.tensor([example.together for example in examples]),
    )


def batches(examples: Sequence[Example], size: int, longest: int, generator: np.random.Generator) -> Iterator[Batch]:
    """One pass in random order, versions of one source in one batch so that ranking has pairs to compare."""
    families: dict[str, list[Example]] = {}
    for example in examples:
        families.setdefault(example.source, []).append(example)
    order = list(families.values())
    generator.shuffle(order)
    waiting: list[Example] = []
    for family in order:
        waiting += [family[i] for i in generator.permutation(len(family))]
        while len(waiting) >= size:
            yield collate(waiting[:size], longest, generator)
            waiting = waiting[size:]
    if len(waiting) > 1:
        yield collate(waiting, longest, generator)


def _piece(example: Example, longest: int, generator: np.random.Generator | None) -> slice:
    spare = max(0, example.length - longest)
    start = int(generator.integers(spare + 1)) if generator is not None and spare else 0
    return slice(start, start + min(example.length, longest))
