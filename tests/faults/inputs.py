"""Odd and hostile videos handed to `tfq extract` of any checkout, to see how many it handles as today's tables say.

python -m tests.faults.inputs                    # this checkout
python -m tests.faults.inputs --checkout FOLDER  # another one, as `git worktree add FOLDER COMMIT` makes it
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py
import numpy as np
import pytest

from tests.cli.test_hostile_input import FINE, REFUSED, no_sound

ROOT = Path(__file__).parents[2]
PATIENCE_S = 300


def tried(checkout: Path, name: str, make: Any, wanted: Mapping[str, Any] | str) -> str:
    """What is wrong with how an input was handled; empty where it is as wanted: facts of the file, or a refusal.

    How the sentence of a refusal is worded is left to the tests.
    """
    with TemporaryDirectory() as folder:
        path, out = Path(folder) / name, Path(folder) / "out.h5"
        make(path)
        no_sound(path.with_name("other.mp4"))
        words = [sys.executable, "-m", "tfq", "extract", "-o", out, "--", path]
        environment = {**os.environ, "PYTHONPATH": str(checkout), "XDG_STATE_HOME": folder}
        try:
            ran = subprocess.run(
                words, env=environment, cwd=folder, capture_output=True, timeout=PATIENCE_S, check=False
            )
        except subprocess.TimeoutExpired:
            return "hangs"
        said = ran.stderr.decode(errors="replace").strip()
        if isinstance(wanted, str):
            good = ran.returncode == 3 and said.startswith("tfq: ") and "\n" not in said and not out.exists()
            return "" if good else f"status {ran.returncode}: {said[-200:]}"
        return f"status {ran.returncode}: {said[-200:]}" if ran.returncode else _differing(out, wanted)


def _differing(out: Path, wanted: Mapping[str, Any]) -> str:
    with h5py.File(out) as file:
        sound = file["extract/audio"][:]
        found = {**json.loads(file["extract"].attrs["info"]), "finite": bool(np.isfinite(sound).all())}
        found["peak"] = float(np.abs(sound).max(initial=0))
    wrong = [key for key, value in wanted.items() if found.get(key) != pytest.approx(value, abs=0.02)]
    return ", ".join(f"{key} is {found.get(key)}, not {wanted[key]}" for key in wrong)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.inputs", description=__doc__.partition("\n")[0])
    parser.add_argument("--checkout", type=Path, default=ROOT)
    checkout = parser.parse_args().checkout.resolve()
    inputs = [*FINE, *((name, make, sentence) for name, make, sentence in REFUSED if not name.endswith(".h5"))]
    wrong = 0
    for name, make, wanted in inputs:
        if told := tried(checkout, name, make, wanted):
            wrong += 1
            print(f"{name!r}: {told}", flush=True)
    print(f"{len(inputs)} inputs, {wrong} handled wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
