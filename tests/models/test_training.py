import pytest
import torch

from tfq.errors import InputError
from tfq.models import training

STATE = {"network": {"w": torch.arange(3.0)}, "least": 0.25, "history": [[0, 1.0, 2.0, {"time": 0.5}]]}


def test_what_was_kept_comes_back(tmp_path):
    training.save(tmp_path / "s.pt", "this", STATE)
    kept = training.load(tmp_path / "s.pt", "this")
    assert torch.equal(kept["network"]["w"], STATE["network"]["w"])
    assert kept["history"] == STATE["history"]
    assert [path.name for path in tmp_path.iterdir()] == ["s.pt"]


def test_another_training_and_no_training_give_nothing(tmp_path):
    assert training.load(tmp_path / "s.pt", "this") is None
    training.save(tmp_path / "s.pt", "that", STATE)
    assert training.load(tmp_path / "s.pt", "this") is None


@pytest.mark.parametrize("content", [b"", b"not a state", b"PK\x03\x04 cut short"])
def test_a_damaged_file_gives_nothing(tmp_path, content):
    (tmp_path / "s.pt").write_bytes(content)
    assert training.load(tmp_path / "s.pt", "this") is None


def test_a_file_that_would_run_code_is_not_read(tmp_path):
    torch.save({"identity": "this", "state": Trap(tmp_path / "sprung")}, tmp_path / "s.pt")
    assert training.load(tmp_path / "s.pt", "this") is None
    assert not (tmp_path / "sprung").exists()


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        training.save(tmp_path / "no" / "s.pt", "this", STATE)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return self.path.touch, ()
