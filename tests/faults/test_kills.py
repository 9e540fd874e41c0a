from __future__ import annotations

import signal

import numpy as np
import pytest

from tests.faults.ground import Ground
from tests.faults.kills import TASKS, Count, Kills


@pytest.fixture(scope="module")
def kills(typist, tmp_path_factory) -> Kills:
    return Kills(Ground(typist, tmp_path_factory.mktemp("faults")))


@pytest.mark.weights
@pytest.mark.parametrize("name", ["extract", "audio", "index"])
def test_a_killed_command_leaves_the_old_or_the_new_file_and_can_be_run_again(kills, name):
    """`python -m tests.faults --kills 300` tries every command."""
    count = Count()
    random = np.random.default_rng(0)
    for _ in range(2):
        kills.try_one(TASKS[name], count, random)
    assert not count.wrong
    assert count.states.total() == 2


@pytest.mark.weights
@pytest.mark.parametrize("name", ["extract", "audio"])
def test_an_interrupted_command_leaves_no_process_and_no_temporary_file(kills, name):
    """`python -m tests.faults --interrupts 300` tries every command."""
    count = Count()
    random = np.random.default_rng(1)
    for _ in range(2):
        kills.try_one(TASKS[name], count, random, signal.SIGINT)
    assert not count.wrong
