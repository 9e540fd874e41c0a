"""Examples and batches: clips of unequal length, padded, with copies of one source side by side.

Some clips of different content are known to be better than others, though nobody gave them a score: recordings over
generated clips of the same person, generators by their published means. Such an example carries `ranks`: the name of
a group and the clip's values in it, on any scale. Only the order inside the group is used, and only by the loss `order`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from tfq.types import Floats, Mask


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


def collate(examples: Sequence[Example], longest: int, generator: np.random.Generator | None = None) -> Batch:
    """Pad, and cut what is longer than `longest` frames: at random where there is a generator, else from the start."""
    pieces = [_piece(example, longest, generator) for example in examples]
    length = max(piece.stop - piece.start for piece in pieces)

    def padded(arrays: Sequence[Floats | Mask], fill: float | bool) -> Tensor:
        out = np.full((len(arrays), length, *arrays[0].shape[1:]), fill, dtype=arrays[0].dtype)
        for row, array, piece in zip(out, arrays, pieces, strict=True):
            row[: piece.stop - piece.start] = array[piece]
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


def plan(examples: Sequence[Example], size: int, generator: np.random.Generator) -> list[list[Example]]:
    """Which clips each batch of one pass holds, in random order.

    Versions of one source lie in one batch as far as they fit, so that ranking has pairs to compare. Members of a rank
    group come once more beside each other; a clip that nobody judged, but that is ranked, comes there only.
    """
    sources: dict[str, list[Example]] = {}
    ranked: dict[str, list[Example]] = {}
    for example in examples:
        if not example.ranks or np.isfinite(example.labels).any():
            sources.setdefault(example.source, []).append(example)
        for group in example.ranks or ():
            ranked.setdefault(group, []).append(example)
    made = _packed(list(sources.values()), size, generator)
    if not ranked:
        return made
    made += _packed([members for members in ranked.values() if len(members) > 1], size, generator)
    return [made[i] for i in generator.permutation(len(made))]


def batches(examples: Sequence[Example], size: int, longest: int, generator: np.random.Generator) -> Iterator[Batch]:
    """One pass as `plan` lays it out."""
    for chosen in plan(examples, size, generator):
        yield collate(chosen, longest, generator)


def _packed(groups: list[list[Example]], size: int, generator: np.random.Generator) -> list[list[Example]]:
    generator.shuffle(groups)
    line = [group[i] for group in groups for i in generator.permutation(len(group))]
    made = [line[i : i + size] for i in range(0, len(line), size)]
    return made[:-1] if len(made) > 1 and len(made[-1]) == 1 else made  # one clip has nothing to be compared with


def _stacked(rows: Sequence[Floats]) -> Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def _numbered(names: Sequence[str]) -> Tensor:
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return torch.tensor([numbers[name] for name in names], dtype=torch.long)


def _piece(example: Example, longest: int, generator: np.random.Generator | None) -> slice:
    spare = max(0, example.length - longest)
    start = int(generator.integers(spare + 1)) if generator is not None and spare else 0
    return slice(start, start + min(example.length, longest))
