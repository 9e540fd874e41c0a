from __future__ import annotations

import json

import pytest

from tests import golden
from tfq.config import DIMENSIONS


@pytest.mark.weights
def test_made_clips_are_judged_as_they_were() -> None:
    """Two of the twelve; `python -m tests.golden` takes all."""
    known = golden.kept()
    said = golden.now((golden.CLEAN, "jitter"))
    far = {
        (clip, name): change
        for clip, changes in golden.moved(said, known.newest()).items()
        for name, change in changes.items()
        if not abs(change) <= known.tolerance[name]
    }
    assert not far, "scores moved: see `python -m tests.golden`"


def test_what_is_kept_is_of_the_checkpoint_that_is_shipped() -> None:
    """Who changes the checkpoint runs `python -m tests.golden --renew`."""
    known = golden.kept()
    assert golden.checkpoint() == list(known.said)[-1]
    assert set(known.newest()) == set(golden.CLIPS)
    assert set(known.tolerance) == set(DIMENSIONS)


def test_renewing_keeps_what_others_said(tmp_path, monkeypatch) -> None:
    known = golden.kept()
    file = tmp_path / "scores.json"
    file.write_text(json.dumps({"tolerance": known.tolerance, "said": {"another": known.newest()}}))
    monkeypatch.setattr(golden, "KEPT", file)
    golden.renew({golden.CLEAN: {"overall": 1.0}})
    assert list(golden.kept().said) == ["another", golden.checkpoint()]
    assert golden.kept().newest() == {golden.CLEAN: {"overall": 1.0}}
