"""Parameters of NIQE and BRISQUE, read from their published files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfq.errors import WeightsError
from tfq.types import Floats

_FEATURES = 36


def read_niqe(path: Path) -> dict[str, Floats]:
    """`mean` `[36]` and `covariance` `[36, 36]` of good pictures, from a MATLAB file.

    Raises:
        WeightsError: the file does not hold them.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        stored = loadmat(path, variable_names=["mu_prisparam", "cov_prisparam"])
        mean = stored["mu_prisparam"].reshape(_FEATURES)
        covariance = stored["cov_prisparam"].reshape(_FEATURES, _FEATURES)
    except (ValueError, KeyError, TypeError, IndexError, NotImplementedError, MatReadError) as error:
        raise WeightsError(f"{path}: not the parameters of NIQE: {error}") from error
    return {"mean": mean.astype(np.float64), "covariance": covariance.astype(np.float64)}


def read_brisque(path: Path) -> dict[str, Floats]:
    """`vectors` `[V, 36]`, `weights` `[V]`, `gamma` and `rho` `[1]` of an RBF regression, from libsvm's text.

    Raises:
        WeightsError: the file does not hold them.
    """
    head, _, body = path.read_text("ascii", errors="replace").partition("\nSV\n")
    said = dict(line.split(maxsplit=1) for line in head.splitlines() if " " in line)
    try:
        rows = [line.split() for line in body.splitlines() if line]
        weights = np.array([float(row[0]) for row in rows])
        vectors = np.zeros((len(rows), _FEATURES))
        for vector, row in zip(vectors, rows, strict=True):
            for cell in row[1:]:  # a feature that is zero is left out
                index, _, value = cell.partition(":")
                vector[int(index) - 1] = float(value)
        gamma, rho = (np.array([float(said[name])]) for name in ("gamma", "rho"))
    except (ValueError, KeyError, IndexError) as error:
        raise WeightsError(f"{path}: not the support vectors of BRISQUE: {error}") from error
    if said.get("kernel_type") != "rbf" or not rows:
        raise WeightsError(f"{path}: not the support vectors of BRISQUE")
    return {"vectors": vectors, "weights": weights, "gamma": gamma, "rho": rho}


PARAMETERS: dict[str, Callable[[Path], dict[str, Floats]]] = {"niqe": read_niqe, "brisque": read_brisque}
