"""Simulated raters: does recovery beat the plain mean when one in five does not care?

    python -m tests.bench.raters [--rounds 200] [--clips 60] [--raters 20] [--careless 0.2]

A rater of the simulation has a bias and a spread of their own and answers in whole points; a careless one answers
anything from 1 to 5. Prints the error against the true quality and how often the 95 % interval holds it, for the plain
mean, the mean after the screening of BT.500, and recovery; every clip is seen by `--seen` of the raters.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from tfq.fusion import ratings


@dataclass(frozen=True)
class Simulation:
    quality: np.ndarray
    scores: np.ndarray


def simulated(
    generator: np.random.Generator, clips: int, raters: int, careless: float, seen: float = 1.0
) -> Simulation:
    """Ratings in whole points: bias N(0, 0.3), spread uniform in 0.4 to 0.8, as in published sessions."""
    quality = generator.uniform(1.3, 4.7, clips)
    bias, spread = generator.normal(0, 0.3, raters), generator.uniform(0.4, 0.8, raters)
    said = quality[:, None] + bias + generator.normal(size=(clips, raters)) * spread
    scores = np.clip(np.round(said), 1, 5)
    idle = generator.permutation(raters) < round(careless * raters)
    scores[:, idle] = generator.integers(1, 6, (clips, int(idle.sum())))
    scores[generator.random(scores.shape) > seen] = np.nan
    return Simulation(quality, scores)


def screened(scores: np.ndarray) -> ratings.Opinions:
    return ratings.plain(np.where(ratings.outliers(scores), np.nan, scores))


METHODS = {
    "plain mean": ratings.plain,
    "after BT.500 screening": screened,
    "recovery": lambda scores: ratings.recover(scores)[0],
}


def compare(rounds: int, clips: int, raters: int, careless: float, seen: float) -> dict[str, np.ndarray]:
    """For each method `[rounds, 3]`: RMSE, share of clips whose interval holds the truth, mean width."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in METHODS}
    for seed in range(rounds):
        made = simulated(np.random.default_rng(seed), clips, raters, careless, seen)
        for name, method in METHODS.items():
            opinions = method(made.scores)
            known = np.isfinite(opinions.low)
            inside = (opinions.low <= made.quality) & (made.quality <= opinions.high)
            error = np.sqrt(np.nanmean((opinions.mos - made.quality) ** 2))
            found[name].append((error, inside[known].mean(), (opinions.high - opinions.low)[known].mean()))
    return {name: np.array(rows) for name, rows in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Recovery of MOS from simulated raters.")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--raters", type=int, default=20)
    parser.add_argument("--careless", type=float, default=0.2)
    parser.add_argument("--seen", type=float, default=1.0)
    asked = parser.parse_args()
    results = compare(**vars(asked))
    print(f"{'':24}{'RMSE':>8}{'5-95 %':>16}{'coverage':>10}{'width':>8}{'better than the mean':>22}")
    for name, rows in results.items():
        low, high = np.percentile(rows[:, 0], [5, 95])
        wins = np.mean(rows[:, 0] < results["plain mean"][:, 0])
        error, coverage, width = rows.mean(0)
        print(f"{name:24}{error:8.3f}{f'{low:.3f} to {high:.3f}':>16}{coverage:10.3f}{width:8.2f}{wins:22.1%}")


if __name__ == "__main__":
    main()
