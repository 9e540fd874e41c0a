from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.lines import Typist, furnish
from tests.make import Beeps, clip
from tests.resident import resident

# Machines that run tests are busy: a slow example is no failure.
settings.register_profile("tfq", deadline=None)
settings.load_profile("tfq")


@pytest.fixture(autouse=True)
def _state_in_the_test_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes logs into the home of whoever runs it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 25 fps with beeps; not to be written to."""
    return clip(tmp_path_factory.mktemp("clips") / "plain.mp4", sound=Beeps())


@pytest.fixture(scope="session")
def typist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typist]:
    """Types lines into a shell; needs weights."""
    folder = tmp_path_factory.mktemp("typist")
    (folder / "furnished").mkdir()
    with resident(folder / "resident") as environment:
        yield furnish(folder / "furnished", environment)
