"""How a training went: a CSV beside the checkpoint, and TensorBoard's files where TensorBoard is installed."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tfq.config import LOSSES, TrainConfig
from tfq.fusion.train import Epoch

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class TrainingLog:
    """`OUT.csv`, one line a pass with the loss and each of its terms, unweighed; `OUT.tensorboard/` with the same."""

    def __init__(self, out: Path, config: TrainConfig) -> None:
        self.path = out.with_suffix(".csv")
        self._terms = [name for name in LOSSES if config.loss.get(name)]
        self._board: SummaryWriter | None = None
        if find_spec("tensorboard") is not None:
            from torch.utils.tensorboard import SummaryWriter

            # What an earlier training of the same name left is hidden from the first pass on.
            self._board = SummaryWriter(str(out.with_suffix(".tensorboard")), purge_step=0)
        self._write("w", ["epoch", "train_loss", "validation_loss", *self._terms])

    def epoch(self, epoch: Epoch) -> None:
        """One more pass; every line is in the files at once, whatever happens next."""
        terms = [f"{epoch.terms[name]:.6f}" if name in epoch.terms else "" for name in self._terms]
        self._write("a", [epoch.number, f"{epoch.trained:.6f}", f"{epoch.held_out:.6f}", *terms])
        if self._board is not None:
            losses = {"loss/train": epoch.trained, "loss/validation": epoch.held_out}
            for name, value in (losses | {f"term/{term}": v for term, v in epoch.terms.items()}).items():
                self._board.add_scalar(name, value, epoch.number)
            self._board.flush()

    def close(self) -> None:
        if self._board is not None:
            self._board.close()

    def _write(self, mode: str, cells: list[object]) -> None:
        with self.path.open(mode, newline="", encoding="utf-8") as lines:
            csv.writer(lines).writerow(cells)
